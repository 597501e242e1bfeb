"""The verdict on a row by its pairs: the latency's, and that of everything else that became worse by what matters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.compare.compared_row import ComparedRow
from perf.gate.paired_verdict import verdict_on
from perf.spec import ladder
from perf.stats.least_comparison import compare_least
from perf.stats.paired_comparison import Comparison, PairedVerdict, compare
from perf.stats.verdict import JudgedBy, Verdict, VerdictKind

(STATIC,) = ladder.select(["openvino-static"])
SAME = compare({1: [0.0, 0.001, -0.001], 2: [0.0, 0.001, -0.001]})


def moved(ratio: float, verdict: PairedVerdict, tolerance: float = 0.03) -> Comparison:
    return replace(SAME, verdict=verdict, ratio=ratio, low=ratio - 0.01, high=ratio + 0.01, tolerance=tolerance)


def row(latency: Comparison | None, **others: Comparison) -> ComparedRow:
    verdict = latency.verdict if latency else PairedVerdict.DISTURBED
    sentence = latency.sentence if latency else "other work ran"
    named = {name.replace("_", " "): comparison for name, comparison in others.items()}
    return ComparedRow(variant=STATIC, verdict=verdict, sentence=sentence, latency=latency, others=named)


@pytest.mark.parametrize(
    ("paired", "kind"),
    [
        (PairedVerdict.REGRESSED, VerdictKind.REGRESSED),
        (PairedVerdict.IMPROVED, VerdictKind.IMPROVED),
        (PairedVerdict.EQUIVALENT, VerdictKind.UNCHANGED),
        (PairedVerdict.UNDECIDED, VerdictKind.UNDECIDED),
    ],
)
def test_the_latencys_verdict_is_the_rows(paired: PairedVerdict, kind: VerdictKind) -> None:
    verdict = verdict_on(row(moved(1.02, paired)), ["packages alone were compared"])
    assert (verdict.kind, verdict.judged_by) == (kind, JudgedBy.PAIRS)
    assert str(verdict).startswith(f"{kind}: in pairs with the anchor +2.0 % (+1.0 % to +3.0 %), 6 pairs by 2 pairs of")
    assert str(verdict).endswith("; packages alone were compared")
    assert not verdict.suspicious, "fresh sessions would be no more pairs"
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_what_hides_behind_the_latency_fails_the_row() -> None:
    verdict = verdict_on(row(SAME, VAE_decode=moved(1.09, PairedVerdict.REGRESSED, tolerance=0.05)))
    assert verdict.kind is VerdictKind.REGRESSED
    assert verdict.sentence.startswith("in pairs with the anchor VAE decode +9.0 % (+8.0 % to +10.0 %); latency ")


def test_more_instructions_of_other_software_are_told_and_fail_nothing() -> None:
    verdict = verdict_on(row(SAME, instructions=moved(1.2, PairedVerdict.REGRESSED, tolerance=0.02)))
    assert verdict.kind is VerdictKind.UNCHANGED
    (told,) = [finding for finding in verdict.findings if finding.watch == "instructions"]
    assert (told.kind, told.ratio, told.suspicious) == (VerdictKind.UNDECIDED, 1.2, False)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(moved(1.04, PairedVerdict.REGRESSED, tolerance=0.05), id="within its tolerance"),
        pytest.param(moved(1.09, PairedVerdict.UNDECIDED), id="not sure"),
        pytest.param(moved(0.8, PairedVerdict.IMPROVED), id="faster"),
    ],
)
def test_what_does_not_matter_or_is_not_sure_does_not(other: Comparison) -> None:
    assert verdict_on(row(SAME, VAE_decode=other)).kind is VerdictKind.UNCHANGED


def test_what_seems_to_have_grown_by_too_few_workers_is_not_called_unchanged() -> None:
    """As where the time is up: the latency is settled, and the memory is not."""
    verdict = verdict_on(row(SAME, peak_memory=compare_least([3.5, 3.5], [4.0, 4.1], 0.03)))
    assert verdict.kind is VerdictKind.UNDECIDED
    assert verdict.sentence.startswith(
        "in pairs with the anchor peak memory seems +14.3 % (+14.3 % to +17.1 %), 3 more pairs of workers would tell; "
        "latency +0.0 %"
    )
    shrunk = verdict_on(row(SAME, peak_memory=compare_least([4.0, 4.1], [3.5, 3.5], 0.03)))
    assert shrunk.kind is VerdictKind.UNCHANGED


def test_what_seems_to_have_grown_in_a_slower_row_is_open_still() -> None:
    verdict = verdict_on(
        row(moved(1.05, PairedVerdict.REGRESSED), peak_memory=compare_least([3.5, 3.5], [4.0, 4.1], 0.03))
    )
    assert (verdict.kind, [each.suspicious for each in verdict.findings]) == (VerdictKind.REGRESSED, [False, True])


def test_a_plain_latency_that_seems_larger_leaves_the_row_open() -> None:
    plain = replace(SAME, verdict=PairedVerdict.UNDECIDED, ratio=1.04, low=0.98, high=1.11, more_pairs=12)
    verdict = verdict_on(row(SAME, plain_latency=plain))
    assert verdict.kind is VerdictKind.UNDECIDED
    assert verdict.sentence.startswith(
        "in pairs with the anchor plain latency seems +4.0 % (-2.0 % to +11.0 %), about 12 more pairs would tell; "
        "latency +0.0 %"
    )
    slower = verdict_on(row(moved(1.05, PairedVerdict.REGRESSED), plain_latency=plain))
    assert not any(each.suspicious for each in slower.findings), "the latency says it already"


def test_pairs_that_were_all_disturbed_say_so() -> None:
    verdict = verdict_on(row(None))
    assert (verdict.kind, verdict.findings) == (VerdictKind.DISTURBED, ())
    assert verdict.sentence == "in pairs with the anchor: other work ran"


def test_a_fault_in_either_stack_is_the_verdict() -> None:
    faulty = replace(row(moved(1.2, PairedVerdict.REGRESSED)), verdict=PairedVerdict.INVALID, sentence="two sizes")
    assert verdict_on(faulty).kind is VerdictKind.INVALID
    assert verdict_on(faulty).sentence == "in pairs with the anchor: two sizes"


def test_whole_sessions_in_alternation_are_named() -> None:
    verdict = verdict_on(replace(row(SAME), why_apart="two do not fit"))
    assert verdict.judged_by is JudgedBy.WHOLE_SESSIONS
    assert verdict.sentence.startswith("in whole sessions with the anchor ")
