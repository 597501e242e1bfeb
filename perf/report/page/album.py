"""The pictures on the page: each one once, and those of the rows that are furthest from their reference first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from perf.history.recorded_run import EvidencedRow
from perf.proof.pictures import Pictures

MOST_CHARACTERS = 250_000  # of base64
PAGE_CHARACTERS = 1_980_000  # that a page may have
ROW_CHARACTERS = 16_200  # of a row with a year of nights: a row of the largest page is 16,150 on average


@dataclass(frozen=True, kw_only=True)
class RowPictures:
    """The pictures of a row by their ids on the page, and how far apart the two images are, in words."""

    image: str
    reference: str | None
    difference: str | None
    amplified: int
    apart: str


@dataclass
class Album:
    """The pictures of a page: ``ids`` by what they show, as base64, and those of each row."""

    ids: dict[str, str] = field(default_factory=dict)
    _rows: dict[int, RowPictures] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[EvidencedRow], room: int) -> Album:
        """Collect the pictures of these rows, as far as there is room for so many characters."""
        album, free = cls(), room
        drawn = [row for row in rows if row.pictures]
        for row in sorted(drawn, key=likeness):
            assert row.pictures
            needed = sum(map(len, album.missing(row.pictures)))
            if needed <= free:
                free -= needed
                album._add(row, row.pictures)
        return album

    @property
    def contents(self) -> Mapping[str, str]:
        """The pictures by their ids."""
        return {name: content for content, name in self.ids.items()}

    def pictures_of(self, row: EvidencedRow) -> RowPictures | None:
        """Return the pictures of one of these rows; None where it has none, or there was no room."""
        return self._rows.get(id(row))

    def missing(self, pictures: Pictures) -> set[str]:
        """Return those of the pictures that are not here yet."""
        return {each for each in (pictures.image, pictures.reference, pictures.difference) if each} - self.ids.keys()

    def _add(self, row: EvidencedRow, pictures: Pictures) -> None:
        self._rows[id(row)] = RowPictures(
            image=self._id(pictures.image),
            reference=self._id(pictures.reference) if pictures.reference else None,
            difference=self._id(pictures.difference) if pictures.difference else None,
            amplified=pictures.amplified,
            apart=str(row.fidelity) if row.fidelity else "not compared",
        )

    def _id(self, content: str) -> str:
        return self.ids.setdefault(content, f"picture{len(self.ids) + 1}")


def room_beside(rows: int) -> int:
    """Return how many characters of pictures there is room for on a page of so many rows."""
    return max(0, min(MOST_CHARACTERS, PAGE_CHARACTERS - rows * ROW_CHARACTERS))


def likeness(row: EvidencedRow) -> float:
    """Return how close a row's image is to the reference's, in dB; less than anything where that is not known."""
    return row.fidelity.psnr_db if row.fidelity else -math.inf
