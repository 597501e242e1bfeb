"""What a worker was found to be doing, read from itself after the timed rounds: Evidence, JSON both ways.

A variant claims to use bfloat16, jemalloc, static shapes and the like; perf.proof.claims holds those claims against
this.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from perf.records.part import Part

LOOKED_AT = (Part.UNET_STEP, Part.VAE_DECODE)  # the parts whose kernels are read, one call of each

PRODUCTS = frozenset({"convolution", "matmul"})  # the operations that precision and instruction set are claimed of


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """One kind of primitive within one call of a part: how often it ran, and for how many seconds in all.

    ``operation`` is oneDNN's name for it, ``implementation`` the library's own. ``types`` are those of source, weights
    and result, in oneDNN's words, and a single one where all are alike.
    """

    part: str
    operation: str
    implementation: str
    types: str
    count: int
    time_s: float

    def __post_init__(self) -> None:
        texts = (self.part, self.operation, self.implementation, self.types)
        if not all(isinstance(text, str) for text in texts) or not self.count > 0 or not 0 <= self.time_s < math.inf:
            raise ValueError(f"{self} cannot have been seen")

    @property
    def is_product(self) -> bool:
        return self.operation in PRODUCTS

    @property
    def in_bf16(self) -> bool:
        """Whether what it multiplies is bfloat16; the result may be wider."""
        return self.types.split(":")[0] == "bf16"


@dataclass(frozen=True, kw_only=True)
class State:
    """What the backend says of itself; None for what it does not know.

    Of torch: ``weights``, the number of the UNet's weights by type (``bf16``); ``channels_last``, a share of the UNet's
    convolutions; ``prepacked``, the share of its products that are IPEX's; ``graphs``, how many TorchInductor has
    compiled; ``isa``, the instruction sets that oneDNN says it uses. Of OpenVINO: ``precision``, what it was told to
    compute in; ``dynamic_shapes`` of the UNet; ``streams``; ``pinned``, whether it binds its threads to CPUs.
    """

    scheduler: str
    threads: int
    weights: Mapping[str, int] | None = None
    precision: str | None = None
    channels_last: float | None = None
    prepacked: float | None = None
    graphs: int | None = None
    dynamic_shapes: bool | None = None
    streams: int | None = None
    pinned: bool | None = None
    isa: str | None = None


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the process runs on and with: file names of libraries, environment, CPUs.

    ``steering`` are the environment variables that change what the kernels are. ``cpus`` are the CPUs that each thread
    may run on, as the kernel lists them (``0-31``), with the number of threads.
    """

    allocators: tuple[str, ...]
    openmp: tuple[str, ...]
    malloc_conf: str | None
    steering: Mapping[str, str]
    cpus: Mapping[str, int]
    memory_policy: str


@dataclass(frozen=True, kw_only=True)
class Peak:
    """What this machine reaches with this stack: floating-point operations and bytes (read and written) a second."""

    fp32_flop_per_s: float
    bf16_flop_per_s: float
    memory_bytes_per_s: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that was read of one worker."""

    kernels: tuple[Kernel, ...]
    state: State
    surroundings: Surroundings
    peak: Peak

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        around = data["surroundings"]
        libraries = {name: tuple(around[name]) for name in ("allocators", "openmp")}
        return cls(
            kernels=tuple(Kernel(**kernel) for kernel in data["kernels"]),
            state=State(**data["state"]),
            surroundings=Surroundings(**{**around, **libraries}),
            peak=Peak(**data["peak"]),
        )


Executed = tuple[str, str, str, float]  # operation, implementation, types, and the seconds that it took once


def grouped(part: str, executed: Iterable[Executed]) -> tuple[Kernel, ...]:
    """The kernels of one call of a part, those of one kind together, the longest first."""
    times_s: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for operation, implementation, types, time_s in executed:
        times_s[operation, implementation, types].append(time_s)
    found = [
        Kernel(
            part=part,
            operation=operation,
            implementation=implementation,
            types=types,
            count=len(all_s),
            time_s=round(sum(all_s), 6),
        )
        for (operation, implementation, types), all_s in times_s.items()
    ]
    return tuple(sorted(found, key=lambda kernel: -kernel.time_s))


def share(kernels: Iterable[Kernel], wanted: Iterable[Kernel]) -> float | None:
    """The part of the time of ``kernels`` that ``wanted``, some of them, took; None if there was none to take."""
    total_s = sum(kernel.time_s for kernel in kernels)
    return sum(kernel.time_s for kernel in wanted) / total_s if total_s else None
