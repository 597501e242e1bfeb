"""``python -m perf accept``: what it takes into a baseline, and what it refuses without touching a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perf import cli
from perf.exit_codes import ExitCode
from perf.gate import store
from perf.gate.baseline_key import BaselineKey
from perf.gate.baseline_row import BaselineRow
from perf.records.session_record import SessionRecord
from perf.spec.protocol import Protocol, Size
from perf.stats.verdict import Verdict, VerdictKind
from tests.builders import baselines
from tests.builders.baselines import EAGER, MODEL, STATIC
from tests.builders.evidence import evidence
from tests.builders.recorded_runs import judged_row, write_run
from tests.builders.runs import HERE
from tests.builders.sessions import session, sessions
from tests.builders.verdicts import verdict_of

KEY = BaselineKey.of(HERE, MODEL, Protocol(size=Size(128, 128)))
ELSEWHERE = replace(HERE, memory_bytes=7 * 1024**3)
UNTIL = "2026-11-01T01:00:00+00:00"  # the latest session of the builder's baseline
REGRESSED = verdict_of(1.1, VerdictKind.REGRESSED)
UNCHANGED = verdict_of(1.0, VerdictKind.UNCHANGED)

Accept = Callable[..., ExitCode]
Refuses = Callable[..., None]
Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the baselines' folder, with one of two rows of three sessions each, of this machine."""
    folder = tmp_path / "baselines"
    first = baselines.accept(None, key=KEY, particulars=HERE.particulars)
    both = baselines.accept(first, STATIC.name, key=KEY, particulars=HERE.particulars)
    store.update(store.path_of(folder, KEY), lambda _: both)
    return folder


@pytest.fixture
def accept(tmp_path: Path, folder: Path) -> Accept:
    def run(*arguments: str, path: Path = tmp_path / "run.json") -> ExitCode:
        code = cli.main(["accept", str(path), "--baselines", str(folder), "--why", "worth it", *arguments])
        return ExitCode(code)

    return run


@pytest.fixture
def refuses(folder: Path, accept: Accept, capsys: pytest.CaptureFixture[str]) -> Refuses:
    """Return a check that a command ends with one line and exit code 4, and changes no file."""

    def check(said: str, *arguments: str) -> None:
        before = snapshot(folder)
        capsys.readouterr()
        code = accept(*(arguments or ("--row", EAGER.name)))
        printed = capsys.readouterr()
        assert (code, printed.out) == (ExitCode.BAD_INPUT, "")
        assert said in printed.err
        assert len(printed.err.splitlines()) == 1
        assert snapshot(folder) == before

    return check


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in store.files(folder)}


def night(seed: int = 7, slowdown: float = 0.1, day: int = 9) -> list[SessionRecord]:
    """Return two sessions of a later night."""
    return [
        replace(each, recorded=f"2026-11-{day:02}T0{hour}:00:00+00:00")
        for hour, each in enumerate(sessions(2, seed=seed, slowdown=slowdown))
    ]


def write(
    tmp_path: Path, measured: Sequence[SessionRecord], verdict: Verdict = REGRESSED, name: str = EAGER.name
) -> Path:
    return write_run(tmp_path / "run.json", judged_row(name, measured, verdict, UNTIL), machine=HERE)


def row_of(folder: Path, name: str = EAGER.name) -> BaselineRow:
    return store.load(store.path_of(folder, KEY)).rows[name]


def recorded(folder: Path, name: str = EAGER.name) -> list[str]:
    return [each.recorded for each in row_of(folder, name).sessions]


def test_a_row_that_moved_takes_the_place_of_its_old_sessions(
    tmp_path: Path, folder: Path, accept: Accept, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = night()
    write(tmp_path, measured)
    assert accept("--row", EAGER.name) == ExitCode.OK
    path = store.path_of(folder, KEY)
    printed = capsys.readouterr().out
    assert printed.startswith(f"eager-fp32: 2 sessions recorded, now 2 in {path}; it sees ")
    assert len(printed.splitlines()) == 1
    row = row_of(folder)
    assert recorded(folder) == [each.recorded for each in measured]
    assert (row.evidence, row.worker is None) == (evidence(), False)
    change = store.load(path).changes[-1]
    assert (change["why"], change["rows"]) == ("worth it", [EAGER.name])
    assert len(row_of(folder, STATIC.name).sessions) == 3, "the other row is as it was"


def test_a_row_that_did_not_move_joins_its_old_sessions_in_the_order_of_time(
    tmp_path: Path, folder: Path, accept: Accept
) -> None:
    write(tmp_path, night(slowdown=0.0), UNCHANGED)
    assert accept("--row", EAGER.name) == ExitCode.OK
    write(tmp_path, night(seed=8, slowdown=0.0, day=5), UNCHANGED)
    assert accept("--row", EAGER.name) == ExitCode.OK
    assert [time[8:10] for time in recorded(folder)] == ["01", "01", "01", "05", "05", "09", "09"]


def test_several_rows_are_one_change(tmp_path: Path, folder: Path, accept: Accept) -> None:
    rows = [judged_row(name, night(seed), REGRESSED, UNTIL) for seed, name in enumerate((EAGER.name, STATIC.name))]
    write_run(tmp_path / "run.json", *rows, machine=HERE)
    assert accept("--row", EAGER.name, "--row", STATIC.name, "--row", EAGER.name) == ExitCode.OK
    change = store.load(store.path_of(folder, KEY)).changes[-1]
    assert change["rows"] == [EAGER.name, STATIC.name]


def test_a_second_night_at_the_new_level_joins_the_first(tmp_path: Path, folder: Path, accept: Accept) -> None:
    """Its verdict is about a baseline that is no longer there, so it is judged by the one that is."""
    write(tmp_path, night(seed=7, day=9))
    accept("--row", EAGER.name)
    write(tmp_path, night(seed=8, day=10))
    assert accept("--row", EAGER.name) == ExitCode.OK
    assert [time[8:10] for time in recorded(folder)] == ["09", "09", "10", "10"]


def test_disturbed_rounds_are_left_out(tmp_path: Path, folder: Path, accept: Accept) -> None:
    (calm,), busy = sessions(1, seed=7), session([20.0], day=9, pressure=0.5)
    write(tmp_path, [replace(calm, recorded=busy.recorded, rounds=(*calm.rounds, *busy.rounds))])
    assert accept("--row", EAGER.name) == ExitCode.OK
    (kept,) = row_of(folder).sessions
    assert max(timed.latency_s for timed in kept.rounds) < 20


def test_the_first_baseline_of_a_machine_may_be_a_recorded_run(tmp_path: Path, accept: Accept) -> None:
    write(tmp_path, night(), Verdict(kind=VerdictKind.NO_BASELINE, sentence="none"))
    assert accept("--row", EAGER.name, "--baselines", str(tmp_path / "others")) == ExitCode.OK
    assert recorded(tmp_path / "others") == [each.recorded for each in night()]


def edited(field: str, **changes: Any) -> Edit:
    """Return a change of one field of the row's record, which is an object."""
    return lambda record: record[field].update(changes)


def without(*names: str) -> Edit:
    def remove(record: dict[str, Any]) -> None:
        for name in names:
            del record[name]

    return remove


def failing_claim(record: dict[str, Any]) -> None:
    record["claims"].append({"name": "image", "holds": False, "says": "PSNR 3 dB"})


def invalid(record: dict[str, Any]) -> None:
    record["verdict"] |= {"kind": "invalid", "sentence": "threads: 99, expected 2", "findings": []}


def all_disturbed(record: dict[str, Any]) -> None:
    del record["baseline_row"]["checksum"]
    for each in record["baseline_row"]["sessions"]:
        each["rounds"]["cpu_pressure_s"] = list(each["rounds"]["latency_s"])


def not_measurable(record: dict[str, Any]) -> None:
    record["baseline_row"]["sessions"][0]["rounds"]["latency_s"][0] = -1.0


def edited_by_hand(record: dict[str, Any]) -> None:
    record["baseline_row"]["sessions"][0]["rounds"]["latency_s"][0] *= 1.01


def wrong_package(record: dict[str, Any]) -> None:
    record["baseline_row"]["stack"]["packages"]["torch @ file:///tmp #"] = "1"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (without("evidence"), "its record has no evidence, the run was ended before its verdict; measure again"),
        (without("verdict"), "its record has no verdict, the run was ended before its verdict; measure again"),
        (
            without("baseline_row", "baseline_until"),
            "no baseline_row, it was recorded by an older version",
        ),
        (edited("evidence", kernels=3), "run.json is not a recorded run of this suite"),
        (edited("verdict", kind="cheese"), "run.json is not a recorded run of this suite"),
        (edited("baseline_row", sessions=[]), "run.json: eager-fp32: sessions is not a list of sessions"),
        (edited("baseline_row", cheese=1), "run.json: eager-fp32: cheese is not a field of this schema"),
        (edited("variant", warmup_rounds=7), "the ladder's row of this name is another by now; measure again"),
        (failing_claim, "eager-fp32: not recorded: image: PSNR 3 dB"),
        (invalid, "eager-fp32: not recorded: threads: 99, expected 2"),
        (all_disturbed, "eager-fp32: not recorded: other work ran during every session"),
        (not_measurable, "-1.0 cannot have been measured"),
        (edited_by_hand, "eager-fp32: checksum is of other content"),
        (wrong_package, "'torch @ file:///tmp #' is not the name of a package"),
        (edited("protocol", steps=7), "run.json holds rows of different measurements: protocol steps: 20, here 7"),
    ],
)
def test_a_row_that_is_refused_leaves_the_baseline_as_it_was(
    tmp_path: Path, refuses: Refuses, edit: Edit, said: str
) -> None:
    record = judged_row(EAGER.name, night(), REGRESSED, UNTIL)
    edit(record)
    write_run(tmp_path / "run.json", judged_row(STATIC.name, night(), REGRESSED, UNTIL), record, machine=HERE)
    refuses(said, "--row", STATIC.name, "--row", EAGER.name)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (edited("model", digest="e" * 64), "model: tiny, here tiny (or other weights)"),
        (edited("protocol", steps=7), "protocol steps: 7, here 20"),
    ],
)
def test_a_run_of_another_model_or_protocol_is_refused(
    tmp_path: Path, folder: Path, refuses: Refuses, edit: Edit, said: str
) -> None:
    record = judged_row(EAGER.name, night(), REGRESSED, UNTIL)
    edit(record)
    write_run(tmp_path / "run.json", record, machine=HERE)
    refuses(f"another model or protocol than {store.path_of(folder, KEY)}: {said}")


def test_a_run_of_another_machine_is_refused(tmp_path: Path, refuses: Refuses) -> None:
    write_run(tmp_path / "run.json", judged_row(EAGER.name, night(), REGRESSED, UNTIL), machine=ELSEWHERE)
    refuses(f"run.json is of another machine: machine memory_gib: 7, here {HERE.fingerprint['memory_gib']}; ")


def test_a_row_that_the_run_does_not_have_names_the_nearest(tmp_path: Path, refuses: Refuses) -> None:
    write(tmp_path, night())
    refuses("unknown row of this run 'eager-pf32'; did you mean eager-fp32?", "--row", "eager-pf32")


@pytest.mark.usefixtures("folder")
def test_the_same_run_is_accepted_once(tmp_path: Path, accept: Accept, refuses: Refuses) -> None:
    write(tmp_path, night())
    assert accept("--row", EAGER.name) == ExitCode.OK
    refuses("has its sessions already")


def test_a_baseline_that_cannot_be_read_is_left_alone(tmp_path: Path, folder: Path, refuses: Refuses) -> None:
    path = store.path_of(folder, KEY)
    path.write_text(path.read_text()[:-100])
    write(tmp_path, night())
    refuses(f"{path}: not JSON")


@pytest.mark.parametrize("content", ["", "{}", '{"benchmarks": []}', "[[[", None])
def test_a_file_that_is_no_run(tmp_path: Path, refuses: Refuses, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    refuses("run.json ")


def test_an_empty_reason_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["accept", "run.json", "--row", EAGER.name, "--why", " "])
    assert ended.value.code == ExitCode.BAD_INPUT
    assert "argument --why: is empty" in capsys.readouterr().err
