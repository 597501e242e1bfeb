"""Variant, one way to run the pipeline: a frozen specification that travels to the worker as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Backend = Literal["eager", "ipex", "openvino"]
Precision = Literal["fp32", "bf16-autocast", "bf16-weights", "chosen-by-backend"]
Scheduler = Literal["checkpoint", "dpm-solver"]
Allocator = Literal["jemalloc", "tcmalloc"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits on how far an image may be from that of eager float32; perf.proof.fidelity defines the three measures.

    ``psnr_db`` and ``ssim`` are the least that is accepted, ``latents_error`` is the most, as a share.
    """

    psnr_db: float
    ssim: float
    latents_error: float


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """System tuning around the process: an allocator and Intel OpenMP preloaded, and the cores of one socket."""

    allocator: Allocator


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A row of the ladder.

    ``name`` is the test id, and ``about`` says in a sentence or two what the row is. ``stack`` names the environment
    that runs it. ``published_s`` maps a CPU's name to the source article's seconds per image, which is shown but never
    gated on. Raises ValueError on an option that the backend does not have.
    """

    name: str
    about: str
    stack: str
    backend: Backend
    precision: Precision
    scheduler: Scheduler = "checkpoint"
    channels_last: bool = False
    compiled: bool = False
    sample_input: bool = False
    static_shape: bool = False
    tuning: Tuning | None = None
    warmup_rounds: int = 1
    published_s: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        only = {"compiled": "eager", "sample_input": "ipex", "static_shape": "openvino"}
        for option, backend in only.items():
            if getattr(self, option) and self.backend != backend:
                raise ValueError(f"{self.name}: {option} belongs to the {backend} backend, not {self.backend}")
        if self.warmup_rounds < 1:
            raise ValueError(f"{self.name}: at least one warm-up round is needed")

    @property
    def torch_bf16(self) -> bool:
        """Whether torch is told to compute in bfloat16. OpenVINO chooses for itself."""
        return self.precision in ("bf16-autocast", "bf16-weights")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Variant:
        tuning = data["tuning"]
        return cls(**{**data, "tuning": Tuning(**tuning) if tuning else None})
