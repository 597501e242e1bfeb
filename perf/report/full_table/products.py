"""What a row's matrix products and convolutions ran in: the types that they multiply, and the longest kernel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from perf.records.evidence import Evidence
from perf.records.part import Part


@dataclass(frozen=True, kw_only=True)
class Products:
    """Shares of the time in products, in 0..1: by the type of what is multiplied, the largest first, and of ``kernel``.

    ``kernel`` is the one that takes most of it, with its types.
    """

    types: Mapping[str, float]
    kernel: str
    kernel_share: float

    @classmethod
    def of(cls, evidence: Evidence, unet_calls: int) -> Self | None:
        """Return what the products of a whole image ran in; None where no product took any time.

        The evidence has the kernels of one call of each part, and an image has ``unet_calls`` of the UNet's.
        """
        calls = {str(Part.UNET_STEP): max(unet_calls, 1)}
        types_s: defaultdict[str, float] = defaultdict(float)
        kernels_s: defaultdict[str, float] = defaultdict(float)
        for kernel in evidence.kernels:
            if kernel.is_product:
                time_s = kernel.time_s * calls.get(kernel.part, 1)
                types_s[kernel.types.split(":")[0]] += time_s
                kernels_s[f"{kernel.implementation} {kernel.types}"] += time_s
        total_s = sum(types_s.values())
        if not total_s:
            return None
        longest = max(kernels_s, key=lambda name: kernels_s[name])
        return cls(
            types={name: types_s[name] / total_s for name in sorted(types_s, key=lambda name: -types_s[name])},
            kernel=longest,
            kernel_share=kernels_s[longest] / total_s,
        )
