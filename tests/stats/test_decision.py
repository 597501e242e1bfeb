"""The rule on made sessions: each kind of verdict, and what asks for more sessions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from perf.lab import series
from perf.records.session_record import SessionRecord
from perf.stats.decision import BaselineLevels, judge, spend
from perf.stats.verdict import MAX_SESSIONS, Verdict, VerdictKind
from perf.stats.watch import WATCHES
from tests.builders.runs import DATA
from tests.builders.sessions import on_a_machine_of_two_speeds, session, sessions

BASELINE = sessions(12, seed=1)
REFERENCE = BaselineLevels.of(BASELINE)


def judged(new: Sequence[SessionRecord]) -> Verdict:
    return judge(REFERENCE, new)


@pytest.mark.parametrize(
    ("slowdown", "count", "kind"),
    [
        (0.0, 5, VerdictKind.UNCHANGED),
        (0.06, 5, VerdictKind.REGRESSED),
        (0.20, 1, VerdictKind.REGRESSED),
        (-0.10, 5, VerdictKind.IMPROVED),
        (0.025, 1, VerdictKind.UNDECIDED),
    ],
)
def test_kinds(slowdown: float, count: int, kind: VerdictKind) -> None:
    verdict = judged(sessions(count, seed=2, slowdown=slowdown, sd=0.005))
    assert verdict.kind is kind, verdict.sentence
    assert verdict.fails is (kind is VerdictKind.REGRESSED)
    assert (verdict.sessions, verdict.baseline_sessions) == (count, 12)


def test_the_interval_holds_the_ratio() -> None:
    (latency, *_) = judged(sessions(5, seed=3, slowdown=0.06, sd=0.005)).findings
    assert latency.low < latency.ratio < latency.high
    assert latency.ratio == pytest.approx(1.06, abs=0.015)
    assert latency.tolerance == 0.03


def test_a_suspicion_asks_for_fresh_sessions_until_the_last() -> None:
    assert judged(sessions(1, seed=4, slowdown=0.03, sd=0.002)).suspicious
    assert not judged(sessions(MAX_SESSIONS, seed=4, slowdown=0.02, sd=0.002)).suspicious


def test_what_is_plainly_no_slower_asks_for_none() -> None:
    assert not judged(sessions(1, seed=5, slowdown=-0.02, sd=0.002)).suspicious


def test_what_is_plainly_slower_asks_for_none() -> None:
    verdict = judged(sessions(1, seed=5, slowdown=0.3, sd=0.002))
    assert verdict.kind is VerdictKind.REGRESSED
    assert not verdict.suspicious


def test_the_false_alarms_of_looks_and_quantities_add_up() -> None:
    for looks in range(1, MAX_SESSIONS + 1):
        assert sum(spend(look, looks) for look in range(1, looks + 1)) == pytest.approx(1)
    assert sum(watch.share for watch in WATCHES) == pytest.approx(1)


def test_more_rows_make_each_row_stricter() -> None:
    new = sessions(2, seed=6, slowdown=0.035, sd=0.005)
    assert judge(REFERENCE, new, rows=1).kind is VerdictKind.REGRESSED
    assert judge(REFERENCE, new, rows=1000).kind is VerdictKind.UNDECIDED


def test_nothing_is_said_of_disturbed_sessions() -> None:
    verdict = judged([session([10.0, 12.0, 15.0], pressure=0.4)] * 2)
    assert verdict.kind is VerdictKind.DISTURBED
    assert "all 2 sessions measured" in verdict.sentence
    assert verdict.suspicious, "a calm session may come"
    assert not verdict.fails


def test_nothing_is_said_against_a_disturbed_baseline() -> None:
    verdict = judge(BaselineLevels.of([session([10.0, 12.0], pressure=0.4)]), BASELINE[:1])
    assert verdict.kind is VerdictKind.DISTURBED
    assert "the session of the baseline" in verdict.sentence


def with_parts(records: Sequence[SessionRecord], **factors: float) -> list[SessionRecord]:
    """Give the sessions parts that are shares of their latencies, times a factor."""
    shares = {"unet_step_s": 0.045, "vae_decode_s": 0.08, "text_encoder_s": 0.01, "peak_rss_bytes": 1e9}
    return [
        dataclasses.replace(
            record,
            rounds=tuple(
                dataclasses.replace(
                    timed, **{name: share * factors.get(name, 1) * timed.latency_s for name, share in shares.items()}
                )
                for timed in record.rounds
            ),
        )
        for record in records
    ]


def test_a_slower_unet_is_seen_behind_a_faster_vae() -> None:
    reference = BaselineLevels.of(with_parts(BASELINE))
    hidden = with_parts(sessions(5, seed=7, sd=0.005), unet_step_s=1.08, vae_decode_s=0.3)
    verdict = judge(reference, hidden)
    assert verdict.kind is VerdictKind.REGRESSED
    assert verdict.sentence.startswith("UNet step +")
    assert {finding.watch: finding.kind for finding in verdict.findings}["VAE decode"] is VerdictKind.IMPROVED


def test_a_part_of_milliseconds_is_not_called_slower_for_one_odd_session() -> None:
    reference = BaselineLevels.of(with_parts(sessions(2, seed=1, sd=0.005)))
    odd = judge(reference, with_parts(sessions(2, seed=7, sd=0.005), text_encoder_s=3.0))
    assert odd.kind is not VerdictKind.REGRESSED
    assert judge(BaselineLevels.of(with_parts(BASELINE)), with_parts(sessions(5, seed=7), text_encoder_s=3.0)).fails


def test_a_suspicious_part_asks_for_fresh_sessions() -> None:
    reference = BaselineLevels.of(with_parts(BASELINE))
    assert judge(reference, with_parts(sessions(1, seed=7, sd=0.002), vae_decode_s=1.06)).suspicious


def test_memory_is_watched() -> None:
    reference = BaselineLevels.of(with_parts(BASELINE))
    verdict = judge(reference, with_parts(sessions(5, seed=8, sd=0.005), peak_rss_bytes=1.15))
    assert verdict.kind is VerdictKind.REGRESSED
    assert verdict.sentence.startswith("peak memory +")


def with_loads(records: Sequence[SessionRecord], *loads_s: float) -> list[SessionRecord]:
    return [dataclasses.replace(record, load_s=load_s) for record, load_s in zip(records, loads_s, strict=True)]


@pytest.mark.parametrize("loads_s", [(14.0,), (14.0, 14.0), (14.0, 14.0, 5.1, 5.0, 5.2)])
def test_loads_from_a_cold_page_cache_are_no_regression(loads_s: Sequence[float]) -> None:
    """The recorded series begin so: 11.3, 11.2, 8.3, 8.1, 7.9 s, and 11.6, 4.5, 4.6 s."""
    verdict = judged(with_loads(sessions(len(loads_s), seed=2, sd=0.002), *loads_s))
    assert not verdict.fails
    assert verdict.suspicious is (len(loads_s) < MAX_SESSIONS), "a further load may tell"


def test_a_load_that_stays_slow_is_a_regression() -> None:
    verdict = judged(with_loads(sessions(5, seed=2, sd=0.002), 14.0, 13.0, 12.0, 12.1, 12.0))
    assert verdict.kind is VerdictKind.REGRESSED
    assert verdict.sentence.startswith("load time +140")
    (alone,) = with_loads(sessions(1, seed=2, sd=0.002), 14.0)
    assert not judge(REFERENCE, [alone], looks=1).fails, "it may have been the cold one"


def test_one_process_that_keeps_more_memory_is_no_regression() -> None:
    """As in Turin's identical sessions, of which seven peaked at 3.5 GB, and nine at 3.8 to 4.1 GB."""
    reference = BaselineLevels.of(with_parts(BASELINE[:4]))
    calm, hungry = with_parts(sessions(1, seed=8, sd=0.002)), with_parts(sessions(4, seed=9), peak_rss_bytes=1.16)
    assert judge(reference, hungry[:1]).suspicious, "another process may tell"
    assert not judge(reference, hungry).fails
    assert not judge(reference, [*hungry, *calm]).fails


def test_threads_that_wait_are_a_regression_too() -> None:
    """The correction for waiting would hide it; the plain latency does not."""
    waiting = [session([10.0 * 1.15] * 5, use=2 / 1.15) for _ in range(5)]
    verdict = judged(waiting)
    assert verdict.kind is VerdictKind.REGRESSED
    assert verdict.sentence.startswith("plain latency +")


def test_a_machine_that_slows_down_is_told_from_software_by_its_probe() -> None:
    usual, slow_machine = on_a_machine_of_two_speeds(1.5, seed=1), on_a_machine_of_two_speeds(1.5, seed=2, sessions=3)
    held = BaselineLevels.of(usual)
    assert judge(held, slow_machine).kind is VerdictKind.UNCHANGED
    another = [dataclasses.replace(record, probe="another") for record in slow_machine]
    assert held.comparable_with(slow_machine) is held
    assert held.powers.probe > 1
    assert held.comparable_with(another).powers.probe == 0.0


def test_a_probe_that_was_slow_by_itself_is_not_taken_for_the_machines_speed() -> None:
    """Identical sessions of three rounds, beside one of which the probe took half as long again."""
    usual, other, probed_slowly = series.read(DATA / "noise-short" / "bf16-compile-256.jsonl")
    verdict = judge(BaselineLevels.of([usual, other]), [probed_slowly], rows=12)
    assert verdict.kind is VerdictKind.UNDECIDED
    assert verdict.latency is not None
    assert verdict.latency.high > 1


def test_what_was_taken_out_must_not_hide_what_the_plain_latency_shows() -> None:
    """All of the slowdown is waiting by the correction's account, which may have been learnt wrongly."""
    usual = [session([10.0 * factor] * 5, use=2 / factor) for factor in (0.985, 0.995, 1.0, 1.005, 1.015) * 3]
    waiting = [session([10.0 * 1.035] * 5, use=2 / 1.035)]
    verdict = judge(BaselineLevels.of(usual), waiting)
    latency, plain = verdict.findings[:2]
    assert latency.high < 1.03 < plain.ratio
    assert (verdict.kind, latency.kind) == (VerdictKind.UNDECIDED, VerdictKind.UNDECIDED)
    assert verdict.suspicious, "another session may tell"
    assert "but plain latency +3.5 %" in verdict.sentence


def with_energy(records: Sequence[SessionRecord], *factors: float, has_dram: bool = True) -> list[SessionRecord]:
    """Give the sessions 300 W of the packages, times a factor for each session, and 25 W of the memory."""
    return [
        dataclasses.replace(
            record,
            rounds=tuple(
                dataclasses.replace(
                    timed,
                    package_j=300 * factor * timed.latency_s,
                    dram_j=25 * timed.latency_s if has_dram else None,
                )
                for timed in record.rounds
            ),
        )
        for record, factor in zip(records, factors or (1.0,) * len(records), strict=True)
    ]


def test_energy_is_watched() -> None:
    reference = BaselineLevels.of(with_energy(BASELINE))
    same = judge(reference, with_energy(sessions(5, seed=8, sd=0.005)))
    assert same.kind is VerdictKind.UNCHANGED
    verdict = judge(reference, with_energy(sessions(5, seed=8, sd=0.005), *[1.15] * 5))
    assert verdict.kind is VerdictKind.REGRESSED
    assert verdict.sentence.startswith("package energy +1")


def test_other_work_that_adds_to_one_session_is_no_regression() -> None:
    """On cores that nobody waits for it is no pressure, and a night may begin beside it."""
    reference = BaselineLevels.of(with_energy(BASELINE))
    beside_work = with_energy(sessions(1, seed=8, sd=0.002), 1.3)
    assert judge(reference, beside_work).suspicious, "another session may tell"
    assert not judge(reference, beside_work).fails
    factors = (1.3, 1.3, 1.3, 1.3, 1.0)
    assert not judge(reference, with_energy(sessions(5, seed=8, sd=0.002), *factors)).fails


def test_memory_that_is_counted_on_one_side_alone_is_not_compared() -> None:
    """A user who may read no more than the packages, or an AMD that joins: the packages are compared all the same."""
    both, packages = with_energy(BASELINE), with_energy(BASELINE, has_dram=False)
    new = sessions(5, seed=8, sd=0.005)
    for baseline, has_dram in ((both, False), (packages, True)):
        verdict = judge(BaselineLevels.of(baseline), with_energy(new, has_dram=has_dram))
        assert verdict.kind is VerdictKind.UNCHANGED
        assert verdict.finding_on("package energy")
        assert verdict.finding_on("DRAM energy") is None


def test_a_baseline_without_joules_judges_as_before() -> None:
    new = sessions(5, seed=8, sd=0.005)
    assert judge(REFERENCE, with_energy(new)) == judge(REFERENCE, new)
