"""The commands beside the suite, as a user types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf import __main__ as commands
from perf.gate import store
from perf.host import advice
from perf.host.advice import Load
from perf.host.machine import this_machine
from perf.lab.evaluate import OURS
from perf.lab.selftest import Tried, scores
from perf.measure import settings
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size
from tests.builders.baselines import SETTING, accept
from tests.builders.sessions import sessions


def test_machine_prints_the_fingerprint_and_the_baselines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = store.path_of(tmp_path, SETTING)
    store.update(path, accept)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.json").write_text("{")
    assert commands.main(["machine", "--baselines", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"codename               {this_machine().codename.key}\n" in said
    assert this_machine().codename.reason in said
    assert "  broken/x.json: why_not: not JSON" in said
    assert f"  {path.relative_to(tmp_path)}: why_not: machine " in said


def test_machine_says_where_there_is_no_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["machine", "--baselines", str(tmp_path)]) == 0
    assert f"none in {tmp_path}; `tox -e perf -- --update-baseline" in capsys.readouterr().out


def test_check_says_how_to_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advice, "other_load", lambda: Load(1.5, ("stress 12 (150%)",)))
    assert commands.main(["machine", "--check", "--baselines", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "  other work uses 1.50 CPUs: stress 12 (150%)\n    mend: stop it" in said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["selftest", "--variant", "eager-pf32"], "did you mean eager-fp32"),
        (["selftest", "--size", "3x3"], "multiples of 8"),
        (["selftest", "--model", "tinny"], "unknown model 'tinny'"),
        (["evaluate", "/nowhere.jsonl"], "/nowhere.jsonl: cannot be read"),
        (["explain", "/nowhere.json"], "/nowhere.json is no recorded run of this suite"),
    ],
)
def test_mistakes_are_one_line(asked: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(asked) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_the_selftest_scores_what_was_measured() -> None:
    (variant,) = ladder.select(["openvino-static"])
    tried = Tried(
        variant=variant,
        identical=sessions(12, seed=1, sd=0.005),
        slowed=sessions(12, seed=2, sd=0.005, slowdown=0.05),
        slowdown_percent=5.0,
    )
    found = {(one.rule, one.slowdown_percent): one.flagged_share for one in scores(tried)}
    assert found[OURS, 0.0] <= 0.02
    assert found[OURS, 5.0] >= 0.98
    assert tried.measured_shift.mean == pytest.approx(0.0488, abs=0.01)


def test_what_must_be_said_again_to_measure_the_same() -> None:
    wanted = settings.of(
        model="tiny",
        variants=(),
        stacks={"current": Path("/a/python")},
        size=Size(64, 64),
        protocol=Protocol(size=Size(64, 64), rounds=4),
        wait_s=0.0,
    )
    assert wanted.options == ("--model", "tiny", "--size", "64x64", "--rounds", "4", "--stack", "current=/a/python")
