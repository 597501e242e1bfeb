"""Other work beside a measurement: one core burnt in bursts of 5 to 40 seconds, with pauses as long.

    python tests/benchmarks/busy_loop.py SEED

The bursts depend on the seed alone. Ends when its parent has.
"""

import os
import random
import sys
import time

SHORTEST_S, LONGEST_S = 5.0, 40.0
SLICE_S = 0.2

generator = random.Random(int(sys.argv[1]))
parent = os.getppid()


def pass_time(is_burning: bool) -> None:
    """Burn a core, or sleep, for a random time."""
    until = time.monotonic() + generator.uniform(SHORTEST_S, LONGEST_S)
    while time.monotonic() < until and os.getppid() == parent:
        slice_ends = time.monotonic() + SLICE_S
        if is_burning:
            while time.monotonic() < slice_ends:
                pass
        else:
            time.sleep(SLICE_S)


while os.getppid() == parent:
    pass_time(is_burning=True)
    pass_time(is_burning=False)
