"""How a worker is started: what is kept of it, and what of a baseline's is not believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perf.errors import BadRecord
from perf.records.launch import Launch, launch_changes

TUNED = Launch.of(
    ("numactl", "-C", "0-15,32"),
    {
        "HF_TOKEN": "secret",
        "HOME": "/home/cheese",
        "LD_LIBRARY_PATH": "/opt/a/lib:/opt/b/lib/",
        "LD_PRELOAD": "libjemalloc.so.2:/home/cheese/.tox/stack-current/lib/libiomp5.so",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "16",
        "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "1024",
        "TORCHINDUCTOR_CACHE_DIR": "/home/cheese/.cache/inductor",
    },
)


def test_what_steers_is_kept_without_paths_of_the_machine() -> None:
    kept = dict(TUNED.environment)
    assert kept.pop("LD_LIBRARY_PATH") == "lib#9e08d9:lib#be358f"
    assert kept == {
        "LD_PRELOAD": "libjemalloc.so.2:libiomp5.so",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "16",
        "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "1024",
    }
    assert TUNED.cpus == frozenset({*range(16), 32})


def test_it_is_read_as_it_was_written() -> None:
    assert Launch.from_json(json.loads(json.dumps(TUNED.to_json()))) == TUNED
    assert Launch.from_json(Launch().to_json()) == Launch()


def test_whatever_is_in_the_environment_can_be_written_and_read() -> None:
    odd = {"MKL_ODD": "a\nb\udcff/c", "OMP_TOOL_LIBRARIES": "/x/evil.so:../y.so", "LD_LIBRARY_PATH": "/a\n:/\udcff"}
    launch = Launch.of((), odd)
    assert launch.environment["OMP_TOOL_LIBRARIES"] == "evil.so:y.so"
    assert Launch.from_json(json.loads(json.dumps(launch.to_json()))) == launch


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"prefix": ["rm", "-rf", "cheese"]}, "prefix 'rm -rf cheese' is not numactl with options"),
        ({"prefix": ["numactl"] * 2}, "'numactl numactl' is not numactl"),
        ({"prefix": ["numactl", "-C", "0", "sh"]}, "is not numactl"),
        ({"prefix": ["numactl", "--file", "0"]}, "is not numactl"),
        ({"prefix": ["numactl", "-C", "0;sh"]}, "is not numactl"),
        ({"prefix": ["numactl", "-C", 7]}, "prefix .* is not a list of words"),
        ({"prefix": "numactl"}, "prefix is not a list"),
        ({"environment": {"PATH": "evil"}}, "environment 'PATH' is not a variable that steers"),
        ({"environment": {"PYTHONSTARTUP": "evil.py"}}, "'PYTHONSTARTUP' is not a variable"),
        ({"environment": {"OMP_TOOL_LIBRARIES": "/tmp/evil.so"}}, r"OMP_TOOL_LIBRARIES .* is not a printable text w"),
        ({"environment": {"OMP_X\n": "1"}}, "is not a variable"),
        ({"environment": {"OMP_NUM_THREADS": "1\n2"}}, "is not a printable text"),
        ({"environment": {"OMP_NUM_THREADS": 2}}, "is not a printable text"),
        ({"environment": []}, "environment is not an object"),
        ({"code": "evil"}, "code is not a field of this schema"),
    ],
)
def test_what_the_suite_would_never_start_is_refused(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRecord, match=reason):
        Launch.from_json(TUNED.to_json() | changed)


def test_memory_can_be_placed() -> None:
    placed = Launch(prefix=("numactl", "-C", "0-3", "-p", "1", "--membind=0-1", "-l"))
    assert placed.cpus == frozenset(range(4))
    assert Launch(prefix=("numactl", "--physcpubind=2,4")).cpus == {2, 4}
    assert Launch(prefix=("numactl", "-C", "all")).cpus == frozenset()


def test_what_differs_is_named() -> None:
    assert launch_changes(TUNED, TUNED) == []
    plain = Launch(environment={"OMP_NUM_THREADS": "32"})
    assert launch_changes(plain, Launch.of((), {"MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "16"})) == [
        "MALLOC_ARENA_MAX not set -> 2",
        "OMP_NUM_THREADS 32 -> 16",
    ]
    assert launch_changes(TUNED, Launch())[0] == "started by numactl -C 0-15,32 -> started directly"
