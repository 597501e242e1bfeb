"""The worked example of the documentation: a package of its own, installed into a stack of its own, and measured.

Its stack sees the packages of stack current, so that nothing is downloaded.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from perf.cli import main, upgrade_check
from perf.exit_codes import ExitCode
from perf.gate import checksum
from perf.host.environments import make_venv
from perf.host.stack import Stack
from tests.builders.markdown import toml_blocks
from tests.builders.runs import DATA, ladder_command, surroundings
from tests.builders.stacks import run_in

pytestmark = pytest.mark.alone

OWN = ("fused", "one-thread")
FUSES = "    denoiser_of(pipe).fuse_qkv_projections()\n"
LOSES = f"{FUSES}    denoiser_of(pipe).unfuse_qkv_projections()\n"  # as an upgrade of diffusers might
SITE = "import sysconfig; print(sysconfig.get_path('purelib'))"
SETTINGS = """
model = "tiny"
size = "64x64"
steps = 2
warmup-steps = 1
rounds = 3
budget = 1
fresh = 0
wait = 600
baselines = "baselines"
"""


def install(source: Path, folder: Path) -> None:
    """Install the example, by its own build system, with nothing but what the environment has."""
    without_network = ("--no-deps", "--no-build-isolation", "--no-index", "--force-reinstall")
    python = folder / "env" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", *without_network, str(source)]
    subprocess.run(command, check=True, env=surroundings())


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the example, in which pip may build."""
    return shutil.copytree(DATA / "example_backend", tmp_path_factory.mktemp("source") / "example_backend")


@pytest.fixture(scope="module")
def folder(source: Path, tmp_path_factory: pytest.TempPathFactory, stacks: dict[str, Stack]) -> Path:
    """Return a folder with a stack of its own, which has the example, and the settings that the page shows."""
    folder = tmp_path_factory.mktemp("own")
    make_venv(Path(stacks["current"].python), folder / "env")
    (site,) = (folder / "env").glob("lib/python3*/site-packages")
    (site / "current.pth").write_text(f"{run_in(stacks['current'], SITE, folder)}\n")
    install(source, folder)
    page, derived = (toml_blocks(f"how-to/{name}.md")[0] for name in ("a-backend-of-your-own", "rows-of-your-own"))
    (folder / "perf.toml").write_text(f"{SETTINGS}\n{page}\n{derived}")
    return folder


def run(folder: Path, cache_dir: Path, *rows: str) -> subprocess.CompletedProcess[str]:
    """Run these rows as a user would; the settings file is in the folder."""
    outputs = ("--benchmark-json", "run.json", "--junitxml", "junit.xml")
    chosen = [word for name in rows for word in ("--variant", name)]
    return subprocess.run(
        ladder_command(f"--rootdir={folder}", *outputs, *chosen),
        env=surroundings() | {"PERF_CACHE": str(cache_dir), "COLUMNS": "120"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def records(folder: Path) -> dict[str, dict[str, Any]]:
    benchmarks = json.loads((folder / "run.json").read_text())["benchmarks"]
    return {benchmark["extra_info"]["variant"]["name"]: benchmark["extra_info"] for benchmark in benchmarks}


def verdict_in(folder: Path, row: str) -> dict[str, str]:
    junit = ElementTree.parse(folder / "junit.xml")
    found = junit.iterfind(f".//testcase[@name='test_verdict[{row}]']/properties/property")
    return {element.get("name", ""): element.get("value", "") for element in found}


def test_it_is_measured_judged_and_reported_and_a_sabotage_is_caught_by_its_own_claim(
    folder: Path, source: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(folder, cache_dir, *OWN)
    assert first.returncode == 0, first.stdout + first.stderr
    claims = {claim["name"]: claim for claim in records(folder)["fused"]["claims"]}
    assert claims["fused"] == {"name": "fused", "holds": True, "says": "8 of 8 attentions of the UNet are fused"}
    assert all(claim["holds"] for claim in claims.values()), "the suite's own claims are checked as for its own rows"
    code = records(folder)["fused"]["evidence"]["state"]["code"]
    take_as_baseline(folder, monkeypatch)

    check_judged(folder, run(folder, cache_dir, *OWN))
    monkeypatch.undo()
    check_reported(folder)

    module = source / "example_backend.py"
    module.write_text(module.read_text().replace(FUSES, LOSES))
    install(source, folder)
    sabotaged = run(folder, cache_dir, "fused")
    assert sabotaged.returncode == 1
    assert verdict_in(folder, "fused")["verdict"] == "invalid"
    assert verdict_in(folder, "fused")["says"].startswith("fused: 0 of 8 attentions of the UNet are fused; ")
    (record,) = records(folder).values()
    assert [claim["name"] for claim in record["claims"] if not claim["holds"]] == ["fused"], "by no other"
    assert record["evidence"]["state"]["code"] != code
    assert not record["same_software"], "of the same version, and other code"


def take_as_baseline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the rows into a baseline by the command, as if nothing else had run on this machine meanwhile."""
    path = folder / "run.json"
    whole = json.loads(path.read_text())
    for benchmark in whole["benchmarks"]:
        row = benchmark["extra_info"]["baseline_row"]
        row.pop(checksum.FIELD)
        for session in row["sessions"]:
            for column in ("cpu_pressure_s", "cpu_s"):
                session["rounds"].pop(column, None)
    path.write_text(json.dumps(whole))
    monkeypatch.setattr(upgrade_check, "ROOT", folder)  # where the commands look for the settings file
    rows = [word for name in OWN for word in ("--row", name)]
    accepted = main(["accept", str(path), *rows, "--why", "the first", "--baselines", str(folder / "baselines")])
    assert accepted == ExitCode.OK


def check_judged(folder: Path, ran: subprocess.CompletedProcess[str]) -> None:
    """Check that both rows were compared with the baseline; what came of it is the machine's matter."""
    for name in OWN:
        properties = verdict_in(folder, name)
        assert properties["verdict"] not in {"invalid", "no baseline"}, ran.stdout + ran.stderr
        assert records(folder)[name]["same_software"]
    one_thread = records(folder)["one-thread"]
    assert one_thread["evidence"]["state"]["threads"] == 1
    assert one_thread["evidence"]["surroundings"]["steering"]["KMP_BLOCKTIME"] == "1"


def check_reported(folder: Path) -> None:
    """Check that the commands which read a recorded run know the rows, without the settings file."""
    run, page, picture, table = (str(folder / name) for name in ("run.json", "page.html", "ladder.svg", "table.txt"))
    assert main(["report", run, "--output", page]) == ExitCode.OK
    assert main(["plot", run, "--output", picture]) == ExitCode.OK
    assert main(["table", run, "--output", table]) == ExitCode.OK
    assert main(["explain", run]) == ExitCode.OK
    for path in (page, picture, table):
        assert all(name in Path(path).read_text() for name in OWN)
