"""Evidence, what a worker was really doing: read from the worker after the timed rounds.

A variant claims to use bfloat16, jemalloc, static shapes and the like; perf.proof.claims checks those claims against
the evidence.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from perf.errors import BadRecord
from perf.records.checks import check_number
from perf.records.part import Part

LOOKED_AT = (Part.UNET_STEP, Part.VAE_DECODE)  # the parts that kernels are read of, one call each

CPU_LIST = re.compile(r"\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*", re.ASCII)
PRODUCTS = frozenset({"convolution", "matmul"})  # the operations that claims on precision and instructions are about
INT8 = frozenset({"i8", "s8", "u8"})  # by whichever library


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """One kind of primitive within one call of a part: how often it ran, and for how many seconds in all.

    ``operation`` is oneDNN's name for it, ``implementation`` the library's own. ``types`` are those of source, weights
    and result in oneDNN's notation (``f32:bf16:f32``), or a single type where all are alike.
    """

    part: str
    operation: str
    implementation: str
    types: str
    count: int
    time_s: float

    def __post_init__(self) -> None:
        check_number("count", self.count)
        check_number("time_s", self.time_s, may_be_zero=True)

    @property
    def is_product(self) -> bool:
        """Whether it is a matrix product or a convolution."""
        return self.operation in PRODUCTS

    @property
    def weights_are_int8(self) -> bool:
        """Whether it multiplies with weights of 8 bits, whatever they are widened to."""
        return bool(INT8.intersection(self.types.split(":")[1:2] or [self.types]))

    @property
    def precision(self) -> str:
        """The type of what it multiplies, ``i8`` for any of 8 bits: weights may be narrower, the result wider."""
        source = self.types.split(":")[0]
        return "i8" if source in INT8 else source


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of a model within one call of a part, and its seconds; ``name`` is that of the model's own module."""

    part: str
    name: str
    time_s: float

    def __post_init__(self) -> None:
        check_number("time_s", self.time_s, may_be_zero=True)


@dataclass(frozen=True, kw_only=True)
class State:
    """The backend's own account of itself; None for what it does not know.

    torch and IPEX report ``weights``, the number of the UNet's weights by type (``bf16``); ``channels_last``, the share
    of its convolutions in that memory format; ``prepacked``, the share of its products that are IPEX's; ``graphs``,
    how many were compiled; ``packed``, in how many products TorchInductor has packed constant weights, and
    ``autotuned``, for how many it has timed several kernels, both None where it has none; and ``isa``, the instruction
    sets that oneDNN says it uses. OpenVINO reports ``precision``, what it was told to compute in; ``dynamic_shapes`` of
    the UNet; ``streams``; ``pinned``, whether it binds its threads to CPUs; and the ``weights`` of a quantised model.
    No variant claims to be pinned, but a release that changes it is named among what differs. ``code`` is the package
    that brought the backend, with a digest of its files: its version need not tell that it has changed.
    """

    scheduler: str
    threads: int
    weights: Mapping[str, int] | None = None
    precision: str | None = None
    channels_last: float | None = None
    prepacked: float | None = None
    graphs: int | None = None
    packed: int | None = None
    autotuned: int | None = None
    dynamic_shapes: bool | None = None
    streams: int | None = None
    pinned: bool | None = None
    isa: str | None = None
    code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The libraries (by file name), the environment and the CPUs of a worker's process.

    ``steering`` holds the environment variables that change which kernels are chosen. ``cpus`` maps a list of CPUs that
    threads may run on, as Linux writes it (``0-31``), to the number of such threads.
    """

    allocators: tuple[str, ...]
    openmp: tuple[str, ...]
    malloc_conf: str | None
    steering: Mapping[str, str]
    cpus: Mapping[str, int]
    memory_policy: str

    def __post_init__(self) -> None:
        for listed in self.cpus:
            if not CPU_LIST.fullmatch(listed):
                raise BadRecord("cpus", f"{listed!r} is no list of CPUs")


@dataclass(frozen=True, kw_only=True)
class Peak:
    """The most that this machine reaches with this stack: operations, and bytes read and written, per second.

    Matrix products and convolutions are other libraries' work in some stacks (on AMD's CPUs MKL multiplies far below
    what oneDNN convolves at), so both are measured; None where an earlier version of the suite measured products alone.
    Those of float16 and of 8 bits are measured for the rows that compute in them.
    """

    fp32_flop_per_s: float
    bf16_flop_per_s: float
    memory_bytes_per_s: float
    fp32_convolution_flop_per_s: float | None = None
    bf16_convolution_flop_per_s: float | None = None
    fp16_flop_per_s: float | None = None
    int8_convolution_flop_per_s: float | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None:
                check_number(name, value)

    def flop_per_s(self, precision: str) -> float | None:
        """Return the most operations per second in a precision, by whatever the stack reaches them; None if unknown."""
        measured = {
            "f32": (self.fp32_flop_per_s, self.fp32_convolution_flop_per_s),
            "bf16": (self.bf16_flop_per_s, self.bf16_convolution_flop_per_s),
            "f16": (self.fp16_flop_per_s,),
            "i8": (self.int8_convolution_flop_per_s,),
        }
        return max(filter(None, measured.get(precision, ())), default=None)

    def or_larger(self, other: Peak) -> Peak:
        """Return the larger of the two, by each quantity."""
        both = {name: [value, getattr(other, name)] for name, value in vars(self).items()}
        larger: dict[str, Any] = {name: max(filter(None, values), default=None) for name, values in both.items()}
        return Peak(**larger)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Everything that was read from one worker but the machine's peak.

    ``layers`` are in the order in which they ran; none of a backend that does not tell. Only a run's own record holds
    them: a baseline or a history would be twice as large.
    """

    kernels: tuple[Kernel, ...]
    state: State
    surroundings: Surroundings
    layers: tuple[Layer, ...] = ()

    def to_json(self) -> dict[str, Any]:
        fields = asdict(self)
        return fields if self.layers else {name: value for name, value in fields.items() if name != "layers"}


@dataclass(frozen=True, kw_only=True)
class Evidence(Observation):
    """What was observed in one worker, and the peak of its stack: its own, or what another of the run has measured."""

    peak: Peak

    @property
    def without_layers(self) -> Evidence:
        """All but the layers."""
        return replace(self, layers=())


Executed = tuple[str, str, str, float]  # operation, implementation, types, and the seconds of one execution


def grouped(part: str, executed: Iterable[Executed]) -> tuple[Kernel, ...]:
    """Return the kernels of one call of a part, one for each kind of primitive, the longest in all first."""
    times_s: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for operation, implementation, types, time_s in executed:
        times_s[operation, implementation, types].append(time_s)
    kernels = [
        Kernel(
            part=part,
            operation=operation,
            implementation=implementation,
            types=types,
            count=len(kind_s),
            time_s=round(sum(kind_s), 6),
        )
        for (operation, implementation, types), kind_s in times_s.items()
    ]
    return tuple(sorted(kernels, key=lambda kernel: -kernel.time_s))


def share(kernels: Iterable[Kernel], wanted: Iterable[Kernel]) -> float | None:
    """Return the share of the time of ``kernels`` that ``wanted``, some of them, took; None if they took no time."""
    total_s = sum(kernel.time_s for kernel in kernels)
    return sum(kernel.time_s for kernel in wanted) / total_s if total_s else None
