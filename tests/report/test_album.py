"""The pictures of a page: each once, and those that matter most first."""

from __future__ import annotations

from pathlib import Path

from perf.history.recorded_run import EvidencedRow, read
from perf.report.page.album import MOST_CHARACTERS, PAGE_CHARACTERS, Album, room_beside


def rows_of(path: Path) -> list[EvidencedRow]:
    return read(path).evidenced


def test_each_picture_is_there_once(whole: Path) -> None:
    rows = rows_of(whole)
    made = Album.of(rows, 250_000)
    equal, last = made.pictures_of(rows[0]), made.pictures_of(rows[-1])
    assert equal
    assert last
    assert (equal.image, equal.difference) == (equal.reference, None)
    assert equal.apart.startswith("bit-equal")
    assert last.reference == equal.reference
    assert len({last.image, last.reference, last.difference}) == 3
    assert set(made.contents.values()) == {
        content
        for row in rows
        if row.pictures
        for content in (row.pictures.image, row.pictures.reference, row.pictures.difference)
        if content
    }


def test_where_there_is_no_room_those_furthest_from_the_reference_stay(whole: Path) -> None:
    rows = rows_of(whole)
    last = rows[-1].pictures
    assert last
    assert last.reference
    assert last.difference
    made = Album.of(rows, sum(map(len, (last.image, last.reference, last.difference))))
    assert made.pictures_of(rows[-1])
    assert made.pictures_of(rows[0]), "which needs nothing that is not there"
    assert not any(made.pictures_of(row) for row in rows[1:-1])


def test_the_rows_of_a_fleet_leave_less_room() -> None:
    assert room_beside(12) == MOST_CHARACTERS
    assert 0 < room_beside(120) < 50_000
    assert room_beside(1000) == 0
    assert 2_000_000 - PAGE_CHARACTERS < 50_000
