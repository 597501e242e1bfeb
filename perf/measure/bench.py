"""The bench: what all variants of a run are measured with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from perf.host.machine import Machine
from perf.measure.checkpoints import Model
from perf.measure.estimate import Estimate
from perf.measure.machine_probe import Probe
from perf.measure.progress import Progress
from perf.spec.protocol import Deadlines, Protocol


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The things that all variants of a run share.

    ``latents`` is the .npy file that every generation starts from; ``exports`` is the folder of OpenVINO's models.
    ``estimate`` is that of the ladder's time, or None where something other than a ladder is measured.
    """

    protocol: Protocol
    deadlines: Deadlines
    model: Model
    machine: Machine
    latents: Path
    exports: Path
    progress: Progress
    probe: Probe
    estimate: Estimate | None = None
