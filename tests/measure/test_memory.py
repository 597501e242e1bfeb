"""The memory that a row is said to take: that of its export, until this is in the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perf.host.exports import ONNX_EXPORTERS, export_key, quantized_key
from perf.measure import memory, settings
from perf.spec import ladder
from perf.spec.protocol import Protocol
from tests.builders.baselines import MODEL, STACK

SIZE = MODEL.native_size
GENAI = replace(STACK, name="genai", packages={"openvino": "2026.4.1", "openvino-genai": "2026.4.1.0"})
SETTINGS = settings.for_selftest(
    model="tiny", variants=ladder.LADDER, stacks={}, size=SIZE, protocol=Protocol(size=SIZE), wait_s=0
)
PLAIN = export_key(MODEL.digest, STACK.packages)
HYBRID = quantized_key(PLAIN, "int8-hybrid", SETTINGS.calibration_prompts)
OF_OTHER_PROMPTS = quantized_key(PLAIN, "int8-hybrid", ("a harbour", "a clock"))
ONNX = export_key(MODEL.digest, STACK.packages, ONNX_EXPORTERS)
EXPORTED = {"openvino-static", "openvino-static-taesd", "openvino-int8-hybrid", "genai-static", "genai-int8"}


@pytest.fixture
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path))
    return tmp_path / "exports"


def exporting_rows() -> set[str]:
    """Return which rows are said to be exported first."""
    rows = {}
    for name in (*EXPORTED, "openvino-int8-weights", "onnxruntime", "eager-fp32", "ipex-bf16"):
        (variant,) = ladder.select([name])
        own = GENAI if variant.backend == "genai" else STACK
        rows[name] = memory.need_of(variant, own, STACK, MODEL, SETTINGS)
    return {name for name, need in rows.items() if "exported to" in str(need)}


@pytest.mark.parametrize(
    ("made", "still"),
    [
        ([], {*EXPORTED, "openvino-int8-weights", "onnxruntime"}),
        ([PLAIN], {"openvino-int8-hybrid", "genai-int8", "openvino-int8-weights", "onnxruntime"}),
        ([PLAIN, OF_OTHER_PROMPTS], {"openvino-int8-hybrid", "genai-int8", "openvino-int8-weights", "onnxruntime"}),
        ([PLAIN, HYBRID, ONNX], {"openvino-int8-weights"}),
    ],
)
def test_a_row_is_exported_until_its_own_export_is_there(exports: Path, made: list[str], still: set[str]) -> None:
    for name in made:
        (exports / name).mkdir(parents=True)
    assert exporting_rows() == still


def test_the_format_is_named(exports: Path) -> None:
    (row,) = ladder.select(["onnxruntime"])
    assert str(memory.need_of(row, STACK, None, MODEL, SETTINGS)).startswith("tiny exported to ONNX takes about ")


def test_without_a_stack_that_exports_nothing_is_said_of_an_export(exports: Path) -> None:
    (row,) = ladder.select(["genai-static"])
    assert str(memory.need_of(row, GENAI, None, MODEL, SETTINGS)).startswith("tiny as genai-static takes about ")
    assert memory.need_of(row, None, None, MODEL, SETTINGS) is None
