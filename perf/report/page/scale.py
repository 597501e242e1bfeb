"""Scales, from values to places in a picture, and the ticks on their axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STEPS = (1, 2, 5, 10)
TICK_DAYS = (1, 2, 7, 14)
TICK_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
DAYS_OF_MONTH = 30.4
DAY_S = 86400.0


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A map of the values from ``low`` to ``high`` to the places from ``start`` to ``end``; beyond them, to these."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        low, high, value = (math.log(each) if self.is_log else each for each in (self.low, self.high, value))
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Tell whether a value lies within the scale."""
        return self.low <= value <= self.high


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most ``most`` round values from ``low`` to ``high``, or one more."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in STEPS if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def powers_of_ten(low: float, high: float) -> list[float]:
    """Return the powers of ten from ``low`` to ``high``."""
    return [10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]


def time_ticks(low_s: float, high_s: float, most: int) -> list[tuple[float, str]]:
    """Return at most ``most`` days or months between two times, in seconds since 1970, each with its label."""
    days = (high_s - low_s) / DAY_S
    for step in TICK_DAYS:
        if days / step < most:
            return _days(low_s, high_s, step)
    step = next((step for step in TICK_MONTHS if days / (step * DAYS_OF_MONTH) < most), TICK_MONTHS[-1])
    return _months(low_s, high_s, step)


def _days(low_s: float, high_s: float, step: int) -> list[tuple[float, str]]:
    first = datetime.fromtimestamp(low_s, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    count = int((high_s - low_s) // DAY_S) + 2
    days = (first + timedelta(days=number) for number in range(0, count, step))
    return [(day.timestamp(), f"{day.day} {day:%b}") for day in days if low_s <= day.timestamp() <= high_s]


def _months(low_s: float, high_s: float, step: int) -> list[tuple[float, str]]:
    """Return the firsts of months, counted so that January is among them."""
    began, ended = datetime.fromtimestamp(low_s, UTC), datetime.fromtimestamp(high_s, UTC)
    numbers = range(began.year * 12 + began.month - 1, ended.year * 12 + ended.month)
    firsts = [datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC) for number in numbers if number % step == 0]
    label = "%b %Y" if step < 12 else "%Y"
    return [(first.timestamp(), f"{first:{label}}") for first in firsts if low_s <= first.timestamp() <= high_s]
