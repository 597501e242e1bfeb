"""The clock that tells where the time of a generation goes: it wraps the pipeline's own calls and adds nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from perf.records.part import Part
from perf.records.sample import Parts
from perf.spec import families
from perf.worker.perf_events import CountsByPart


class PartsClock:
    """Clock of the calls that a pipeline makes to its models, restarted for each generation.

    ``on_step(done)`` is called after each UNet call with the number of calls so far, and ``before_part(part)`` before
    the time of each part begins. ``counts`` are told where the timed calls begin and end, outside of their times.
    ``final_latents`` is the VAE's last input, the final latents.
    """

    def __init__(
        self,
        on_step: Callable[[int], None],
        before_part: Callable[[Part], None] = lambda _: None,
        counts: CountsByPart | None = None,
    ) -> None:
        self._on_step = on_step
        self._before_part = before_part
        self._counts = counts
        self._calls: dict[Part, list[float]] = {}
        self._last: dict[Part, Callable[[], Any]] = {}
        self.final_latents: Any = None
        self.restart()

    def restart(self) -> None:
        """Forget the previous generation."""
        self._calls = {part: [] for part in Part}
        self._begun: set[Part] = set()

    def watch(self, pipe: Any) -> None:
        """Put the clock around the calls that a pipeline of any family and backend makes to its models.

        All text encoders count as one part. Not every pipeline has a safety checker, though it has the method.
        """
        for text_encoder in families.text_encoders_of(pipe):
            self.wrap(text_encoder, "forward", Part.TEXT_ENCODER)
        self.wrap(families.denoiser_of(pipe), "forward", Part.UNET_STEP)
        self.wrap(pipe.vae, "decode", Part.VAE_DECODE)
        if getattr(pipe, "safety_checker", None) is not None:
            self.wrap(pipe, "run_safety_checker", Part.SAFETY_CHECKER)

    def begin(self, part: Part) -> None:
        """Wait for the turn of a part of which the pipeline itself tells the time, and which ``add`` is told of."""
        self._begun.add(part)
        self._before_part(part)

    def add(self, part: Part, time_s: float) -> None:
        """Count a call of such a part, and its seconds."""
        self._calls[part].append(time_s)

    def told_s(self, part: Part) -> Sequence[float]:
        """Return the seconds of each call of a part that the clock was told of."""
        return self._calls[part]

    @property
    def never_begun(self) -> Part | None:
        """A part whose time was told and whose turn was not waited for, or None."""
        return next((part for part, calls in self._calls.items() if calls and part not in self._begun), None)

    def report(self, done: int) -> None:
        """Report so many UNet calls, of a pipeline that tells their time at the end."""
        self._on_step(done)

    def replay(self, part: Part) -> None:
        """Repeat the last call of that part, untimed."""
        self._last[part]()

    def parts(self, total_s: float) -> Parts:
        """Return the parts of a generation that took ``total_s`` in all."""
        timed_s = {part: sum(calls) for part, calls in self._calls.items()}
        return Parts(
            text_encoder_s=timed_s[Part.TEXT_ENCODER],
            unet_steps_s=tuple(self._calls[Part.UNET_STEP]),
            vae_decode_s=timed_s[Part.VAE_DECODE],
            safety_checker_s=timed_s[Part.SAFETY_CHECKER],
            rest_s=total_s - sum(timed_s.values()),
        )

    def wrap(self, owner: Any, method: str, part: Part) -> None:
        """Put the clock around a method whose every call is one of that part, and which ``replay`` can repeat."""
        call = getattr(owner, method)

        def timed(*args: Any, **kwargs: Any) -> Any:
            self.begin(part)
            if self._counts:
                self._counts.enter(part)
            began = time.perf_counter()
            result = call(*args, **kwargs)
            time_s = time.perf_counter() - began
            if self._counts:
                self._counts.leave()
            self._last[part] = partial(call, *args, **kwargs)
            if part == Part.VAE_DECODE:
                self.final_latents = args[0]
            self.add(part, time_s)
            if part == Part.UNET_STEP:
                self.report(len(self._calls[part]))
            return result

        setattr(owner, method, timed)
