"""What pairs say of a part, of memory and of load times: with the noise that each is known to have."""

from __future__ import annotations

import itertools

import pytest

from perf.compare.other_quantities import compare_others, has_moved
from perf.compare.stack_pair import Role
from perf.lab import pair_recording
from perf.records.part import Part
from perf.stats.paired_comparison import PairedVerdict
from perf.stats.tolerances import Tolerances
from tests.builders.runs import DATA

TOLERANCES = Tolerances().of_row("openvino-static")
SAME = pair_recording.read(DATA / "pairs" / "openvino-static-0.jsonl")
SLOWER = pair_recording.read(DATA / "pairs" / "openvino-static-20.jsonl")


def test_a_part_of_milliseconds_that_jumps_is_not_called_slower() -> None:
    """In the recorded pairs a checker took three times as long in some images, in either stack."""
    for workers in itertools.permutations(SAME.workers, 2):
        pairs = [pair for each in workers for pair in each.pairs]
        checker = compare_others(pairs, [], TOLERANCES)[Part.SAFETY_CHECKER]
        assert checker.verdict is PairedVerdict.UNDECIDED


def test_parts_that_are_slower_by_more_than_matters_have_moved() -> None:
    pairs = [pair for each in SLOWER.workers for pair in each.pairs]
    others = compare_others(pairs, [], TOLERANCES)
    assert has_moved(others[Part.UNET_STEP])
    assert has_moved(others[Part.VAE_DECODE])
    assert not has_moved(others["peak memory"])


@pytest.mark.parametrize(("candidate_s", "is_slower"), [(10.0, False), (13.0, False), (60.0, True)])
def test_load_times_are_compared_where_both_have_loaded(candidate_s: float, is_slower: bool) -> None:
    loads_s = [{Role.CANDIDATE: candidate_s, Role.REFERENCE: 10.0} for _ in range(5)]
    only_one = {Role.CANDIDATE: 99.0}
    load_time = compare_others([], [*loads_s, only_one], TOLERANCES)["load time"]
    assert load_time.workers == 5
    assert has_moved(load_time) is is_slower
