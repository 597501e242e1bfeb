"""Conversions by several threads at once, as the replies of workers side by side are: in a process that may die."""

from __future__ import annotations

import subprocess
import sys

from perf.host.stack import ROOT

# Every class is met for the first time by all threads at once.
MANY_AT_ONCE = """
import dataclasses, sys, threading
from perf.records.typed_json import convert

sys.setswitchinterval(1e-6)
for _ in range(300):
    inner = dataclasses.make_dataclass("Inner", [(f"field_{n}", float) for n in range(8)])
    kind = dataclasses.make_dataclass("Outer", [("inner", inner), ("rest", "tuple[float, ...]")])
    data = {"inner": {f"field_{n}": 1.0 for n in range(8)}, "rest": [1.0]}
    begin = threading.Barrier(8)
    threads = [threading.Thread(target=lambda: (begin.wait(), convert(data, kind))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("all converted")
"""


def test_threads_that_meet_a_class_at_once_do_not_end_the_process() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", MANY_AT_ONCE], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stdout == "all converted\n", ran.stderr
