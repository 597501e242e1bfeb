"""What pairs say of a part, of memory and of load times: with the noise that each is known to have."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from perf.compare.other_quantities import compare_others, has_moved, is_open, seemingly_worse
from perf.compare.side_pair import Role
from perf.lab import pair_recording
from perf.records.counts import Counts, GenerationCounts
from perf.records.energy import Energy
from perf.records.part import Part
from perf.records.sample import Sample
from perf.stats.paired_comparison import PairedVerdict
from perf.stats.pairs import Pair
from perf.stats.pooled_pairs import by_workers
from perf.stats.tolerances import Tolerances
from tests.builders.pairs import CALM, pair, sample
from tests.builders.runs import DATA

TOLERANCES = Tolerances().of_row("openvino-static")
SAME = pair_recording.read(DATA / "pairs" / "tiny-openvino-static-0.jsonl")
SLOWER = pair_recording.read(DATA / "pairs" / "tiny-openvino-static-20.jsonl")


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


def with_instructions(*ratios: float) -> list[Pair]:
    """Return three pairs by each pair of workers, whose candidates execute so much more than the reference."""
    return [
        pair(executing(10**11), executing(round(ratio * 10**11)), workers=number)
        for number, ratio in enumerate(ratios, 1)
        for _ in range(3)
    ]


def executing(instructions: int) -> Sample:
    counts = GenerationCounts(parts={}, rest=Counts(instructions=instructions))
    return replace(sample(1.0, 1.0, 1.0), counts=counts)


def test_instructions_are_compared_where_both_were_counted() -> None:
    compared = compare_others(with_instructions(1.05, 1.051, 1.049, 1.05), [], TOLERANCES)["instructions"]
    assert (compared.verdict, compared.workers, compared.pairs) == (PairedVerdict.REGRESSED, 4, 12)
    assert compared.ratio == pytest.approx(1.05, abs=0.003)
    assert has_moved(compared)
    uncounted = [replace(each, reference=sample(1.0, 1.0, 1.0)) for each in with_instructions(1.05)]
    assert "instructions" not in compare_others(uncounted, [], TOLERANCES)


def test_more_instructions_of_other_software_ask_for_no_more_pairs() -> None:
    compared = compare_others(with_instructions(1.05), [], TOLERANCES)["instructions"]
    assert not is_open("instructions", compared)


def with_peaks(*gigabytes: tuple[float, float]) -> list[Pair]:
    """Return three pairs by each pair of workers, which differ in the peak memory of reference and candidate alone."""
    return [
        pair(with_peak(reference), with_peak(candidate), workers=number)
        for number, (reference, candidate) in enumerate(gigabytes, 1)
        for _ in range(3)
    ]


def with_peak(gigabytes: float) -> Sample:
    return sample(1.0, 1.0, conditions=replace(CALM, peak_rss_bytes=int(gigabytes * 1e9)))


LUCKY, UNLUCKY = 3.5, 4.1  # as recorded of 16 identical sessions


def test_an_allocators_luck_is_no_growth() -> None:
    """Of two pairs of workers, all candidates may be unlucky and all references lucky; of five hardly."""
    unlucky = with_peaks(*[(LUCKY, UNLUCKY)] * 2)
    peak = compare_others(unlucky, [], TOLERANCES)["peak memory"]
    assert not has_moved(peak)
    assert is_open("peak memory", peak), "so more workers are asked"
    lucky = compare_others(with_peaks(*[(UNLUCKY, LUCKY)] * 2), [], TOLERANCES)["peak memory"]
    assert not is_open("peak memory", lucky), "nobody has to know"
    mixed = with_peaks(*[(LUCKY, UNLUCKY)] * 4, (LUCKY, LUCKY))
    peak = compare_others(mixed, [], TOLERANCES)["peak memory"]
    assert (has_moved(peak), is_open("peak memory", peak)) == (False, False)


def test_memory_that_grew_in_every_process_has_moved() -> None:
    grown = with_peaks((3.50, 3.70), (3.52, 3.71), (3.49, 3.72), (3.51, 3.69), (3.50, 3.70))
    peak = compare_others(grown, [], TOLERANCES)["peak memory"]
    assert has_moved(peak)
    assert peak.ratio == pytest.approx(3.69 / 3.49)
    assert not has_moved(compare_others(grown[:12], [], TOLERANCES)["peak memory"]), "by four pairs of workers"


def test_memory_that_could_not_be_read_is_not_compared() -> None:
    unknown = sample(1.0, 1.0, conditions=replace(CALM, peak_rss_bytes=None))
    assert "peak memory" not in compare_others([pair(unknown, with_peak(3.5))], [], TOLERANCES)


def test_images_that_are_held_up_in_the_candidate_alone_are_not_overlooked() -> None:
    """One of four images takes three times as long, so that the others outvote it: 40 % by the plain latency."""
    calm, held_up = sample(*[1.0] * 8), sample(*[3.0] * 8)
    pairs = [pair(calm, each, workers=number) for number in (1, 2) for each in (calm, calm, held_up, calm)]
    (latency,) = {round(sum(values), 9) for values in by_workers(pairs, "latency").values()}
    assert latency == 0.0
    plain = compare_others(pairs, [], TOLERANCES)["plain latency"]
    assert (plain.verdict, is_open("plain latency", plain)) == (PairedVerdict.UNDECIDED, True)
    slower = replace(plain, verdict=PairedVerdict.REGRESSED)
    assert seemingly_worse(slower, {"plain latency": plain}) == {}, "a slower latency says it already"
    assert seemingly_worse(replace(plain, verdict=PairedVerdict.EQUIVALENT), {"plain latency": plain})
    other_way = [Pair(workers=one.workers, reference=one.candidate, candidate=one.reference) for one in pairs]
    assert not is_open("plain latency", compare_others(other_way, [], TOLERANCES)["plain latency"])


def with_joules(*joules: tuple[float, float | None]) -> list[Sample]:
    return [replace(sample(1.0, 1.0), energy=Energy(package_j=package, dram_j=dram)) for package, dram in joules]


def test_joules_are_compared_image_by_image_and_asked_until_they_are_decided() -> None:
    """Other work on the machine meets both sides. Two pairs of workers may be too few, and nothing else would tell."""
    before, after, busier_before, busier_after = with_joules((1000, 80), (1060, 80), (1500, 80), (1590, 80))
    of_one = [(before, after), (busier_before, busier_after), (before, after)]
    pairs = [pair(*images, workers=number) for number in (1, 2, 3) for images in of_one]
    energies = [compare_others(pairs[: 3 * workers], [], TOLERANCES)["package energy"] for workers in (1, 2, 3)]
    assert [energy.ratio for energy in energies] == pytest.approx([1.06] * 3, abs=1e-6)
    assert [is_open("package energy", energy) for energy in energies] == [True, True, False]
    assert [has_moved(energy) for energy in energies] == [False, False, True]
    memory = compare_others(pairs, [], TOLERANCES)["DRAM energy"]
    assert (memory.verdict, is_open("DRAM energy", memory)) == (PairedVerdict.EQUIVALENT, False)


def test_joules_that_only_one_side_has_are_not_compared() -> None:
    whole, packages = with_joules((1000, 80), (1060, None))
    others = compare_others([pair(whole, packages)], [], TOLERANCES)
    assert "package energy" in others
    assert "DRAM energy" not in others
    assert "package energy" not in compare_others([pair(whole, sample(1.0, 1.0))], [], TOLERANCES)
