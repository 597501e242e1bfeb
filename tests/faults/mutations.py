"""Mutations of a baseline file, of its JSON or of its bytes, and whether they are survived.

    python -m tests.faults.mutations --count 100000

After any of them each verdict is as it was, or ``invalid`` with the file's path: a file has checksums, so that no
number of it can have become another one.
"""

from __future__ import annotations

import argparse
import collections
import copy
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from perf.gate import store
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.gate.baseline import Baseline
from perf.stats.verdict import Verdict, VerdictKind
from tests.builders.baselines import EAGER, KEY, STACK, STATIC, accept
from tests.builders.evidence import evidence
from tests.builders.json_places import places
from tests.builders.machines import GENOA
from tests.builders.sessions import sessions

LONGEST_S = 10.0  # that a verdict may take
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 0.5, -0.0, 1e-300, 5e-324, 1e300, 10**30, float("nan"), float("inf"), "", "cheese",
    "\ud800", "../../etc/passwd", "torch @ file:///evil #", [], {}, [None], [[]], {"a": 1}, [1e300],
)  # fmt: skip
DEEP = 50
SLOWDOWNS = (0.0, 0.3)


def baseline(*, with_checksums: bool = True) -> dict[str, Any]:
    """Return the JSON of a baseline of two rows, one of them with evidence."""
    data = accept(accept(None), STATIC.name).to_json()
    data["rows"][EAGER.name]["evidence"] = json.loads(json.dumps(evidence().to_json()))
    sealed = Baseline.from_json(json.loads(json.dumps(unsealed(data)))).to_json()
    return sealed if with_checksums else unsealed(sealed)


def unsealed(data: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON without its checksums."""
    rows = {name: {key: value for key, value in row.items() if key != "checksum"} for name, row in data["rows"].items()}
    return {key: value for key, value in data.items() if key != "checksum"} | {"rows": rows}


def mutate_json(data: dict[str, Any], dice: random.Random) -> str:
    """Return the text of the JSON with one value changed, removed, repeated, renamed or nested deeply."""
    changed = copy.deepcopy(data)
    *path, last = dice.choice(places(changed))
    inner: Any = changed
    for key in path:
        inner = inner[key]
    match dice.randrange(5):
        case 0:
            del inner[last]
        case 1 if isinstance(inner, dict):
            inner[f"{last}x"] = inner.pop(last)
        case 2:
            inner[last] = json.loads("[" * DEEP + "]" * DEEP)
        case 3 if isinstance(inner[last], int | float) and not isinstance(inner[last], bool):
            inner[last] *= dice.choice((-1, 0, 0.1, 0.97, 1.03, 10, 1000))
        case _:
            inner[last] = copy.deepcopy(dice.choice(VALUES))
    return json.dumps(changed)


def mutate_bytes(text: str, dice: random.Random) -> bytes:
    """Return the text with some bytes changed, removed or repeated."""
    content = bytearray(text.encode())
    begin = dice.randrange(len(content))
    end = min(len(content), begin + int(10 ** dice.uniform(0, 3)))
    match dice.randrange(4):
        case 0:
            content[begin] ^= 1 << dice.randrange(8)
        case 1:
            del content[begin:end]
        case 2:
            content[begin:begin] = content[begin:end]
        case _:
            del content[end:]
    return bytes(content)


def mutate(data: dict[str, Any], dice: random.Random) -> bytes:
    """Return a mutated file."""
    if dice.random() < 0.7:
        return mutate_json(data, dice).encode()
    return mutate_bytes(store.serialise(data), dice)


def verdicts(folder: Path, slowdown: float) -> dict[str, Verdict]:
    """Return the verdicts on two rows that are slower by so much."""
    judged = [
        MeasuredRow(variant, STACK, sessions(3, seed=9, slowdown=slowdown), evidence=evidence())
        for variant in (EAGER, STATIC)
    ]
    return Gate(folder, GENOA, KEY).judge(judged)


def write(folder: Path, content: bytes) -> Path:
    """Write the baseline's file, and return its path."""
    target = store.path_of(folder, KEY)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def survives(folder: Path, content: bytes, slowdown: float, expected: dict[str, VerdictKind]) -> str | None:
    """Judge by a file with this content; return what is wrong with the verdicts, or None. Raises whatever it raises."""
    target = write(folder, content)
    began_s = time.monotonic()
    judged = verdicts(folder, slowdown)
    if time.monotonic() - began_s > LONGEST_S:
        return "it took too long"
    for name, verdict in judged.items():
        if verdict.kind is VerdictKind.INVALID and str(target) in verdict.sentence:
            continue
        if verdict.kind is not expected[name]:
            return f"{name} is {verdict}"
    return None


def main() -> int:
    """Try so many mutations, print those that are not survived, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutations", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    data = baseline()
    outcomes: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="perf-mutations-") as folder:
        place = Path(folder)
        write(place, store.serialise(data).encode())
        expected = {
            slowdown: {name: verdict.kind for name, verdict in verdicts(place, slowdown).items()}
            for slowdown in SLOWDOWNS
        }
        for seed in range(options.seed, options.seed + options.count):
            dice = random.Random(seed)
            slowdown = dice.choice(SLOWDOWNS)
            try:
                wrong = survives(place, mutate(data, dice), slowdown, expected[slowdown])
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a traceback
                wrong = f"{type(error).__name__}: {error}"
            outcomes["survived" if wrong is None else "not survived"] += 1
            if wrong:
                print(f"seed {seed}: {wrong}", flush=True)
    print(dict(outcomes))
    return 1 if outcomes["not survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
