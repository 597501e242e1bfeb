"""A sweep as a user runs it: one worker where it can be, a baseline of its own, and a row that is measured again."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from perf.exit_codes import ExitCode
from tests.builders.checkpoints import make_checkpoint
from tests.builders.gate_runs import SLOWER, Options, Ran, baseline_file, recorded, within
from tests.builders.runs import PAIRS_SUITE, options_for, run_ladder_in, run_suite_in, silly_surroundings

ROWS = ("eager-fp32", "openvino-dynamic", "openvino-static")
SETTINGS = ("128x128-10steps", "128x128-20steps", "256x256-10steps", "256x256-20steps")
NAMES = [f"{row}-{setting}" for row in ROWS for setting in SETTINGS]
LAST = "eager-fp32-256x256-20steps"
SIZES, STEPS = ("--size", "256x256,128"), ("--steps", "20,10")
CALM = {"SILLY_PRESSURE": "0"}


def run(folder: Path, *options: str, **environment: str) -> Ran:
    swept = ("--variant=openvino-dynamic", "--variant=openvino-static", *SIZES, *STEPS)
    return measure(folder, *given(folder), *swept, *options, **environment)


def measure(folder: Path, *options: str, **environment: str) -> Ran:
    return run_ladder_in(folder, *options, timeout_s=120, **CALM, **environment)


def given(folder: Path) -> Options:
    return within(folder, options_for(folder / "checkpoint"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what a sweep has written that recorded its baseline, which no other run changes."""
    folder = tmp_path_factory.mktemp("swept")
    make_checkpoint(folder / "checkpoint")
    written = ("--benchmark-json=first.json", "--markdown=ladder.md", "--junitxml=junit.xml")
    ran = run(folder, *recorded(written, "the first"))
    (folder / "first.out").write_text(ran.stdout)
    (folder / "first.err").write_text(ran.stderr)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


def records(path: Path) -> dict[str, Any]:
    benchmarks = json.loads(path.read_text())["benchmarks"]
    return {each["extra_info"]["variant"]["name"]: each["extra_info"] for each in benchmarks}


def loaded(text: str) -> list[str]:
    """Return the rows that a worker was loaded for, in order."""
    return re.findall(r"^(\S+) \(\d+/\d+\): loaded in", text, re.MULTILINE)


def perf(folder: Path, *words: str) -> Ran:
    command = [sys.executable, "-m", "perf", *words]
    return subprocess.run(
        command, cwd=folder, env=silly_surroundings(folder), capture_output=True, text=True, check=False, timeout=60
    )


def test_each_setting_is_a_row_and_one_worker_makes_what_it_can(folder: Path) -> None:
    measured = records(folder / "first.json")
    assert list(measured) == NAMES
    assert loaded((folder / "first.err").read_text()) == [
        "eager-fp32-128x128-10steps",
        "openvino-dynamic-128x128-10steps",
        "openvino-static-128x128-10steps",
        "openvino-static-256x256-10steps",
    ]
    for name, record in measured.items():
        session = record["session"]
        steps = 10 if name.endswith("10steps") else 20
        assert [sample["steps"] for sample in session["samples"]] == [steps] * 3
        assert len(session["warmups"]) == 1, "the first image of a setting warms up what belongs to it"
        assert (session["load_s"] is None) == (name not in loaded((folder / "first.err").read_text()))


def test_the_table_has_a_part_for_each_setting(folder: Path) -> None:
    lines = (folder / "first.out").read_text().splitlines()
    for setting in ("128x128, 10 steps", "128x128, 20 steps", "256x256, 10 steps", "256x256, 20 steps"):
        below = lines[lines.index(setting) + 1 :][: len(ROWS)]
        assert [line.split()[0] for line in below] == list(ROWS)
    assert "model:" in "".join(lines)
    assert any(line.endswith("128x128 and 256x256, 10 and 20 steps, guidance 7.5, 3 rounds") for line in lines)
    assert "| 256x256, 20 steps |\n" in (folder / "ladder.md").read_text()


def test_the_baseline_is_the_sweeps_own(folder: Path) -> None:
    path = baseline_file(folder)
    assert re.fullmatch(r"checkpoint-128x128\+256x256-10\+20steps-[0-9a-f]{8}\.json", path.name)
    whole = json.loads(path.read_text())
    assert list(whole["rows"]) == NAMES
    protocol = whole["setting"]["protocol"]
    assert (protocol["size"], protocol["steps"]) == ("128x128,256x256", "10,20")
    single = measure(folder, *given(folder), "--size", "256x256", "--steps", "20")
    assert f"the nearest is {path} (protocol size: 128x128,256x256, here 256x256)" in single.stdout


def test_a_second_sweep_is_judged_by_it(folder: Path) -> None:
    ran = run(folder, "--benchmark-json=second.json")
    assert ran.returncode == 0, ran.stdout
    verdicts = {name: record["verdict"]["kind"] for name, record in records(folder / "second.json").items()}
    assert verdicts == dict.fromkeys(NAMES, "unchanged")


def test_the_order_of_the_tests_does_not_matter(folder: Path) -> None:
    ran = run(folder, "-k", "test_latency or test_verdict", "-p", "tests.data.reversed_items")
    assert ran.returncode == 0, ran.stdout
    assert loaded(ran.stderr)[:3] == [
        "openvino-static-256x256-20steps",
        "openvino-static-128x128-20steps",
        "openvino-dynamic-256x256-20steps",
    ]


def test_a_slower_setting_says_how_to_measure_it_again_and_how_to_accept_it(folder: Path) -> None:
    ran = run(folder, "--benchmark-json=slow.json", "--variant=lcm-4", **SLOWER)
    assert ran.returncode == ExitCode.FAILED
    assert loaded(ran.stderr)[0] == "eager-fp32-128x128-10steps"
    assert f"{LAST} (4/14) session 2: loaded in" in ran.stderr, "a fresh worker is the setting's own"
    message = ran.stdout.split(f" test_verdict[{LAST}] ")[1]
    again = re.search(r"measure again: +tox run -e perf -- (.*)", message)
    assert again
    once_more = measure(folder, *shlex.split(again[1]), "--benchmark-json=again.json", **SLOWER)
    assert once_more.returncode == ExitCode.FAILED, "it is as slow as it was"
    assert list(records(folder / "again.json")) == [LAST]
    accept = re.search(r"accept as the new baseline: python -m (perf accept .*) --why", message)
    assert accept
    before = baseline_file(folder).read_bytes()
    accepted = perf(folder, *shlex.split(accept[1])[1:], "--why", "slower, and worth it")
    assert accepted.returncode == 0, accepted.stderr
    assert accepted.stdout.startswith(f"{LAST}: ")
    baseline_file(folder).write_bytes(before)


def test_it_is_in_the_full_table_and_in_pictures(folder: Path) -> None:
    table = perf(folder, "table", "first.json")
    assert table.returncode == 0, table.stderr
    assert "--variant eager-fp32 --variant openvino-dynamic --variant openvino-static" in " ".join(table.stdout.split())
    assert "--size 128x128,256x256 --steps 10,20" in " ".join(table.stdout.split())
    assert table.stdout.count("\n256x256, 20 steps\n  eager-fp32 ") == 4
    for source in ("first.json", str(baseline_file(folder))):
        plotted = perf(folder, "plot", source, "--output", "ladder.svg")
        assert plotted.returncode == 0, plotted.stderr
        assert (folder / "ladder.svg").read_text().count("openvino-static-256x256-20steps") >= 1


def test_a_page_is_drawn_of_it(folder: Path) -> None:
    drawn = perf(folder, "report", "first.json", "--output", "report.html")
    assert drawn.returncode == 0, drawn.stderr
    page = (folder / "report.html").read_text()
    assert "128x128 and 256x256, 10 and 20 steps" in page
    assert "[openvino-static-256x256-20steps]" in page, "the command that measures the setting alone"


def test_a_tolerance_of_a_row_is_that_of_its_settings(folder: Path) -> None:
    (folder / "perf.toml").write_text(
        'size = "256x256,128"\nsteps = "10,20"\n[tolerance]\n"eager-*" = {latency = 50}\n'
    )
    try:
        ran = measure(folder, *given(folder), "--fresh=0", SILLY_SLOWDOWN="1.1")
    finally:
        (folder / "perf.toml").unlink()
    assert "no slower than 50 %" in ran.stdout


def test_a_worker_that_dies_fails_its_setting_and_the_next_gets_another(folder: Path) -> None:
    change = {"reply": "sample", "path": ["latency_s"], "value": 1e9, "after": 6}
    ran = run(folder, "--fresh=0", SILLY_GARBLE=json.dumps(change), SILLY_GARBLE_ROW="eager-fp32-128x128-10steps")
    assert ran.returncode == ExitCode.FAILED
    assert "eager-fp32-128x128-20steps: failed: the worker sent a sample that cannot be" in ran.stderr
    assert loaded(ran.stderr)[:2] == ["eager-fp32-128x128-10steps", "eager-fp32-256x256-10steps"]
    assert "eager-fp32-256x256-20steps (4/12): by the worker that made eager-fp32-256x256-10steps" in ran.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--size=256x256,500x500",),
            "--size 256x256,500x500: size 500x500: both sides must be positive multiples of 8",
        ),
        (("--size=256,256x256",), "--size 256,256x256: 256x256 is there twice"),
        (("--steps=10,0",), "--steps 10,0: steps 0: must be at least 1"),
        (("--steps=10,cheese",), "--steps 10,cheese: steps 'cheese' is not a whole number"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_measured(folder: Path, options: Options, said: str) -> None:
    ran = measure(folder, *given(folder), *options)
    assert ran.returncode == ExitCode.BAD_INPUT
    assert ran.stderr.strip() == f"ERROR: {said}"


def test_pairs_are_of_the_same_setting(folder: Path) -> None:
    rows = ("--against=eager-fp32", "--variant=openvino-dynamic", "--json=pair.json")
    wanted = (*options_for(folder / "checkpoint")[:-2], *rows, *SIZES, "--benchmark-json=bench.json")
    ran = run_suite_in(folder, PAIRS_SUITE, *wanted, environment=CALM)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((folder / "pair.json").read_text())
    assert {row["variant"]: row["verdict"] for row in found["results"]} == {
        "openvino-dynamic-128x128": "equivalent",
        "openvino-dynamic-256x256": "equivalent",
    }


def test_a_setting_of_other_software_is_measured_in_pairs_with_its_anchor(folder: Path) -> None:
    ran = run(folder, "-k", f"[{LAST}] or [openvino-dynamic-128x128-20steps]", SILLY_VERSION="0.1+silly")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{LAST}, openvino-dynamic-128x128-20steps: in pairs with the anchor: " in ran.stderr
    for name in (LAST, "openvino-dynamic-128x128-20steps"):
        # Rows of the same verdict and sentence share a line, and how many pairs these take depends on the time.
        assert re.search(rf"^({name}|2 rows) +unchanged: in pairs with the anchor ", ran.stdout, re.MULTILINE)
