"""Stacks made when they are asked for, by the real pip from a folder of wheels, which are a few lines each."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from pathlib import Path

import pytest

from perf.errors import BadInput
from perf.host import cache, environments, installer, stack
from perf.host.environments import upgrade
from perf.host.releases import between, check_exist, check_release, releases
from perf.host.requirements import Requested, parse_requirements
from perf.host.stack import Stack
from tests.builders.wheels import only_index, wheel


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that pip knows: cheese in three releases with crackers of their own, and wine to go with it."""
    folder = only_index(tmp_path / "shop", monkeypatch)
    for version in ("1.0", "1.1", "2.0"):
        wheel(folder, "crackers", version)
        wheel(folder, "cheese", version, f"crackers=={version}")
    wheel(folder, "wine", "7", "cheese<2")
    wheel(folder, "wine", "8rc1", "cheese<2")
    wheel(folder, "port", "1", "wine==9")
    wheel(folder, "cheese", "0.5", tag="cp27-none-any")
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(environments, "PINS", tmp_path)
    monkeypatch.setattr(environments, "SPARE_BYTES", 0)
    return folder


@pytest.fixture
def used(shop: Path, tmp_path: Path) -> Stack:
    """A stack in use that has cheese 1.0."""
    (tmp_path / "current.in").write_text("cheese==1.0  # the mild one\n")
    exact = ["cheese==1.0", "crackers==1.0"]
    return stack.inspect_python("current", environments.make(Path(sys.executable), "3", exact))


def test_what_is_asked_for_is_replaced_and_with_it_what_has_to_be(used: Stack) -> None:
    candidate = upgrade(used, Requested(["cheese==1.1"]))
    assert stack.inspect_python("candidate", candidate.python).packages == {"cheese": "1.1", "crackers": "1.1"}
    assert sorted(candidate.changes) == ["cheese==1.0 -> cheese==1.1", "crackers==1.0 -> crackers==1.1"]
    assert stack.inspect_python("current", Path(used.python)).packages == used.packages, (
        "the stack in use is left alone"
    )
    assert upgrade(used, Requested(["cheese==1.1"])).python == candidate.python, "made once"


def test_by_its_name_alone_the_newest_is_asked_for(used: Stack) -> None:
    newest = upgrade(used, Requested(["cheese"]))
    assert stack.inspect_python("candidate", newest.python).packages["cheese"] == "2.0"
    assert upgrade(stack.inspect_python("current", newest.python), Requested(["cheese"])).changes == ()


def test_what_nobody_has_asked_for_in_a_while_is_forgotten(
    used: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "KEPT_AT_LEAST", 1)
    old = Path(used.python).parent.parent
    os.utime(old, (0, 0))
    again = environments.make(Path(sys.executable), "3", ["cheese==1.1", "crackers==1.1"])
    assert (old.exists(), again.exists()) == (False, True)


def test_what_is_asked_for_again_after_a_while_is_kept(used: Stack) -> None:
    old = Path(used.python).parent.parent
    made = old.stat().st_ino
    os.utime(old, (0, 0))
    environments.make(Path(sys.executable), "3", ["cheese==1.0", "crackers==1.0"])
    assert old.stat().st_ino == made


def test_names_of_packages_are_normalised(shop: Path) -> None:
    wheel(shop, "Blue.Cheese", "1.0")
    python = environments.make(Path(sys.executable), "3", ["blue-cheese==1.0"])
    assert stack.inspect_python("current", python).packages == {"blue-cheese": "1.0"}


def test_a_folder_cannot_be_compared(used: Stack, tmp_path: Path) -> None:
    """A folder with a build backend of its own: pip could install it, but nothing says what was in it."""
    folder = tmp_path / "bakery"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "baker"\nbackend-path = ["."]\n'
    )
    (folder / "baker.py").write_text(
        "import pathlib\n"
        "def prepare_metadata_for_build_wheel(folder, settings=None):\n"
        "    about = pathlib.Path(folder, 'bread-1.dist-info')\n"
        "    about.mkdir()\n"
        "    (about / 'METADATA').write_text('Metadata-Version: 2.1\\nName: bread\\nVersion: 1\\n')\n"
        "    return about.name\n"
        "def build_wheel(*_):\n"
        "    raise NotImplementedError\n"
    )
    with pytest.raises(BadInput, match=r"^bread: only releases and wheels can be compared, not a folder or a repos"):
        upgrade(used, Requested([f"bread @ {folder.as_uri()}"]))


def test_a_wheel_and_a_file_of_requirements(used: Stack, shop: Path, tmp_path: Path) -> None:
    listed = tmp_path / "wanted.txt"
    listed.write_text("# both\ncheese==2.0\n\n")
    assert parse_requirements([str(listed)]) == Requested(["cheese==2.0"])
    asked = parse_requirements([str(shop / "cheese-1.1-py3-none-any.whl")])
    assert stack.inspect_python("candidate", upgrade(used, asked).python).packages["cheese"] == "1.1"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("cheese==1.7", "there is no cheese 1.7; nearest: 1.0, 1.1, 2.0"),
        ("brie==1.0", "no release of brie is available for this Python and machine"),
        ("wine==7 cheese==2.0", "wine 7 depends on cheese<2"),
        ("wine==8rc1 cheese==2.0", "wine 8rc1 depends on cheese<2"),
        ("cheese==0.5", "there is no cheese 0.5; nearest: 1.0, 1.1, 2.0"),
        (
            "port",
            "pip cannot install this: Could not find a version that satisfies the requirement wine==9",
        ),
        ("cheese=2", "is not a requirement such as openvino==2026.3.1"),
        ("nowhere.txt", "requirements file nowhere.txt: No such file"),
        ("nowhere.whl", "wheel nowhere.whl: no such file"),
    ],
)
def test_what_cannot_be_had_is_one_line(used: Stack, asked: str, says: str) -> None:
    with pytest.raises(BadInput) as raised:
        upgrade(used, parse_requirements(asked.split()))
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.usefixtures("shop")
def test_the_releases_between_two() -> None:
    assert releases("cheese") == ["1.0", "1.1", "2.0"]
    assert between("cheese", "1.0", "1.1") == ["1.0", "1.1"]
    for first, last, says in (
        ("1.0", "1.9", r"there is no cheese 1\.9; nearest: 1\.0, 1\.1, 2\.0"),
        ("2.0", "1.0", "the first release must be the older one"),
        ("1.0", "ripe", "'ripe' is not a version"),
    ):
        with pytest.raises(BadInput, match=says):
            between("cheese", first, last)


def test_the_nearest_are_those_around_it() -> None:
    known = ["2025.4.1", "2026.1.0", "2026.3.0", "2026.4.0", "2027.0.0", "2.13.0+cpu"]
    with pytest.raises(BadInput, match=r"nearest: 2026\.1\.0, 2026\.3\.0, 2026\.4\.0"):
        check_release("openvino", "2026.2.9", known)
    with pytest.raises(BadInput, match=r"nearest: 2026\.3\.0, 2026\.4\.0, 2027\.0\.0$"):
        check_release("openvino", "2028.0.0", known)
    with pytest.raises(BadInput, match=r"nearest: 2\.13\.0\+cpu, 2025\.4\.1, 2026\.1\.0$"):
        check_release("openvino", "1.0", known)
    check_release("torch", "2.13.0", known)
    check_release("torch", "2.13.0+cpu", known)


def test_a_requirement_that_leaves_a_choice_is_not_asked_about(shop: Path) -> None:
    shop.joinpath("cheese-1.0-py3-none-any.whl").unlink()
    python = Path(sys.executable)
    check_exist(["cheese", "cheese>=9", "cheese==1.*", "cheese==1.1"], python)
    with pytest.raises(BadInput, match=r"there is no cheese 1\.0; nearest: 1\.1, 2\.0"):
        check_exist(["cheese==1.1", "cheese==1.0"], python)


def test_no_words_of_pip_are_needed(shop: Path, used: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever pip prints, and in whatever language, the nearest releases are named."""
    monkeypatch.setattr(installer, "quote", lambda *_: "FEHLER: kein Käse")
    with pytest.raises(BadInput, match=r"^there is no cheese 1\.7; nearest: 1\.0, 1\.1, 2\.0$"):
        upgrade(used, Requested(["cheese==1.7"]))
    with pytest.raises(BadInput, match=r"^pip cannot install this: FEHLER: kein Käse$"):
        upgrade(used, Requested(["wine==7", "cheese==2.0"]))


@pytest.mark.parametrize(
    ("output", "errors", "quoted"),
    [
        (
            "Looking\n\nThe causes:\n    a needs b\n    c does not\n\nMore:\n    b\n",
            "ERROR: no\n",
            "a needs b; c does not",
        ),
        ("Looking\n  in links\n", "WARNING: old\nERROR: no cheese\nERROR: none at all\n", "no cheese; none at all"),
        ("", "Traceback\n  out of\n  cheese\n", "Traceback out of cheese"),
        ("", "", ""),
    ],
)
def test_what_pip_prints_is_quoted_on_one_line(output: str, errors: str, quoted: str) -> None:
    assert installer.quote(output, errors) == quoted


def test_a_python_that_makes_no_environments_is_one_line(shop: Path) -> None:
    with pytest.raises(BadInput, match="/bin/false cannot make a virtual environment"):
        environments.make(Path("/bin/false"), "3.11", ["cheese==1.0"])


def test_a_hash_that_is_asked_for_is_that_of_the_file(used: Stack, shop: Path, tmp_path: Path) -> None:
    known = hashlib.sha256((shop / "cheese-1.1-py3-none-any.whl").read_bytes()).hexdigest()
    listed = tmp_path / "hashes.txt"
    for digest, is_right in ((known, True), ("0" * 64, False)):
        listed.write_text(f"cheese==1.1 \\\n    --hash=sha256:{digest} \\\n    --hash=sha256:{'1' * 64}\n")
        requested = parse_requirements([str(listed)])
        assert requested.requirements == ["cheese==1.1"]
        with (
            contextlib.nullcontext() if is_right else pytest.raises(BadInput, match="none of the hashes that are asked")
        ):
            upgrade(used, requested)


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffcheese==1.1\r\n".encode(),
        "\ufeffcheese==1.1\r\n".encode("utf-16-le"),
        "\ufeffcheese==1.1\n".encode("utf-16-be"),
        b"cheese==1.1 # the stronger one\r\n\r\n",
        b"cheese \\\n == \\\r\n 1.1",
        b"-r other.txt\n",
        b"--requirement=other.txt",
    ],
)
def test_a_file_of_requirements_is_read_as_people_have_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.txt").write_text("cheese==1.1\n")
    (tmp_path / "wanted.txt").write_bytes(content)
    (requirement,) = parse_requirements([str(tmp_path / "wanted.txt")]).requirements
    assert requirement.replace(" ", "") == "cheese==1.1"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            b"--extra-index-url file:///srv/whl/cpu\n",
            "--extra-index-url is an option of pip: put it into pip's",
        ),
        (b"-e git+https://github.com/huggingface/diffusers#egg=diffusers\n", "-e is an option of pip"),
        (b"-r wanted.txt\n", "more than 20 files name each other"),
        (b"-r gone.txt\n", "gone.txt: No such file"),
        (b"\xff\xfe\xff", "is neither UTF-8 nor UTF-16"),
        (b"cheese=1\n", "'cheese=1' is not a requirement"),
    ],
)
def test_what_a_file_cannot_ask_for_is_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    listed = tmp_path / "wanted.txt"
    listed.write_bytes(content)
    with pytest.raises(BadInput) as raised:
        parse_requirements([str(listed)])
    assert says in str(raised.value)
    assert str(tmp_path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "archive", [{"hashes": {"sha256": "ab"}}, {"hash": "sha256=ab"}, {"hash": "sha256=ab", "hashes": {}}], ids=str
)
def test_an_archive_is_known_by_its_hash_however_the_index_gives_it(archive: dict[str, object]) -> None:
    entry = {
        "metadata": {"name": "Cheese", "version": "1.1"},
        "is_direct": True,
        "download_info": {"url": "https://shop/cheese.whl", "archive_info": archive},
    }
    assert environments._exact(entry) == "Cheese @ https://shop/cheese.whl#sha256=ab"


def test_a_repository_cannot_be_compared() -> None:
    origin = {"vcs": "git", "commit_id": "0" * 40}
    entry = {
        "metadata": {"name": "Cheese", "version": "1.1"},
        "is_direct": True,
        "download_info": {"url": "https://shop/cheese.git", "vcs_info": origin},
    }
    with pytest.raises(BadInput, match="not a folder or a repository"):
        environments._exact(entry)
