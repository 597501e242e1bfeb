"""Rows of one's own in a settings file: what they become, and what is refused."""

from __future__ import annotations

import tomllib

import pytest

from perf.errors import BadInput
from perf.measure.row_table import read_rows
from perf.spec.ladder import LADDER, select
from perf.spec.protocol import Size
from perf.spec.variant import Tuning, Variant


def rows(text: str) -> tuple[Variant, ...]:
    return read_rows(tomllib.loads(text)["row"])


def test_a_derived_row_is_the_other_one_but_for_what_it_says() -> None:
    (static,) = select(["openvino-static"])
    (row,) = rows("""
        [[row]]
        name = "mine"
        like = "openvino-static"
        scheduler = "dpm-solver"
        size = "64x128"
        steps = 5
        ov_config = {NUM_STREAMS = 2, ENABLE_CPU_PINNING = true, CACHE_MODE = "OPTIMIZE_SPEED"}
        environment = {KMP_BLOCKTIME = "1"}
    """)
    assert (row.name, row.scheduler, row.size, row.steps) == ("mine", "dpm-solver", Size(64, 128), 5)
    assert row.ov_config == {"NUM_STREAMS": 2, "ENABLE_CPU_PINNING": True, "CACHE_MODE": "OPTIMIZE_SPEED"}
    assert row.environment == {"KMP_BLOCKTIME": "1"}
    assert (row.stack, row.backend, row.static_shape) == (static.stack, static.backend, static.static_shape)
    assert row.about == "As openvino-static, with scheduler, size, steps, ov_config, environment of its own."
    assert row.published_s == {}, "nobody has published it"
    assert Variant.from_json(row.to_json()) == row


def test_a_row_may_be_like_one_above_it_and_adds_to_its_tables() -> None:
    first, second = rows("""
        [[row]]
        name = "a"
        like = "openvino-static"
        ov_config = {NUM_STREAMS = 2, INFERENCE_NUM_THREADS = 1}
        [[row]]
        name = "b"
        like = "a"
        about = "Two of them."
        ov_config = {NUM_STREAMS = 1}
    """)
    assert first.ov_config == {"NUM_STREAMS": 2, "INFERENCE_NUM_THREADS": 1}
    assert second.ov_config == {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1}
    assert second.about == "Two of them."


def test_an_option_is_taken_away_and_another_given() -> None:
    plain, tuned = rows("""
        [[row]]
        name = "plain"
        like = "eager-fp32-jemalloc"
        allocator = "none"
        [[row]]
        name = "tuned"
        like = "bf16-compile"
        compiled = "none"
        allocator = "tcmalloc"
    """)
    assert plain.tuning is None
    assert (tuned.compiled, tuned.tuning) == (None, Tuning(allocator="tcmalloc"))


def test_a_row_of_a_packages_backend_is_like_none() -> None:
    (row,) = rows('[[row]]\nname = "x"\nbackend = "silly"\nstack = "mine"\nprecision = "bf16-weights"\n')
    assert row.is_brought
    assert (row.about, row.static_shape) == ("Backend silly in stack mine.", False)


def test_the_suites_own_rows_are_not_brought() -> None:
    assert not [row.name for row in LADDER if row.is_brought]


HEAD = '[[row]]\nname = "x"\nlike = "openvino-static"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[row]\nname = "x"', "each row begins with [[row]], in double brackets"),
        ("row = [1]", "row 1 is a whole number, not a table"),
        ('[[row]]\nlike = "openvino-static"', "row 1: name is missing"),
        ('[[row]]\nname = "x"', "row x: backend is missing, which a row needs that is not like another"),
        ('[[row]]\nname = "x"\nbackend = "silly"\nstack = "mine"', "row x: precision is missing"),
        ('[[row]]\nname = "a b"\nlike = "openvino-static"', "row a b: name 'a b': letters, digits, dots"),
        ('[[row]]\nname = "eager-fp32"\nlike = "openvino-static"', "row eager-fp32: the suite has a row of that name"),
        (HEAD + HEAD, "row x: there is a row above of that name"),
        (
            '[[row]]\nname = "x"\nlike = "openvino-statik"',
            "row x: unknown row 'openvino-statik'; did you mean openvino",
        ),
        ('[[row]]\nname = "x"\nlike = "x"', "row x: unknown row 'x'; "),
        (HEAD + 'schedular = "dpm-solver"', "row x: unknown key 'schedular'; did you mean scheduler?"),
        (HEAD + 'scheduler = "dpm"', "row x: unknown scheduler 'dpm'; "),
        (HEAD + 'precision = "bf16-weight"', "row x: unknown precision 'bf16-weight'; did you mean bf16-weights"),
        (HEAD + 'precision = "bf16-weights"', "row x: precision bf16-weights belongs to eager, not to openvino"),
        (HEAD + 'compiled = "plain"', "row x: compiled belongs to eager, not to openvino"),
        (HEAD + "channels_last = true", "row x: channels_last belongs to eager and ipex, not to openvino"),
        (HEAD + 'size = "500x500"', "row x: size 500x500: both sides must be positive multiples of 8"),
        (HEAD + "steps = 0", "row x: steps 0: must be at least 1"),
        (HEAD + 'steps = "4"', "row x: steps is text in quotes, not a whole number"),
        (HEAD + "warmup_rounds = 0", "row x: warmup_rounds 0: must be at least 1"),
        (HEAD + 'stack = "../mine"', "row x: stack '../mine': letters, digits, dots, dashes and underscores alone"),
        (HEAD + "ov_config = {NUM_STREAMS = [1]}", "row x: ov_config.NUM_STREAMS: is none of text in quotes"),
        (HEAD + "ov_config = {NUM_STREAMS = nan}", "row x: ov_config.NUM_STREAMS: is none of text in quotes"),
        (HEAD + 'environment = {HOME = "x"}', "row x: environment 'HOME' is not a variable that steers kernels"),
        (HEAD + "environment = {OMP_NUM_THREADS = 1}", "row x: environment.OMP_NUM_THREADS 1 is not a printable text"),
        (
            HEAD + 'environment = {OV_CACHE = "/tmp"}',
            "row x: environment.OV_CACHE '/tmp' is not a printable text without",
        ),
        (HEAD + 'environment = {LD_PRELOAD = "a.so"}', "row x: environment.LD_PRELOAD: libraries are preloaded by the"),
        (
            '[[row]]\nname = "x"\nlike = "eager-fp32"\nov_config = {A = 1}',
            "row x: ov_config belongs to openvino and genai",
        ),
    ],
)
def test_a_fault_names_the_row_and_the_key(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        rows(text)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
