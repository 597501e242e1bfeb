"""The probe: a process that times the machine itself, by a matrix product that no stack takes part in.

On a shared machine, identical sessions drift by some per cent over an hour, and the speed may change by a tenth from
one minute to the next. The probe follows both (`python -m perf evaluate` prints the correlation for recorded sessions),
so the gate can tell the machine's speed from the software's. The product is made by numpy's own BLAS in the suite's
environment: an upgrade of torch or OpenVINO does not touch it.

Its one request, over perf.worker.wire:

=========  ===========  =====================================================
request    fields       last reply, and its fields
=========  ===========  =====================================================
``probe``  ``repeats``  ``probed``: ``probe_s``, the seconds of the fastest
=========  ===========  =====================================================
"""

from __future__ import annotations

import sys
import time

import numpy as np

from perf.worker import wire

SIDE = 1536  # 7.2 GFLOP in float32: 36 ms on two cores of a Genoa


class Probe:
    """Two matrices, multiplied on request."""

    def __init__(self, reply: wire.Wire) -> None:
        self._reply = reply
        random = np.random.default_rng(0)
        self._left = random.random((SIDE, SIDE), dtype=np.float32)
        self._right = random.random((SIDE, SIDE), dtype=np.float32)
        self._product = np.empty_like(self._left)

    def probe(self, repeats: int) -> None:
        """Reply with the seconds of the fastest of ``repeats`` products."""
        self._reply("probed", probe_s=min(self._once() for _ in range(repeats)))

    def _once(self) -> float:
        began = time.perf_counter()
        np.matmul(self._left, self._right, out=self._product)
        return time.perf_counter() - began


if __name__ == "__main__":
    wire.main(sys.argv[1:], lambda reply: {"probe": Probe(reply).probe})
