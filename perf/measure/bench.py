"""The bench: what all variants of a run are measured with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perf.host.machine import Machine
from perf.measure.checkpoints import Model
from perf.measure.energy_meter import EnergyMeter
from perf.measure.estimate import Estimate
from perf.measure.known_peaks import KnownPeaks
from perf.measure.machine_probe import Probe
from perf.measure.progress import Progress
from perf.spec.protocol import Deadlines, Protocol
from perf.spec.variant import Variant


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The things that all variants of a run share; a variant's own is ``Run.bench_of``.

    ``latents`` is the .npy file that every generation starts from; ``exports`` is the folder of OpenVINO's models.
    ``estimate`` is that of the ladder's time, or None where something other than a ladder is measured. ``prompts`` are
    what 8 bits are calibrated with, ``small_vae`` is the folder of an AutoencoderTiny for a variant that takes one, and
    ``export`` a model for a worker that cannot export it. ``peaks`` are those that this run has measured, and
    ``energy_meter`` reads the machine's counters of energy.
    """

    protocol: Protocol
    deadlines: Deadlines
    model: Model
    machine: Machine
    latents: Path
    exports: Path
    progress: Progress
    probe: Probe
    prompts: tuple[str, ...]
    peaks: KnownPeaks
    energy_meter: EnergyMeter
    small_vae: Path | None = None
    export: Path | None = None
    estimate: Estimate | None = None

    def load_request(self, variant: Variant) -> dict[str, Any]:
        """Return the request ``load`` of perf.worker.__main__ for a variant."""
        return {
            "variant": _told_to_a_worker(variant),
            "checkpoint": str(self.model.folder),
            "checkpoint_digest": self.model.digest,
            "size": str(self.protocol.size),
            "guidance_scale": self.protocol.guidance_scale,
            "exports": str(self.exports),
            "export": self.export and str(self.export),
            "small_vae": self.small_vae and str(self.small_vae),
            "prompts": list(self.prompts),
            "batch": self.protocol.batch,
        }


def _told_to_a_worker(variant: Variant) -> dict[str, Any]:
    """Return a variant as a worker is told of it: of which row it is a setting is nothing to one."""
    told = variant.to_json()
    told.pop("setting_of", None)
    return told
