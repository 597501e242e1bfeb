"""How far each part of a generation is from what the machine itself can do: the share of its peak that is reached.

The least time a call can take is that of its floating-point operations at the machine's peak, or that of reading its
weights once from memory, whichever is longer (the roofline model: Williams, Waterman, Patterson, CACM 52(4), 2009). The
peak is that of a large matrix product or convolution, whichever is faster, in the precision that the call's products
are mostly in, by the variant's own stack, the largest that this machine has ever reached with it. The share of the
peak is that least time over the time it took.
"""

from __future__ import annotations

from dataclasses import dataclass

from perf.records.evidence import Evidence, Kernel, Peak
from perf.records.work import Work

BYTES = {"f32": 4, "bf16": 2, "f16": 2, "i8": 1}


@dataclass(frozen=True, kw_only=True)
class Reached:
    """One call of a part: the seconds it took, and those that it would take at the machine's peak in ``precision``."""

    part: str
    time_s: float
    least_s: float
    flop_per_s: float
    precision: str

    @property
    def share(self) -> float:
        """The share of the peak that was reached, in 0..1."""
        return self.least_s / self.time_s


def reached(part: str, work: Work, time_s: float, evidence: Evidence, peak: Peak) -> Reached | None:
    """Return what one call of a part reached of the peak; it took ``time_s`` and had so much ``work`` to do.

    None where no peak is known of the precision that it mostly computes in.
    """
    precision = mostly(evidence, part)
    flop_per_s = peak.flop_per_s(precision)
    if flop_per_s is None:
        return None
    least_s = max(work.operations / flop_per_s, work.weights * BYTES[precision] / peak.memory_bytes_per_s)
    return Reached(
        part=part,
        time_s=time_s,
        least_s=least_s,
        flop_per_s=work.operations / time_s,
        precision=precision,
    )


def mostly(evidence: Evidence, part: str) -> str:
    """Return the precision that products spend most time in; a part without kernels counts as the others do."""
    products = [kernel for kernel in evidence.kernels if kernel.is_product]
    counted: list[Kernel] = [kernel for kernel in products if kernel.part == part] or products
    times_s = dict.fromkeys(BYTES, 0.0)
    for kernel in counted:
        if kernel.precision in times_s:
            times_s[kernel.precision] += kernel.time_s
    return max(times_s, key=times_s.__getitem__)
