"""The surroundings of a process: read from recorded text, and from a real process."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from perf.host.stack import ROOT
from perf.worker import surroundings

MAPS = """\
7f0000000000-7f0000001000 r-xp 00000000 08:01 42 /usr/lib/x86_64-linux-gnu/libjemalloc.so.2
7f0000002000-7f0000003000 r-xp 00000000 08:01 43 /venv/lib/libiomp5.so
7f0000004000-7f0000005000 r-xp 00000000 08:01 44 /venv/lib/python3.11/site-packages/torch/lib/libgomp-24e2ab19.so.1
7f0000006000-7f0000007000 rw-p 00000000 00:00 0
7f0000008000-7f0000009000 r-xp 00000000 08:01 45 /venv/lib/a name with blanks/libopenvino.so.2641
7f000000a000-7f000000b000 r--p 00000000 08:01 42 /usr/lib/x86_64-linux-gnu/libjemalloc.so.2
7f000000c000-7f000000d000 rw-p 00000000 00:00 0 [heap]
"""


def test_libraries_are_found_once_each() -> None:
    names = surroundings.libraries(MAPS)
    assert names == ["libgomp-24e2ab19.so.1", "libiomp5.so", "libjemalloc.so.2", "libopenvino.so.2641"]
    assert [name for name in names if surroundings.OPENMP.match(name)] == ["libgomp-24e2ab19.so.1", "libiomp5.so"]
    assert [name for name in names if surroundings.ALLOCATOR.match(name)] == ["libjemalloc.so.2"]


def test_a_path_that_is_no_text_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "task").mkdir()
    line = b"7f0000000000-7f0000001000 r-xp 00000000 08:01 42 /opt/\xff/libjemalloc.so.2\n"
    (tmp_path / "maps").write_bytes(line)
    monkeypatch.setattr(surroundings, "SELF", tmp_path)
    assert surroundings.read().allocators == ("libjemalloc.so.2",)


def test_a_real_process_pinned_to_one_cpu() -> None:
    cpu = min(os.sched_getaffinity(0))
    code = (
        "import dataclasses, json, threading\n"
        "from perf.worker import surroundings\n"
        "stop = threading.Event()\n"
        "threads = [threading.Thread(target=stop.wait) for _ in range(2)]\n"
        "[thread.start() for thread in threads]\n"
        "print(json.dumps(dataclasses.asdict(surroundings.read())))\n"
        "stop.set()\n"
    )
    result = subprocess.run(
        ["taskset", "-c", str(cpu), sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT), "MALLOC_CONF": "a:b", "ONEDNN_MAX_CPU_ISA": "AVX2"},
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(result.stdout)
    assert seen["cpus"] == {str(cpu): 3}
    assert seen["malloc_conf"] == "a:b"
    assert seen["steering"]["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert seen["memory_policy"] == "default"


@pytest.mark.parametrize(
    ("mode", "policy"),
    [(0, "default"), (2, "bind"), (2 | 1 << 13, "bind"), (1 | 1 << 15, "preferred"), (99, "not known")],
)
def test_a_memory_policy_is_known_whatever_its_flags(mode: int, policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """``numactl --balancing`` sets a flag in the mode."""

    class Kernel:
        @staticmethod
        def syscall(_number: int, answer: Any, *_: object) -> int:
            answer._obj.value = mode
            return 0

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Kernel)
    assert surroundings.memory_policy() == policy
