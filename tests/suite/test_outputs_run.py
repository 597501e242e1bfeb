"""Runs whose results cannot be written: refused before the first round, or shown in the terminal all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from perf.gate import store
from perf.host.replaced_file import lock_of
from perf.host.stack import ROOT
from tests.builders.disks import mounted
from tests.builders.runs import RunLadder

Options = tuple[str, ...]
QUICK = ("--rounds", "3", "--budget", "0")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of a megabyte."""
    with mounted(tmp_path / "small", "size=1m") as folder:
        yield folder


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--markdown={}/ladder.md", "--markdown"),
        ("--junitxml={}/junit.xml", "--junitxml"),
        ("--benchmark-save=ladder --benchmark-storage={}", "--benchmark-save"),
        ("--update-baseline --why first --baselines={}", "--baselines"),
    ],
)
def test_a_full_disk_is_said_before_the_first_round(
    run_ladder: RunLadder, silly_options: Options, full_disk: Path, option: str, said: str
) -> None:
    ran = run_ladder(*silly_options, *QUICK, *option.format(full_disk).split())
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
    assert (ran.returncode, line.startswith(f"ERROR: {said} ")) == (4, True), ran.stderr
    assert full_disk.name in line
    assert line.endswith("less than 32 MiB are free there")
    assert "round" not in ran.stdout + ran.stderr


def test_a_file_in_the_way_of_the_results_is_said_before_the_first_round(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    (tmp_path / "results").touch()
    ran = run_ladder(*silly_options, *QUICK, f"--markdown={tmp_path}/results/ladder.md")
    assert (ran.returncode, "results is not a directory" in ran.stderr) == (4, True)
    assert (tmp_path / "results").read_bytes() == b""


def test_a_record_that_cannot_be_written_any_more_is_said_below_the_ladder(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    """The folder is replaced by a file while the row is measured, so that nothing could have been said before."""
    storage = tmp_path / "storage"
    options = ("--benchmark-save=ladder", f"--benchmark-storage={storage}", "-p", "tests.data.spoilt_storage")
    ran = run_ladder(*silly_options, *QUICK, *options, SPOILT_STORAGE=str(storage))
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "eager-fp32" in ran.stdout
    assert "error: the record of this run was not written: " in ran.stdout
    assert "INTERNALERROR" not in ran.stdout


@pytest.mark.parametrize("summary", ["/no/such/folder/summary.md", "/proc/self/mem/summary.md", "."])
def test_a_missing_summary_only_warns(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path, summary: str
) -> None:
    """As in ``docker run -e GITHUB_ACTIONS -e GITHUB_STEP_SUMMARY`` without the runner's folder."""
    ran = run_ladder(*silly_options, *QUICK, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=summary)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "warning: the step's summary was not written: " in ran.stdout


def test_a_warning_of_a_library_fails_no_row(run_ladder: RunLadder, silly_options: Options, tmp_path: Path) -> None:
    """pytest's cache warns on a checkout that may not be written; our own tests make every warning an error."""
    options = ("-p", "cacheprovider", "-c", str(ROOT / "pyproject.toml"), "-o", "cache_dir=/proc/no/such/cache")
    ran = run_ladder(*silly_options, *QUICK, *options)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "PytestCacheWarning" in ran.stdout


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"PERF_CACHE": "{}/file/cache"}, "Not a directory"),
        ({"PERF_CACHE": "/proc/no/cache"}, "No such file or directory: '/proc/no"),
        ({"PERF_CACHE": "{}/file"}, "Not a directory: '"),
        ({"PERF_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/proc/no"}, "No such file or directory: '/proc/no"),
    ],
)
def test_a_cache_that_cannot_be_made_is_one_line(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    (tmp_path / "file").touch()
    ran = run_ladder(*silly_options, *QUICK, **{name: value.format(tmp_path) for name, value in variables.items()})
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
    assert (ran.returncode, said in line) == (4, True), ran.stderr
    assert "INTERNALERROR" not in ran.stdout


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk that may only be read."""
    with mounted(tmp_path / "read-only", "ro") as folder:
        yield folder


@pytest.mark.parametrize(
    "option", ["--markdown={}/ladder.md", "--benchmark-save=ladder --benchmark-storage={}/results"]
)
def test_a_checkout_that_may_only_be_read_is_said_before_the_first_round(
    run_ladder: RunLadder, silly_options: Options, read_only: Path, option: str
) -> None:
    ran = run_ladder(*silly_options, *QUICK, *option.format(read_only).split())
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
    assert (ran.returncode, "Read-only file system" in line) == (4, True), ran.stderr


def test_a_cache_that_may_only_be_read_is_one_line(
    run_ladder: RunLadder, silly_options: Options, read_only: Path
) -> None:
    ran = run_ladder(*silly_options, *QUICK, PERF_CACHE=str(read_only))
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
    assert (ran.returncode, "Read-only file system" in line) == (4, True), ran.stderr


def test_no_room_for_a_reference_image_is_said_before_the_first_round(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    with mounted(tmp_path / "small", "size=200m") as folder:
        ran = run_ladder(*silly_options, *QUICK, PERF_CACHE=str(folder))
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
    assert (ran.returncode, line.startswith("ERROR: no space for the reference image: ")) == (4, True), ran.stderr


def test_a_reference_image_that_cannot_be_kept_any_more_serves_its_run(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    """The folder is replaced by a file while the first row is measured."""
    spoilt = ("-p", "tests.data.spoilt_storage")
    rows = (*silly_options, "--variant", "openvino-static", *QUICK)
    ran = run_ladder(*rows, *spoilt, SPOILT_STORAGE=str(tmp_path / "cache" / "references"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "the reference image is this run's alone: " in ran.stderr


def test_a_kept_baseline_is_not_harmed_by_a_full_disk(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    baselines = tmp_path / "baselines"
    update = ("--update-baseline", "--why", "first", "--baselines", str(baselines))
    assert run_ladder(*silly_options, *QUICK, *update).returncode == 0
    (path,) = store.files(baselines)
    before = path.read_bytes()
    assert run_ladder(*silly_options, *QUICK, *update, "--markdown=/proc/no/ladder.md").returncode == 4
    assert path.read_bytes() == before
    assert set(path.parent.glob(f".{path.name}.*")) <= {lock_of(path)}
