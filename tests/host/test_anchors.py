"""Anchors, by the real pip from a folder of wheels: made once, whole, of exact releases, and no secret is seen."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from perf.errors import BadInput, NoSpace
from perf.host import anchors, environments, pinned_hashes
from perf.host.anchors import Recipe
from perf.host.installer import clean_environment, pip
from perf.host.pinned_hashes import hashes_of, read_hashes
from perf.host.stack import ROOT, Stack, inspect_python
from tests.builders.disks import fill_disk
from tests.builders.processes import is_running, wait_for, with_environment
from tests.builders.repositories import commit, repository
from tests.builders.wheels import only_index, wheel

HERE = Stack(
    name="current",
    python=sys.executable,
    python_version=f"{sys.version_info.major}.{sys.version_info.minor}.0",
    prefix="/nowhere",
    has_headers=True,
    packages={},
)
MILD = Recipe(HERE.python_version, {"cheese": "1.0", "crackers": "1.0+cpu"})

MAKER = """
import json, sys
from perf.host import anchors
from perf.host.stack import Stack
anchors.SPARE_BYTES = 0
recipe, here = map(json.loads, sys.argv[1:])
print(anchors.make(anchors.Recipe.of(recipe), Stack(**here)))
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that pip knows: cheese in two releases that ask for more, crackers, and wine to be built."""
    folder = only_index(tmp_path / "shop", monkeypatch)
    for version in ("1.0", "1.1"):
        wheel(folder, "cheese", version, "crackers>=9")
    wheel(folder, "crackers", "1.0+cpu")
    wheel(folder, "bread", "1.0")
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(anchors, "SPARE_BYTES", 0)
    return folder


def packages(python: Path) -> dict[str, str]:
    return dict(inspect_python("anchor", python).packages)


def start_maker(**environment: str) -> subprocess.Popen[str]:
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    recipe = {"python_version": MILD.python_version, "packages": MILD.packages}
    command = [sys.executable, "-c", MAKER, json.dumps(recipe), json.dumps(HERE.to_json())]
    return subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True)


def test_an_anchor_has_exactly_what_its_recipe_names_and_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    python = anchors.make(MILD, HERE)
    assert packages(python) == MILD.packages
    assert python.is_relative_to(anchors.folder())
    monkeypatch.setattr(anchors, "pip", lambda *_: pytest.fail("asked again"))
    os.utime(python.parents[1], (0, 0))
    assert anchors.make(MILD, HERE) == python


def test_age_does_not_remove_it() -> None:
    old = anchors.make(MILD, HERE).parents[1]
    os.utime(old, (0, 0))
    anchors.make(Recipe(HERE.python_version, {"bread": "1.0"}), HERE)
    environments.make(Path(sys.executable), "3", ["bread==1.0"])
    assert old.exists()


def test_rows_of_one_stack_share_it() -> None:
    recipe = {"name": "current", "python_version": "3.11.7", "packages": {"torch": "2.13.0", "pip": "26", "a": "1"}}
    same = {**recipe, "name": "another", "packages": {"a": "1", "torch": "2.13.0"}}
    assert Recipe.of(recipe).digest == Recipe.of(same).digest
    for other in ({"python_version": "3.12.7"}, {"packages": {"torch": "2.13.1", "a": "1"}}):
        assert Recipe.of({**recipe, **other}).digest != Recipe.of(recipe).digest


def test_a_killed_maker_leaves_nothing_that_passes_for_whole(tmp_path: Path) -> None:
    silly = tmp_path / "pip.conf"
    os.mkfifo(silly)  # pip reads its configuration, and waits there
    with start_maker(PIP_CONFIG_FILE=str(silly)) as maker:
        (listing,) = wait_for(lambda: [*anchors.folder().glob(f"{MILD.digest}.*.partial/requirements.txt")])
        pips = wait_for(lambda: with_environment(f"PIP_CONFIG_FILE={silly}") - {maker.pid})
        maker.kill()
    wait_for(lambda: not any(map(is_running, pips)))
    assert listing.exists()
    assert not (anchors.folder() / MILD.digest).exists()
    silly.unlink()
    assert packages(anchors.make(MILD, HERE)) == MILD.packages
    assert not listing.exists()


def test_of_two_makers_the_second_waits() -> None:
    with start_maker() as first, start_maker() as second:
        assert first.communicate(timeout=120) == second.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 0)
    assert [path.name for path in anchors.folder().iterdir() if path.is_dir()] == [MILD.digest]


@pytest.mark.parametrize("removed", ["dangling", "broken"])
def test_one_whose_python_was_removed_is_made_again(removed: str) -> None:
    python = anchors.make(MILD, HERE)
    (python.parents[1] / "of the old one").touch()
    python.unlink()
    if removed == "dangling":
        python.symlink_to("/nowhere/python3.11")
    else:
        python.write_text("#!/bin/false\n")
        python.chmod(0o755)
    assert not anchors.is_made(MILD)
    assert packages(anchors.make(MILD, HERE)) == MILD.packages
    assert not (python.parents[1] / "of the old one").exists()
    assert anchors.is_made(MILD)


def test_no_code_of_a_package_that_would_have_to_be_built_is_run(shop: Path, tmp_path: Path) -> None:
    source = tmp_path / "wine-1.0"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: wine\nVersion: 1.0\n")
    with tarfile.open(shop / "wine-1.0.tar.gz", "w:gz") as archive:
        archive.add(source, "wine-1.0")
    with pytest.raises(BadInput, match=r"^no wheel of wine==1\.0 can be had for this Python and machine; pip: "):
        anchors.make(Recipe(HERE.python_version, {"bread": "1.0", "wine": "1.0"}), HERE)
    assert not (tmp_path / "ran").exists()
    assert not [path for path in anchors.folder().iterdir() if path.is_dir()]


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ({"cheese": "0.9"}, "no wheel of cheese==0.9 can be had for this Python and machine; pip: Could not find"),
        ({"brie": "1.0"}, "no wheel of brie==1.0 can be had"),
        ({"cheese": "1.0+cpu"}, "no wheel of cheese==1.0+cpu can be had for this Python and machine; builds such as "),
    ],
)
def test_a_wheel_that_is_gone_is_named_on_one_line(missing: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput) as raised:
        anchors.make(Recipe(HERE.python_version, {"bread": "1.0", **missing}), HERE)
    assert str(raised.value).startswith(says)
    assert "\n" not in str(raised.value)


def test_a_python_that_is_not_here_is_one_line() -> None:
    with pytest.raises(BadInput, match=r"^it has Python 3\.6, which is not installed here$"):
        anchors.make(Recipe("3.6.1", {"bread": "1.0"}), HERE)


def test_a_full_disk_is_found_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    fill_disk(monkeypatch, 10**9)
    monkeypatch.setattr(anchors, "SPARE_BYTES", 8 * 10**9)
    monkeypatch.setattr(anchors, "make_venv", lambda *_: pytest.fail("must not be made"))
    with pytest.raises(NoSpace, match=r"it needs 8\.0 GB under .*anchors, 1\.0 GB are free"):
        anchors.make(MILD, HERE)


def test_what_it_needs_goes_by_the_stack_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "SPARE_BYTES", 8 * 10**9)
    (tmp_path / "prefix").mkdir()
    (tmp_path / "prefix" / "large").write_bytes(b"x" * 10**6)
    here = replace(HERE, prefix=str(tmp_path / "prefix"), packages={"torch": "2.13.0", "openvino": "2026.4.1"})
    older = Recipe("3.11.7", {"torch": "2.13.0", "openvino": "2026.3.1"})
    assert 1.3e6 < anchors.needed_bytes(older, here) < 1.4e6
    for other in ({"torch": "2.12.0"}, {"torch": "2.13.0", "cheese": "1.0"}):
        assert anchors.needed_bytes(Recipe("3.11.7", other), here) == 8 * 10**9, "another torch, or one more package"


def lock_file(folder: Path, *names: str) -> str:
    """Return a lock file as uv writes it, with the hashes of these packages' wheels."""
    lines = ["# This file was autogenerated by uv"]
    for name in names:
        (path,) = folder.glob(f"{name}-1.0*.whl")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(
            f"{name}=={path.name.split('-')[1]} \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{digest}"
        )
        lines.append("    # via cheese")
    return "\n".join(lines)


def test_hashes_are_taken_from_the_lock_files_and_their_history(shop: Path, tmp_path: Path) -> None:
    root = repository(tmp_path / "suite", {"perf/stacks/current.txt": lock_file(shop, "cheese"), "README": "cheese"})
    commit(root, {"perf/stacks/old.txt": lock_file(shop, "crackers")})
    (root / "perf/stacks/old.txt").unlink()
    commit(root, {"perf/stacks/current.txt": lock_file(shop, "bread")})
    known = hashes_of(MILD.packages, root)
    assert known is not None
    assert sorted(known) == ["cheese", "crackers"]
    assert all(len(hashes) == 2 for hashes in known.values())
    assert hashes_of({**MILD.packages, "bread": "1.0"}, root) is not None, "some of them of today"
    assert hashes_of({**MILD.packages, "bread": "1.1"}, root) is None, "a version that no lock file knows"
    assert hashes_of(MILD.packages, tmp_path) is None, "no repository"


def test_a_wheel_of_another_content_than_the_lock_files_know_is_refused(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "suite", {"perf/stacks/current.txt": lock_file(shop, "cheese", "crackers")})
    monkeypatch.setattr(anchors, "hashes_of", lambda packages: pinned_hashes.hashes_of(packages, root))
    assert packages(anchors.make(MILD, HERE)) == MILD.packages
    assert "--hash=sha256:" in (anchors.folder() / MILD.digest / "requirements.txt").read_text()
    wheel(shop, "cheese", "1.0", "something>else")
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "another"))
    with pytest.raises(BadInput, match="DO NOT MATCH THE HASHES"):
        anchors.make(MILD, HERE)


def test_a_lock_file_without_hashes_has_none() -> None:
    assert read_hashes((ROOT / "perf/stacks/current.txt").read_text()) == {}
    text = "A.b[c]==1.0 ; python_version < '4' \\\n  --hash=sha256:" + "a" * 64 + "\nd==2 --hash=md5:00\n# e==1\n"
    assert read_hashes(text) == {("a-b", "1.0"): {f"sha256:{'a' * 64}"}}


def test_pip_runs_without_the_secrets_of_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip runs itself by the interpreter that it is told of: here a script that writes its environment down."""
    spy = tmp_path / "python"
    spy.write_text(f"#!/bin/sh\nenv > {tmp_path / 'seen'}\n")
    spy.chmod(0o755)
    secrets = ("HF_TOKEN", "GITHUB_ENV", "GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH")
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    for name in ("https_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "XDG_CONFIG_HOME", "LC_ALL", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    pip(spy, "list")
    seen = {line.partition("=")[0] for line in (tmp_path / "seen").read_text().splitlines()}
    assert not seen & set(secrets)
    needed = {"PATH", "HOME", "PIP_NO_INDEX", "https_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "XDG_CONFIG_HOME"}
    assert needed <= seen
    assert not clean_environment().keys() & set(secrets)
