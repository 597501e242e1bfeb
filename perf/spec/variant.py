"""Variant, one way to run the pipeline: a frozen specification that travels to the worker as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from perf.spec.protocol import Size

Backend = Literal["eager", "ipex", "openvino", "genai", "onnxruntime"]  # the suite's own; a package may bring others
Precision = Literal["fp32", "bf16-autocast", "bf16-weights", "fp16-weights", "chosen-by-backend"]
Scheduler = Literal["checkpoint", "dpm-solver"]
Allocator = Literal["jemalloc", "tcmalloc"]
Compiled = Literal["plain", "freezing", "max-autotune"]  # what TorchInductor is told; the last freezes too
Quantized = Literal["int8-hybrid", "int8-weights"]  # convolutions in int8; or nothing but the storage of weights
Vae = Literal["checkpoint", "taesd"]

# The fields of a variant that decide what image it makes of a checkpoint; the others decide how.
DECIDES_IMAGE = ("scheduler", "latent_consistency", "steps", "size", "vae")
LATER = ("size", "setting_of", "ov_config", "environment")  # the fields that variants did not have at first
AS_RECORDED: Mapping[object, Compiled | None] = {True: "plain", False: None}
BACKENDS: tuple[Backend, ...] = get_args(Backend)
TORCH: tuple[Backend, ...] = ("eager", "ipex")  # the backends that run torch's models
OPENVINO: tuple[Backend, ...] = ("openvino", "genai")  # and OpenVINO's
ONLY: Mapping[str, tuple[Backend, ...]] = {
    "channels_last": TORCH,
    "compiled": ("eager",),
    "sample_input": ("ipex",),
    "static_shape": OPENVINO,
    "quantized": OPENVINO,
    "ov_config": OPENVINO,
}
COMPUTED_IN: Mapping[Precision, tuple[Backend, ...]] = {
    "fp32": ("eager", *OPENVINO, "onnxruntime"),
    "bf16-autocast": TORCH,
    "bf16-weights": ("eager",),
    "fp16-weights": ("eager",),
    "chosen-by-backend": OPENVINO,
}
Property = str | int | float | bool  # what a property of OpenVINO may be


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
    that runs it. ``latent_consistency`` asks for a checkpoint of that kind, whose UNet is told the guidance and sees
    each image once; ``steps`` and ``size`` are the row's own, whatever the protocol says. ``setting_of`` is the name of
    the row that this is one setting of, in a sweep (perf.spec.sweep). ``ov_config`` are properties of OpenVINO that its
    models are compiled with, and ``environment`` variables that the worker is started with. ``published_s`` maps a
    CPU's name to the source article's seconds per image, which is shown but never gated on.

    A ``backend`` that is none of the suite's own is brought by a package in the stack, which decides what options it
    has. Raises ValueError on an option that one of the suite's own does not have.
    """

    name: str
    about: str
    stack: str
    backend: str
    precision: Precision
    scheduler: Scheduler = "checkpoint"
    channels_last: bool = False
    compiled: Compiled | None = None
    sample_input: bool = False
    static_shape: bool = False
    quantized: Quantized | None = None
    vae: Vae = "checkpoint"
    latent_consistency: bool = False
    steps: int | None = None
    size: Size | None = None
    setting_of: str | None = None
    tuning: Tuning | None = None
    warmup_rounds: int = 1
    ov_config: Mapping[str, Property] = field(default_factory=dict, hash=False)
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    published_s: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.warmup_rounds < 1:
            raise ValueError(f"{self.name}: at least one warm-up round is needed")
        if self.is_brought:
            return
        for option, backends in ONLY.items():
            if getattr(self, option) and self.backend not in backends:
                raise ValueError(f"{self.name}: {option} belongs to {' and '.join(backends)}, not to {self.backend}")
        if self.backend not in (backends := COMPUTED_IN[self.precision]):
            raise ValueError(
                f"{self.name}: precision {self.precision} belongs to {' and '.join(backends)}, not to {self.backend}"
            )

    @property
    def is_brought(self) -> bool:
        """Whether a package in the stack brings the backend, rather than the suite."""
        return self.backend not in BACKENDS

    @property
    def base_name(self) -> str:
        """The name by which users choose the row: in a sweep, all of its settings have it in common."""
        return self.setting_of or self.name

    @property
    def setting(self) -> str:
        """What tells the row from the other settings of a sweep, ``256x256-10steps``; empty outside one."""
        return self.name.removeprefix(self.base_name).removeprefix("-")

    @property
    def takes_any_size(self) -> bool:
        """Whether a worker that has loaded it makes images of another size too; of other steps every worker does."""
        return self.backend != "genai" and not (self.static_shape or self.compiled or self.sample_input)

    @property
    def runs_openvino(self) -> bool:
        """Whether the models are OpenVINO's, whatever drives them."""
        return self.backend in OPENVINO

    @property
    def arithmetic(self) -> Precision | Quantized:
        """What the numbers are that it computes with: its limits of fidelity go by that."""
        return self.quantized or self.precision

    @property
    def torch_bf16(self) -> bool:
        """Whether torch is told to compute in bfloat16. OpenVINO chooses for itself."""
        return self.precision in ("bf16-autocast", "bf16-weights")

    def to_json(self) -> dict[str, Any]:
        """Return all fields in JSON types; one that came later is left out where the row does not use it.

        So a worker of an earlier commit, which knows no such field, builds the rows that it always did.
        """
        fields = asdict(self) | {"size": str(self.size) if self.size else None}
        return {name: value for name, value in fields.items() if value or name not in LATER}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Variant:
        """Read a variant, also from a record of version 0.2, in which ``compiled`` is true or false."""
        tuning, compiled, size = data["tuning"], data["compiled"], data.get("size")
        read = {
            "tuning": Tuning(**tuning) if tuning else None,
            "compiled": AS_RECORDED.get(compiled, compiled),
            "size": Size.parse(size) if size else None,
        }
        return cls(**{**data, **read})
