"""A backend that a package brings: found, and held to the contract (perf.worker.contract) at every call.

What breaks the contract is a BrokenContract, which names the backend, its package and the function.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from perf.errors import BrokenContract
from perf.records.claim import Claim
from perf.records.evidence import Peak
from perf.records.part import Part
from perf.spec.protocol import Size
from perf.spec.variant import Variant
from perf.worker import contract
from perf.worker.parts import PartsClock
from perf.worker.pipelines import BuildRequest, Image, Observed, Pipeline, Replay

GROUP = "sd_xeon_perf.backends"
REQUIRED = ("build", "observe")
CALLED = ("watch", "generate", "surrounded")
CODE = {".py", ".so"}  # suffixes of the files that decide what a package does
DIGITS = 12
PEAKS = {"torch": "perf.worker.peaks.of_torch", "openvino": "perf.worker.peaks.of_openvino"}  # the first there is


@dataclass(frozen=True)
class Brought:
    """A backend of a package. ``who`` names it in messages, and ``code`` is its package with a digest of its files."""

    who: str
    code: str
    module: Any

    def build(self, request: BuildRequest) -> Held:
        """Have it make a pipeline. Raises BrokenContract."""
        pipeline = self.call("build", self.module.build, request)
        lacking = [name for name in CALLED if not callable(getattr(pipeline, name, None))]
        lacking += [name for name in ("export_s", "final_latents") if name not in dir(pipeline)]
        if lacking:
            raise self.broken(f"build() returned a {_type(pipeline)} without {', '.join(lacking)}", "a Pipeline")
        if not isinstance(pipeline.export_s, int | float):
            raise self.broken(f"export_s is a {_type(pipeline.export_s)}", "seconds")
        return Held(self, pipeline)

    def observe(self, held: Held, replay: Replay) -> Observed:
        """Have it tell what is active in its pipeline, and add what code it is. Raises BrokenContract."""
        observed = self.call("observe", self.module.observe, held.pipeline, replay)
        if not isinstance(observed, Observed):
            raise self.broken(f"observe() returned a {_type(observed)}", "an Observed")
        return replace(observed, state=replace(observed.state, code=self.code))

    def measure_peak(self, variant: Variant) -> Peak:
        """Have it measure the machine's peak, or measure it by a library that its stack has. Raises BrokenContract."""
        if not hasattr(self.module, "measure_peak"):
            return self._usual_peak()
        peak = self.call("measure_peak", self.module.measure_peak, variant)
        if not isinstance(peak, Peak):
            raise self.broken(f"measure_peak() returned a {_type(peak)}", "a Peak")
        return peak

    def check_claims(self, held: Held, observed: Observed) -> tuple[Claim, ...]:
        """Have it check what it claims of itself; nothing if it claims nothing. Raises BrokenContract."""
        if not hasattr(self.module, "check_claims"):
            return ()

        def check() -> list[object]:
            return list(self.module.check_claims(held.pipeline, observed))

        claims = self.call("check_claims", check)
        for claim in claims:
            if not isinstance(claim, Claim):
                raise self.broken(f"check_claims() has a {_type(claim)} among its claims", "a Claim")
        return tuple(Claim(str(claim.name), bool(claim.holds), str(claim.sentence)) for claim in claims)

    def call(self, name: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call one of its functions. Raises BrokenContract in place of what that raises."""
        try:
            return function(*arguments, **named)
        except BrokenContract:
            raise
        except Exception as error:
            raise BrokenContract(f"{self.who}: {name}() raised {type(error).__name__}: {error}") from error

    def broken(self, what: str, wanted: str) -> BrokenContract:
        """Return the error that says what it did, where the contract wants something else."""
        return BrokenContract(f"{self.who}: {what}, where the contract wants {wanted}")

    def _usual_peak(self) -> Peak:
        for library, measures in PEAKS.items():
            if find_spec(library):
                peak: Peak = import_module(measures).measure()
                return peak
        raise self.broken(
            f"it has no measure_peak, and its stack neither {' nor '.join(PEAKS)} to measure by", "one of the two"
        )


class Held:
    """A Pipeline around that of a package, which is held to the contract after every generation."""

    def __init__(self, backend: Brought, pipeline: Any) -> None:
        self.pipeline: Pipeline = pipeline
        self.export_s = float(pipeline.export_s)
        self._backend = backend
        self._clock: PartsClock | None = None
        self._shape: tuple[int, ...] = ()

    def watch(self, clock: PartsClock) -> None:
        """Have the clock time the pipeline's parts."""
        self._clock = clock
        self._backend.call("watch", self.pipeline.watch, clock)

    def generate(self, *, prompt: str, steps: int, guidance_scale: float, size: Size, latents: Image) -> Image:
        """Make an image. Raises BrokenContract for anything else, and for parts that the clock has not been told."""
        self._shape = (1, *latents.shape[1:])  # of the first image of a batch
        began = time.perf_counter()
        image: Image = self._backend.call(
            "generate",
            self.pipeline.generate,
            prompt=prompt,
            steps=steps,
            guidance_scale=guidance_scale,
            size=size,
            latents=latents,
        )
        self._check_array("generate() returned", image, (size.height, size.width, 3))
        self._check_clock(steps, time.perf_counter() - began)
        return image

    @property
    def final_latents(self) -> Image:
        """The latents of the last image. Raises BrokenContract for what cannot be them."""

        def read() -> Image:
            return self.pipeline.final_latents

        latents: Image = self._backend.call("final_latents", read)
        self._check_array("final_latents is", latents, self._shape)
        return latents

    def surrounded(self) -> AbstractContextManager[None]:
        """Enter the context that every call of the pipeline or its models must run in."""
        context: AbstractContextManager[None] = self._backend.call("surrounded", self.pipeline.surrounded)
        return context

    def _check_array(self, subject: str, array: object, shape: tuple[int, ...]) -> None:
        wanted = f"an array of float32 of {shape}"
        if not isinstance(array, np.ndarray):
            raise self._backend.broken(f"{subject} a {_type(array)}", wanted)
        if array.dtype != np.float32 or array.shape != shape:
            raise self._backend.broken(f"{subject} an array of {array.dtype} of {array.shape}", wanted)

    def _check_clock(self, steps: int, elapsed_s: float) -> None:
        assert self._clock is not None, "watch comes before the first image"
        told = {part: self._clock.told_s(part) for part in Part}
        if (count := len(told[Part.UNET_STEP])) < steps:
            raise self._backend.broken(
                f"the clock was told of {count} UNet steps in an image of {steps}", "as many calls of the model"
            )
        if part := self._clock.never_begun:
            raise self._backend.broken(f"the clock was told of the {part} without its turn", "clock.begin before it")
        if (sum_s := sum(map(sum, told.values()))) > elapsed_s:
            raise self._backend.broken(f"the parts of an image of {elapsed_s:.3g} s took {sum_s:.3g} s", "no more")


def load(variant: Variant) -> Brought:
    """Import the backend that a package in this stack brings. Raises BrokenContract."""
    name = variant.backend
    entries = _distinct(entry_points(group=GROUP, name=name))
    packages = [f"{entry.dist.name} {entry.dist.version}" if entry.dist else "?" for entry in entries]
    who = f"backend {name!r} of {' and '.join(packages) or 'no package'} in stack {variant.stack}"
    if len(entries) != 1:
        raise BrokenContract(f"{who}: one package must bring it, and {len(entries)} do")
    try:
        module = entries[0].load()
    except (Exception, SystemExit) as error:
        raise BrokenContract(f"{who}: it cannot be imported: {type(error).__name__}: {error}") from error
    backend = Brought(who=who, code=f"{packages[0]} ({digest(entries[0])})", module=module)
    check_surface(backend)
    return backend


def check_surface(backend: Brought) -> None:
    """Raise BrokenContract unless the backend has what it must have, of this version of the contract."""
    written_for = getattr(backend.module, "CONTRACT", None)
    if written_for != contract.VERSION:
        stated = "does not say" if written_for is None else f"says {written_for}"
        raise backend.broken(
            f"CONTRACT {stated} which version it was written for", f"{contract.VERSION}, that of this suite"
        )
    for name in REQUIRED:
        if not callable(getattr(backend.module, name, None)):
            raise backend.broken(f"it has no function {name}", "one")


def digest(entry: EntryPoint) -> str:
    """Return a digest of the code of the package, or of the single module, that an entry point names."""
    module = sys.modules[entry.module.partition(".")[0]]
    if module.__file__ is None:  # a namespace, which others may share
        module = sys.modules[entry.module]
    if module.__file__ is None:
        return "no files"
    path = Path(module.__file__)
    files = sorted(path.parent.rglob("*")) if path.name == "__init__.py" else [path]
    content = hashlib.sha256()
    for file in files:
        if file.suffix in CODE and file.is_file():
            content.update(f"{file.relative_to(path.parent)}\0".encode() + file.read_bytes())
    return content.hexdigest()[:DIGITS]


def _distinct(entries: Iterable[EntryPoint]) -> list[EntryPoint]:
    """Return the entries without those that are twice the same, as an environment that sees another may list them."""
    return list({(entry.value, entry.dist and entry.dist.name): entry for entry in entries}.values())


def _type(value: object) -> str:
    return type(value).__name__
