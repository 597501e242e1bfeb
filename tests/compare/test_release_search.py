"""The walk by halves: what it finds, what it skips, what it keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf.cli.upgrade_search import without_budget
from perf.compare.release_search import SearchLog, SearchResult, Step, walk
from perf.stats.paired_comparison import PairedVerdict

RELEASES = [f"2026.{minor}.0" for minor in range(8)]


class Measured:
    """A comparison that answers at once, and notes what it was asked."""

    def __init__(self, slow_from: int, **exceptions: PairedVerdict) -> None:
        self._slow_from, self._exceptions = slow_from, exceptions
        self.asked: list[str] = []

    def __call__(self, release: str) -> Step:
        self.asked.append(release)
        number = RELEASES.index(release)
        verdict = PairedVerdict.REGRESSED if number >= self._slow_from else PairedVerdict.EQUIVALENT
        return Step(release, self._exceptions.get(f"r{number}", verdict), f"{number} %")


def walked(measured: Measured, log: SearchLog) -> SearchResult:
    return walk(RELEASES, measured, log, lambda _: None)


@pytest.fixture
def log(tmp_path: Path) -> SearchLog:
    return SearchLog(tmp_path / "kept.json")


@pytest.mark.parametrize("first_slow", range(1, 8))
def test_the_first_slower_release_is_found_in_three_or_four_steps(log: SearchLog, first_slow: int) -> None:
    measured = Measured(first_slow)
    result = walked(measured, log)
    assert (result.slower, result.last_good) == (RELEASES[first_slow], RELEASES[first_slow - 1])
    assert result.sentence.startswith(f"{RELEASES[first_slow]} is the first that is slower: {first_slow} %;")
    assert len(measured.asked) <= 4


def test_where_the_last_is_not_slower_there_is_nothing_to_find(log: SearchLog) -> None:
    measured = Measured(99)
    result = walked(measured, log)
    assert (result.slower, result.is_undecided, measured.asked) == (None, False, [RELEASES[-1]])


def test_what_cannot_be_measured_is_stepped_around_and_named(log: SearchLog) -> None:
    measured = Measured(4, r3=PairedVerdict.INVALID, r4=PairedVerdict.INVALID)
    result = walked(measured, log)
    assert (result.slower, result.last_good) == (RELEASES[5], RELEASES[2])
    assert result.sentence.endswith("; 2026.3.0, 2026.4.0 between them could not be measured")
    assert len(set(measured.asked)) == len(measured.asked), "nothing is measured twice"
    assert (log.get(RELEASES[3]), log.get(RELEASES[5])) == (None, Step(RELEASES[5], PairedVerdict.REGRESSED, "5 %"))


def test_an_interrupted_walk_goes_on(tmp_path: Path) -> None:
    def interrupted(release: str) -> Step:
        if len(measured.asked) == 2:
            raise KeyboardInterrupt
        return measured(release)

    measured = Measured(5)
    with pytest.raises(KeyboardInterrupt):
        walk(RELEASES, interrupted, SearchLog(tmp_path / "kept.json"), lambda _: None)
    later = Measured(5)
    assert walked(later, SearchLog(tmp_path / "kept.json")).slower == RELEASES[5]
    assert not set(later.asked) & set(measured.asked)


def test_an_undecided_step_ends_the_walk_and_is_measured_again(tmp_path: Path) -> None:
    result = walked(Measured(5, r3=PairedVerdict.UNDECIDED), SearchLog(tmp_path / "kept.json"))
    assert (result.is_undecided, result.slower) == (True, None)
    assert "2026.3.0 is undecided" in result.sentence
    later = Measured(5)
    assert walked(later, SearchLog(tmp_path / "kept.json")).slower == RELEASES[5]
    assert RELEASES[3] in later.asked


def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text('[{"release": "2026.1.0", "verdict": "cheese"}]')
    assert walked(Measured(2), SearchLog(tmp_path / "kept.json")).slower == RELEASES[2]


def test_another_budget_goes_on_with_the_same_walk() -> None:
    options = ["--variant", "eager-fp32", "--budget", "60", "--require-all"]
    assert without_budget(options) == ["--variant", "eager-fp32", "--require-all"]
