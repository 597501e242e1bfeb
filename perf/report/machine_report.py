"""The verdict on the machine as a line, as JUnit's properties, and as a message where it fails."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from perf.gate.against_baseline import Gate
from perf.stats.machine_verdict import MachineVerdict
from perf.stats.verdict import percent

NO_CHANGE = (
    "nothing that is recorded of it; see `python -m perf machine --check`, and look for other work, heat and neighbours"
)


def lines(verdict: MachineVerdict | None) -> list[str]:
    """Return the line below the verdicts on the rows; none where the machine was not judged."""
    return [f"machine  {verdict}"] if verdict else []


def junit_properties(verdict: MachineVerdict) -> dict[str, str]:
    """Return the kind, the sentence and the figures, as JUnit's properties."""
    properties = {"machine": str(verdict.kind), "says": verdict.sentence}
    if verdict.ratio is not None and verdict.low is not None and verdict.high is not None:
        properties["latency"] = f"{verdict.ratio:.4f} [{verdict.low:.4f}, {verdict.high:.4f}]"
    for name, ratio in (("probe", verdict.probe), ("peak", verdict.peak)):
        if ratio is not None:
            properties[name] = f"{ratio:.4f}"
    return properties


def failure(verdict: MachineVerdict, gate: Gate, options: Sequence[str]) -> str:
    """Explain to the reader of a CI log why the machine fails: the sentence, the rows, and what changed on it.

    Args:
        verdict: the verdict on the machine.
        gate: what judged it.
        options: those of this run that are needed to measure the same again.
    """
    again = shlex.join(["tox", "run", "-e", "perf", "--", *options])
    changes = ", ".join(gate.particular_changes())
    rows = ", ".join(f"{name} {percent(ratio)}" for name, ratio in verdict.rows.items())
    return "\n".join(
        [
            f"the machine: {verdict}",
            f"tolerated:   {100 * verdict.tolerance:g} % (--machine-tolerance)",
            f"rows:        {rows or 'none could be compared'}",
            f"changed:     {changes or NO_CHANGE}",
            f"baseline:    {gate.path}",
            "These rows have the software of their baselines; what they share is excused in their own verdicts.",
            f"measure again:               {again}",
            f'accept as the new baselines: {again} --update-baseline --why "REASON"',
        ]
    )
