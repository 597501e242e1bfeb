"""Pairs as they are kept in JSON."""

from __future__ import annotations

import json

import pytest

from perf.errors import BadRecord
from perf.records.part import Part
from perf.records.typed_json import convert
from perf.stats.pairs import Pair, PartTimes
from tests.builders.pairs import in_turns, pair, sample


def test_a_pair_is_read_as_it_was_written() -> None:
    measured = pair(in_turns(1.0, 1.1), in_turns(1.2, 1.3), workers=2, seconds=7.5)
    assert convert(json.loads(json.dumps(measured.to_json())), Pair) == measured


def test_a_pair_of_an_earlier_version_has_neither_turns_nor_seconds() -> None:
    old = pair(sample(1.0), sample(1.0)).to_json()
    del old["seconds"]
    for side in ("reference", "candidate"):
        del old[side]["turns"]
    assert convert(old, Pair) == pair(sample(1.0), sample(1.0))


def test_turns_that_are_not_those_of_the_steps_are_an_error() -> None:
    garbled = pair(in_turns(1.0, 1.0), in_turns(1.0, 1.0)).to_json()
    garbled["candidate"]["turns"] = garbled["candidate"]["turns"][:2]
    with pytest.raises(BadRecord, match="0 turns of UNet steps and 2 steps"):
        convert(garbled, Pair)


def test_a_part_that_one_of_the_two_lacks_has_times_and_no_ratio() -> None:
    lacking = pair(sample(1.0), sample(1.0, vae_s=0.0))
    vae, encoder = lacking.single(Part.VAE_DECODE), lacking.single(Part.TEXT_ENCODER)
    assert vae == PartTimes(2.0, 0.0)
    assert not PartTimes(2.0, 0.0).is_in_both
    assert encoder
    assert encoder.is_in_both
    neither = sample(1.0, vae_s=0.0)
    assert pair(neither, neither).single(Part.VAE_DECODE) is None


def test_what_only_one_of_the_two_has_made_is_named() -> None:
    assert pair(sample(1.0, 1.0), sample(2.0, 2.0)).differences == []
    assert pair(sample(1.0, 1.0), sample(1.0, vae_s=0.0)).differences == [
        "number of UNet steps: 2 -> 1",
        "VAE decode: one -> none",
    ]
