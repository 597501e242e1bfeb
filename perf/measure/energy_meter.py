"""The joules that the machine uses while something runs: windows over the counters of perf.host.energy.

The parent reads them, just before a request is sent to a worker and just after its reply. That takes a tenth of a
millisecond, outside of what the worker times, and pytest-benchmark's clock stands still meanwhile.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from perf.errors import BadCounter
from perf.host import energy
from perf.host.energy import Hidden, Zone
from perf.measure.pedantic import clock
from perf.records.energy import Energy

READ_EVERY = 0.25  # of the time in which a counter can begin anew


class EnergyMeter:
    """What opens windows over these counters; without any, as in a virtual machine, windows hold no joules.

    ``say`` is told what is wrong with a counter, once of each fault of each; ``now_s`` is a monotonic clock.
    """

    def __init__(
        self, zones: Sequence[Zone], say: Callable[[str], None], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.zones = tuple(zones)
        self.now_s = now_s
        self._say = say
        self._said: set[tuple[str, str]] = set()

    @classmethod
    def of_machine(cls, say: Callable[[str], None]) -> EnergyMeter:
        """Return the meter of this machine's counters; why it has none is for perf.host.energy to say."""
        zones = energy.zones()
        return cls(() if isinstance(zones, Hidden) else zones, say)

    def window(self) -> EnergyWindow:
        """Return a window that holds nothing yet."""
        return EnergyWindow(self)

    def complain(self, error: BadCounter) -> None:
        """Say that an image has no joules, and why, unless that was said of the same counter before."""
        if (error.zone, error.fault) not in self._said:
            self._said.add((error.zone, error.fault))
            self._say(f"energy: {error}; an image during which this happens has no joules")


class EnergyWindow:
    """The joules of all the times that it was counting, added up.

    A window over a long time has to be kept up in between, before a counter can have begun anew twice.
    """

    def __init__(self, meter: EnergyMeter) -> None:
        self._meter = meter
        self._used_j = dict.fromkeys(meter.zones, 0.0)
        self._shown_uj: dict[Zone, int] = {}
        self._read_at_s = 0.0
        self._is_whole = bool(meter.zones)
        self._keep_up_s = READ_EVERY * min((zone.wraps_after_s for zone in meter.zones), default=0.0)

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Count what is used during the block; of one that raises, nothing."""
        self._read()
        yield
        self._add()

    def keep_up(self) -> None:
        """Read once more within ``counting``, if the last reading is so old that a counter may begin anew soon."""
        if self._is_whole and self._meter.now_s() - self._read_at_s >= self._keep_up_s:
            self._add()

    @property
    def energy(self) -> Energy | None:
        """What was used so far; None where it could not be read, or not all of it, or where a package stood still."""
        if not self._is_whole:
            return None
        packages_j = {zone: used_j for zone, used_j in self._used_j.items() if not zone.is_dram}
        for zone, used_j in packages_j.items():
            if used_j == 0:
                self._spoil(BadCounter(zone.name, "stands still", f"{self._shown_uj.get(zone)} uJ before and after"))
                return None
        drams_j = [used_j for zone, used_j in self._used_j.items() if zone.is_dram]
        return Energy(package_j=sum(packages_j.values()), dram_j=sum(drams_j) if drams_j else None)

    def _add(self) -> None:
        """Read, and add what was used since the last reading."""
        before_uj, before_s = self._shown_uj, self._read_at_s
        self._read()
        if not self._is_whole:
            return
        try:
            for zone, shown_uj in self._shown_uj.items():
                self._used_j[zone] += zone.used_j(before_uj[zone], shown_uj, self._read_at_s - before_s)
        except BadCounter as error:
            self._spoil(error)

    def _read(self) -> None:
        if not self._is_whole:
            return
        with clock.held():
            try:
                self._shown_uj = {zone: zone.read_uj() for zone in self._meter.zones}
            except BadCounter as error:
                self._spoil(error)
            self._read_at_s = self._meter.now_s()

    def _spoil(self, error: BadCounter) -> None:
        self._is_whole = False
        self._meter.complain(error)


class EnergyOfLast:
    """The joules of the last block that was counted, where several follow one another."""

    def __init__(self, meter: EnergyMeter) -> None:
        self._meter = meter
        self._window = meter.window()

    def counting(self) -> contextlib.AbstractContextManager[None]:
        """Forget the last block, and count what is used during this one."""
        self._window = self._meter.window()
        return self._window.counting()

    def keep_up(self) -> None:
        """Read once more within ``counting``, as EnergyWindow.keep_up does."""
        self._window.keep_up()

    @property
    def energy(self) -> Energy | None:
        """What was used during the block; see EnergyWindow."""
        return self._window.energy
