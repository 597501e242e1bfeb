"""Samples for tests."""

from __future__ import annotations

from perf.records.energy import Energy
from perf.records.sample import Conditions, Parts, Sample


def sample(latency_s: float, peak_rss_bytes: int | None = 2 * 1024**3, energy: Energy | None = None) -> Sample:
    parts = Parts(text_encoder_s=0.0, unet_steps_s=(latency_s,), vae_decode_s=0.0, safety_checker_s=0.0, rest_s=0.0)
    conditions = Conditions(
        cpu_s=1.0, peak_rss_bytes=peak_rss_bytes, involuntary_switches=0, cpu_pressure_s=None, steal_s=0.0
    )
    return Sample(steps=20, latency_s=latency_s, parts=parts, conditions=conditions, energy=energy)
