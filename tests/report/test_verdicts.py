"""The lines below the ladder, and what a failing row's message rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.report import verdicts
from perf.stats.verdict import Finding, JudgedBy, Verdict, VerdictKind
from tests.builders.sessions import session
from tests.builders.verdicts import verdict_of

CALM = Verdict(kind=VerdictKind.UNCHANGED, sentence="no slower than 3 %")


def finding(watch: str, ratio: float) -> Finding:
    kind = VerdictKind.REGRESSED
    return Finding(
        watch=watch, kind=kind, ratio=ratio, low=ratio - 0.01, high=ratio + 0.01, tolerance=0.03, suspicious=True
    )


def suspicious(verdict: Verdict) -> Verdict:
    return replace(verdict, findings=tuple(replace(finding, suspicious=True) for finding in verdict.findings))


def test_rows_with_the_same_verdict_share_a_line() -> None:
    slower = Verdict(kind=VerdictKind.REGRESSED, sentence="latency +8.0 %")
    lines = verdicts.verdict_lines({"eager-fp32": CALM, "openvino-static": slower, "bf16-compile": CALM})
    assert lines == ["2 rows           unchanged: no slower than 3 %", "openvino-static  regressed: latency +8.0 %"]


def test_the_line_of_a_row_says_what_it_could_have_seen() -> None:
    seeing = verdict_of(1.0, VerdictKind.UNCHANGED, sees=1.021)
    blind = replace(verdict_of(1.0, VerdictKind.UNDECIDED, sees=1.054), sentence="+0.0 %")
    assert verdicts.verdict_lines({"eager-fp32": replace(seeing, sentence="+0.0 %"), "bf16-compile": blind}) == [
        "eager-fp32    unchanged: +0.0 %; sees 2.1 %",
        "bf16-compile  undecided: +0.0 %; cannot see 3 % here: only 5.4 %",
    ]


def test_junit_gets_what_a_row_could_have_seen_where_that_is_known() -> None:
    assert verdicts.junit_properties(verdict_of(1.0, VerdictKind.UNCHANGED, sees=1.0213))["sees"] == "1.0213"
    assert "sees" not in verdicts.junit_properties(verdict_of(1.0, VerdictKind.UNCHANGED))


def test_what_moved_most_is_a_part_of_the_generation() -> None:
    findings = (finding("latency", 1.2), finding("UNet step", 1.1), finding("VAE decode", 1.05))
    slower = Verdict(kind=VerdictKind.REGRESSED, sentence="", findings=findings)
    assert verdicts.moved_most(slower) == "UNet step +10.0 % [+9.0 %, +11.0 %]"


def test_of_a_faster_row_it_is_the_part_that_sped_up_most() -> None:
    findings = (finding("latency", 0.8), finding("UNet step", 0.9), finding("VAE decode", 1.05))
    faster = Verdict(kind=VerdictKind.IMPROVED, sentence="", findings=findings)
    assert verdicts.moved_most(faster).startswith("UNet step -10.0 %")


def test_conditions_count_the_rounds_that_were_set_aside() -> None:
    sessions = [session([10.0, 10.0]), session([10.0, 10.0], pressure=0.5)]
    expected = "2 of 4 rounds set aside as disturbed, CPU pressure 25.0 % of the time, 2.00 CPUs in use"
    assert verdicts.conditions(sessions) == expected


@pytest.mark.parametrize(
    ("verdict", "needed"),
    [
        (verdict_of(1.0, VerdictKind.UNDECIDED), "--judge pairs, or more nights in its baseline, which has 5 sessions"),
        (replace(verdict_of(1.0, VerdictKind.UNDECIDED), judged_by=JudgedBy.PAIRS), "a larger --budget, or a calmer"),
        (replace(verdict_of(1.0, VerdictKind.DISTURBED), findings=()), "a calm machine; python -m perf machine"),
        (suspicious(verdict_of(1.0, VerdictKind.UNDECIDED)), "more fresh workers, up to --fresh 4, or --judge pairs"),
    ],
)
def test_what_would_decide_a_row_depends_on_what_judged_it(verdict: Verdict, needed: str) -> None:
    (line,) = verdicts.what_would_decide(verdict)
    assert line.startswith(f"to decide it:               {needed}")


def test_nothing_would_decide_what_is_decided() -> None:
    assert not verdicts.what_would_decide(verdict_of(1.0, VerdictKind.UNCHANGED))
