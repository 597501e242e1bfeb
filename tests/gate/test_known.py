"""What known regressions make of a run's verdicts, on a given day."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from perf.compare.compared_row import ComparedRow
from perf.gate.known import KnownRegression, KnownRegressions
from perf.gate.paired_verdict import verdict_on
from perf.spec import ladder
from perf.stats.paired_comparison import PairedVerdict, compare
from perf.stats.verdict import Finding, Verdict, VerdictKind
from perf.stats.watch import PLAIN_LATENCY

TODAY = datetime.date(2026, 11, 25)
LINK = "https://example.org/123"
ENTRY = KnownRegression(
    row="openvino-*", quantity="latency", up_to=0.04, why=LINK, until=datetime.date(2026, 12, 31)
)  # fmt: skip
MEMORY = replace(ENTRY, quantity="peak memory", up_to=0.10)
PAST = replace(ENTRY, until=datetime.date(2026, 11, 24))
ROW = "openvino-static"
(STATIC,) = ladder.select([ROW])


def finding(watch: str, ratio: float) -> Finding:
    kind = VerdictKind.REGRESSED if ratio > 1 else VerdictKind.UNCHANGED
    return Finding(
        watch=watch, kind=kind, ratio=ratio, low=ratio - 0.01, high=ratio + 0.01, tolerance=0.03, suspicious=False
    )


def regressed(**ratios: float) -> Verdict:
    """Return the verdict of a row whose quantities, ``peak_memory`` and the like, have these ratios."""
    findings = tuple(finding(name.replace("_", " "), ratio) for name, ratio in ratios.items())
    return Verdict(kind=VerdictKind.REGRESSED, sentence="slower", findings=findings)


def settled(verdict: Verdict, *entries: KnownRegression, row: str = ROW, today: datetime.date = TODAY) -> Verdict:
    return KnownRegressions(Path("known.toml"), entries).settle({row: verdict}, today)[row]


def test_what_is_known_of_a_row_is_known_of_its_settings_in_a_sweep() -> None:
    setting, entry = f"{ROW}-256x256", replace(ENTRY, row=ROW)
    known = KnownRegressions(Path("known.toml"), (entry,), {setting: ROW})
    (verdict,) = known.settle({setting: regressed(latency=1.035)}, TODAY).values()
    assert verdict.kind is VerdictKind.KNOWN
    assert known.notes({setting: verdict}, TODAY) == []
    unchanged = replace(regressed(), kind=VerdictKind.UNCHANGED)
    (note,) = known.notes({setting: unchanged}, TODAY)
    assert note.endswith(f"not needed any more, {setting} has not regressed in it")


def test_within_what_is_known_a_row_does_not_fail() -> None:
    verdict = settled(regressed(latency=1.035), ENTRY)
    assert (verdict.kind, verdict.fails) == (VerdictKind.KNOWN, False)
    assert verdict.sentence == f"slower; known up to +4.0 % until 2026-12-31: {LINK}"


@pytest.mark.parametrize(
    ("verdict", "entries", "said"),
    [
        pytest.param(
            regressed(latency=1.06),
            [ENTRY],
            f"slower; latency known up to +4.0 % until 2026-12-31, now +6.0 %: {LINK}",
            id="worse than is known",
        ),
        pytest.param(
            regressed(latency=1.045),  # 3.5 to 5.5 %
            [ENTRY],
            f"slower; latency known up to +4.0 % until 2026-12-31, now +4.5 %: {LINK}",
            id="worse by its estimate alone",
        ),
        pytest.param(
            regressed(latency=1.035),
            [PAST],
            f"slower; latency known until 2026-11-24, which is past, now +3.5 %: {LINK}",
            id="past its date",
        ),
        pytest.param(
            regressed(latency=1.035, peak_memory=1.2),
            [ENTRY],
            "slower; not among the known regressions: peak memory +20.0 %",
            id="another quantity too",
        ),
        pytest.param(
            regressed(latency=1.035, peak_memory=1.2),
            [ENTRY, MEMORY],
            f"slower; peak memory known up to +10.0 % until 2026-12-31, now +20.0 %: {LINK}",
            id="another that is known, but not as much",
        ),
        pytest.param(
            regressed(latency=1.035, peak_memory=1.05),
            [MEMORY],
            "slower; not among the known regressions: latency +3.5 %",
            id="only the other is known",
        ),
    ],
)
def test_whatever_is_not_covered_still_fails(verdict: Verdict, entries: list[KnownRegression], said: str) -> None:
    judged = settled(verdict, *entries)
    assert (judged.kind, judged.sentence) == (VerdictKind.REGRESSED, said)


def test_slowdowns_of_the_same_entry_are_named_together() -> None:
    both = Verdict(
        kind=VerdictKind.REGRESSED, sentence="slower", findings=(finding("latency", 1.05), finding("UNet step", 1.06))
    )
    said = f"slower; latency, UNet step known up to +4.0 % until 2026-12-31, now +5.0 %, +6.0 %: {LINK}"
    assert settled(both, ENTRY).sentence == said


def test_the_last_day_still_counts() -> None:
    assert settled(regressed(latency=1.03), ENTRY, today=ENTRY.until).kind is VerdictKind.KNOWN
    tomorrow = ENTRY.until + datetime.timedelta(days=1)
    assert settled(regressed(latency=1.03), ENTRY, today=tomorrow).kind is VerdictKind.REGRESSED


def test_any_entry_that_covers_a_slowdown_is_enough() -> None:
    wider = replace(ENTRY, row=ROW, up_to=0.08)
    assert settled(regressed(latency=1.06), PAST, ENTRY, wider).kind is VerdictKind.KNOWN


def test_the_latency_covers_what_is_most_of_it() -> None:
    verdict = Verdict(
        kind=VerdictKind.REGRESSED,
        sentence="slower",
        findings=(finding("latency", 1.03), finding(PLAIN_LATENCY.name, 1.03), finding("UNet step", 1.035)),
    )
    assert settled(verdict, ENTRY).kind is VerdictKind.KNOWN
    hiding = replace(verdict, findings=(*verdict.findings, finding("VAE decode", 1.035)))
    assert settled(hiding, ENTRY).kind is VerdictKind.REGRESSED, "a part is not hidden by the latency"


@pytest.mark.parametrize("kind", sorted(set(VerdictKind) - {VerdictKind.REGRESSED}))
def test_other_verdicts_stay_as_they_are(kind: VerdictKind) -> None:
    verdict = replace(regressed(latency=1.03), kind=kind)
    assert settled(verdict, ENTRY) is verdict


def test_other_rows_and_regressions_without_a_finding_stay_as_they_are() -> None:
    slower = regressed(latency=1.03)
    assert settled(slower, ENTRY, row="eager-fp32") is slower
    bare = replace(slower, findings=())
    assert settled(bare, ENTRY) is bare


def in_turns(ratio: float, verdict: PairedVerdict = PairedVerdict.REGRESSED, memory_ratio: float = 1.0) -> ComparedRow:
    latency = replace(compare({1: [0.0]}), verdict=verdict, ratio=ratio)
    memory = replace(latency, ratio=memory_ratio, low=memory_ratio - 0.01, high=memory_ratio + 0.01)
    return ComparedRow(variant=STATIC, verdict=verdict, sentence="", latency=latency, others={"peak memory": memory})


@pytest.mark.parametrize(
    ("compared", "kind"),
    [
        pytest.param(in_turns(1.035), VerdictKind.KNOWN, id="within"),
        pytest.param(in_turns(1.06), VerdictKind.REGRESSED, id="beyond"),
        pytest.param(in_turns(1.035, memory_ratio=1.2), VerdictKind.REGRESSED, id="another quantity"),
    ],
)
def test_what_was_found_in_turns_is_as_well_known(compared: ComparedRow, kind: VerdictKind) -> None:
    assert settled(verdict_on(compared), ENTRY).kind is kind


def seeming(ratio: float) -> Finding:
    """Return a finding on the peak memory that has grown so, and of which nobody is sure."""
    return replace(finding("peak memory", ratio), kind=VerdictKind.UNDECIDED, suspicious=True)


def test_what_is_known_does_not_hide_what_seems_to_have_grown_too() -> None:
    slower = regressed(latency=1.035)
    open_too = replace(slower, findings=(*slower.findings, seeming(1.16)))
    judged = settled(open_too, ENTRY)
    assert judged.kind is VerdictKind.UNDECIDED
    assert judged.sentence == (
        f"slower; known up to +4.0 % until 2026-12-31: {LINK}; "
        "peak memory seems +16.0 % (+15.0 % to +17.0 %), which is neither sure nor known"
    )
    assert judged.suspicious, "a fresh session is worth while"
    assert KnownRegressions(Path("known.toml"), (ENTRY,)).notes({ROW: judged}, TODAY) == [], "the entry is needed"


def test_what_is_known_needs_no_fresh_session() -> None:
    slower = regressed(latency=1.035)
    unsure = replace(slower, findings=(replace(slower.findings[0], suspicious=True), seeming(1.09)))
    judged = settled(unsure, ENTRY, MEMORY)
    assert (judged.kind, judged.suspicious) == (VerdictKind.KNOWN, False)
    assert [each.kind for each in judged.findings] == [VerdictKind.KNOWN, VerdictKind.UNDECIDED]


UNCHANGED = replace(regressed(latency=1.0), kind=VerdictKind.UNCHANGED)


@pytest.mark.parametrize(
    ("entry", "verdict", "notes"),
    [
        pytest.param(ENTRY, regressed(latency=1.03), [], id="needed"),
        pytest.param(ENTRY, regressed(latency=1.2), [], id="not enough"),
        pytest.param(
            ENTRY,
            UNCHANGED,
            ["known.toml: openvino-*, latency: not needed any more, openvino-static has not regressed in it"],
            id="not needed",
        ),
        pytest.param(
            MEMORY,
            regressed(latency=1.03),
            ["known.toml: openvino-*, peak memory: not needed any more, openvino-static has not regressed in it"],
            id="another quantity is slower",
        ),
        pytest.param(ENTRY, replace(UNCHANGED, kind=VerdictKind.UNDECIDED), [], id="not known whether it is needed"),
        pytest.param(replace(ENTRY, row="eager-*"), UNCHANGED, [], id="its rows were not measured"),
        pytest.param(
            PAST,
            regressed(latency=1.03),
            ["known.toml: openvino-*, latency: was known until 2026-11-24, which is past"],
            id="past its date",
        ),
    ],
)
def test_entries_that_nothing_needs_are_named(entry: KnownRegression, verdict: Verdict, notes: list[str]) -> None:
    known = KnownRegressions(Path("known.toml"), (entry,))
    assert known.notes({ROW: verdict}, TODAY) == notes
