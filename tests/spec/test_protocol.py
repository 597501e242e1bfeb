"""The settings of a measurement: which are refused, and when a session may end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perf.errors import BadInput
from perf.spec.protocol import Deadlines, Protocol, Size

PROTOCOL = Protocol(size=Size(512, 512))


def test_the_defaults_are_the_articles() -> None:
    assert (PROTOCOL.steps, PROTOCOL.warmup_steps, PROTOCOL.rounds) == (20, 10, 10)
    assert PROTOCOL.prompt == "sailing ship in storm by Rembrandt"


def test_json_both_ways() -> None:
    protocol = Protocol(size=Size(256, 512), steps=7, budget_s=1.5)
    assert Protocol.from_json(json.loads(json.dumps(protocol.to_json()))) == protocol


@pytest.mark.parametrize(("text", "size"), [("512x512", (512, 512)), ("256X768", (256, 768)), ("64", (64, 64))])
def test_sizes(text: str, size: tuple[int, int]) -> None:
    assert Size.parse(text) == Size(*size)


@given(st.text(max_size=12))
@example("²")
def test_any_text_is_a_size_or_bad_input(text: str) -> None:
    try:
        size = Size.parse(text)
    except BadInput:
        return
    assert size.width % 8 == size.height % 8 == 0 < size.width


@pytest.mark.parametrize(
    ("good", "measured", "elapsed_s", "enough"),
    [
        (2, 2, 1e9, False),  # never under three rounds
        (3, 3, 299, False),
        (3, 3, 300, True),
        (9, 9, 301, True),
        (10, 10, 1, True),
        (9, 10, 1, False),  # a disturbed round is measured again
        (9, 19, 1, False),
        (9, 20, 1, True),  # at most twice the rounds wanted
        (2, 5, 301, False),
        (0, 6, 301, True),  # over the budget, too
    ],
)
def test_when_a_session_may_end(good: int, measured: int, elapsed_s: float, enough: bool) -> None:
    assert PROTOCOL.enough(good, measured, elapsed_s) is enough


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": -1}, "--seed -1: must be 0 to 4294967295"),
        ({"seed": 2**32}, "--seed 4294967296: must be 0 to 4294967295"),
        ({"guidance_scale": -0.5}, "--guidance-scale -0.5: must be 0 or more"),
        ({"guidance_scale": float("nan")}, "--guidance-scale nan: must be 0 or more"),
    ],
)
def test_what_no_image_can_be_generated_with(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=f"^{message}$"):
        Protocol(size=Size(512, 512), **settings)


def test_deadlines_are_positive() -> None:
    with pytest.raises(BadInput, match="--load-deadline -1: must be above 0 seconds"):
        Deadlines(load_s=-1)


@pytest.mark.parametrize(
    ("rounds", "words"), [(1, "1 round"), (3, "3 rounds"), (10, "up to 10 rounds in 300 s, at least 3")]
)
def test_the_rounds_in_words(rounds: int, words: str) -> None:
    assert str(Protocol(size=Size(512, 512), rounds=rounds)).endswith(f", guidance 7.5, {words}")


def test_throughput_in_words_and_in_what_is_compared() -> None:
    alone = Protocol(size=Size(512, 512))
    server = replace(alone, batch=2, instances=(28, 28))
    assert server.setting == "512x512, 20 steps, 2 instances of 28 cores, batch 2"
    assert replace(alone, instances=(1,)).setting.endswith(", 1 instance of 1 core, batch 1")
    assert replace(alone, instances=(8, 4)).setting.endswith(", 2 instances of 4 and 8 cores, batch 1")
    assert not {"batch", "instances"} & alone.compared.keys(), "older baselines have neither"
    assert (server.compared["batch"], server.compared["instances"]) == (2, [28, 28])
    assert Protocol.from_json(json.loads(json.dumps(server.to_json()))) == server


def test_a_protocol_of_a_version_without_instances_is_read() -> None:
    recorded = {name: value for name, value in PROTOCOL.to_json().items() if name not in {"batch", "instances"}}
    assert Protocol.from_json(recorded) == PROTOCOL
