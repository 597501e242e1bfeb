"""The clock around the pipeline's calls, on a fake time: what is counted, and what is not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from perf.worker import parts
from perf.worker.parts import PartsClock


class Time:
    """Stand-in for the time module, whose time passes only when a test makes it."""

    now = 100.0

    def perf_counter(self) -> float:
        return self.now


class Model:
    def __init__(self, time: Time, seconds: float) -> None:
        self._time, self._seconds = time, seconds

    def forward(self, value: int) -> int:
        self._time.now += self._seconds
        return value + 1

    decode = forward


class Pipe:
    """Stand-in for a pipeline: encodes twice, denoises, decodes, checks, and does a little in between."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.text_encoder, self.unet, self.vae = Model(time, 1.0), Model(time, 2.0), Model(time, 4.0)
        self.safety_checker: Model | None = Model(time, 0.5)

    def run_safety_checker(self) -> None:
        self._time.now += 0.5

    def generate(self, steps: int) -> None:
        self.text_encoder.forward(1)
        self.text_encoder.forward(1)
        for _ in range(steps):
            assert self.unet.forward(value=1) == 2
            self._time.now += 0.25
        self.vae.decode(1)
        self.run_safety_checker()


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    fake = Time()
    monkeypatch.setattr(parts, "time", fake)
    return fake


def test_every_part_and_the_rest(time: Time) -> None:
    clock, pipe = PartsClock(lambda _: None), Pipe(time)
    clock.watch(pipe)
    pipe.generate(steps=3)
    measured = clock.parts(total_s=time.now - 100.0)
    assert measured.text_encoder_s == 2.0
    assert measured.unet_steps_s == (2.0, 2.0, 2.0)
    assert measured.vae_decode_s == 4.0
    assert measured.safety_checker_s == 0.5
    assert measured.rest_s == 0.75
    assert measured.total_s == 13.25


def test_what_a_pipeline_without_a_safety_checker_does_in_its_place_is_no_part(time: Time) -> None:
    clock, pipe = PartsClock(lambda _: None), Pipe(time)
    pipe.safety_checker = None
    clock.watch(pipe)
    pipe.generate(steps=1)
    measured = clock.parts(total_s=time.now - 100.0)
    assert (measured.safety_checker_s, measured.rest_s) == (0, 0.75)


def test_all_text_encoders_are_one_part_and_a_safety_checker_need_not_be(time: Time) -> None:
    pipe = SimpleNamespace(
        text_encoder=Model(time, 1.0), text_encoder_2=Model(time, 3.0), unet=Model(time, 2.0), vae=Model(time, 4.0)
    )
    clock = PartsClock(lambda _: None)
    clock.watch(pipe)
    for model in (pipe.text_encoder, pipe.text_encoder_2, pipe.unet):
        model.forward(1)
    pipe.vae.decode(1)
    measured = clock.parts(total_s=10.0)
    assert (measured.text_encoder_s, measured.safety_checker_s, measured.rest_s) == (4.0, 0.0, 0.0)


def test_each_generation_starts_afresh(time: Time) -> None:
    clock, pipe = PartsClock(lambda _: None), Pipe(time)
    clock.watch(pipe)
    pipe.generate(steps=3)
    clock.restart()
    pipe.generate(steps=1)
    assert clock.parts(9.0).unet_steps_s == (2.0,)


def test_steps_are_reported_as_they_are_done(time: Time) -> None:
    seen: list[int] = []
    clock, pipe = PartsClock(seen.append), Pipe(time)
    clock.watch(pipe)
    pipe.generate(steps=3)
    assert seen == [1, 2, 3]
