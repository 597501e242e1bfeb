"""Which sides cannot take turns, and which stacks can be one."""

from __future__ import annotations

import pytest

from perf.compare.side_pair import Side, SidePair
from perf.spec import ladder
from tests.builders.baselines import STACK


@pytest.mark.parametrize(
    ("reference", "candidate", "why_apart"),
    [
        ("openvino-static", "openvino-dynamic", None),
        ("openvino-static", "genai-static", "genai-static cannot be stopped between two steps"),
        ("genai-int8", "openvino-int8-hybrid", "genai-int8 cannot be stopped between two steps"),
    ],
)
def test_genai_takes_no_turns(reference: str, candidate: str, why_apart: str | None) -> None:
    (before,), (after,) = ladder.select([reference]), ladder.select([candidate])
    pair = SidePair(reference=Side(variant=before, stack=STACK), candidate=Side(variant=after, stack=STACK))
    assert pair.why_apart == why_apart
