"""The memory that a row is estimated to take: near what was measured, and what does not fit is refused in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.host import prerequisites
from perf.host.machine import GIB
from perf.host.memory_need import MemoryNeed, memory_need, usable_bytes
from perf.host.stack import Stack
from perf.spec.ladder import select
from perf.spec.protocol import Size
from tests.builders.machines import GENOA

SD15, SDXL = 1_370_000_000, 3_469_000_000
STACK = Stack(
    name="current",
    python="/stack/bin/python",
    python_version="3.13.1",
    prefix="/stack",
    has_headers=True,
    packages=dict.fromkeys(("torch", "diffusers", "transformers", "openvino", "optimum-intel"), "1.0"),
)


def need(row: str, parameters: int = SD15, side: int = 512, *, exports: bool = False) -> MemoryNeed:
    (variant,) = select([row])
    return memory_need(variant, "model", parameters, Size(side, side), exports=exports)


@pytest.mark.parametrize(
    ("name", "least_gb", "most_gb"),
    [
        ("eager-fp32", 5.3, 7.2),
        ("bf16-channels-last", 5.6, 7.2),
        ("bf16-autocast", 6.6, 7.6),
        ("ipex-bf16", 8.0, 10.5),
        ("openvino-static", 7.1, 9.1),
        ("openvino-int8-hybrid", 3.1, 4.9),
        ("openvino-int8-weights", 6.5, 7.3),
        ("onnxruntime", 10.4, 14.7),
    ],
)
def test_the_estimate_is_within_what_was_measured_in_full_size(name: str, least_gb: float, most_gb: float) -> None:
    assert least_gb < need(name).needed_bytes / 1e9 < most_gb


def test_an_export_takes_more_than_what_it_makes() -> None:
    assert need("openvino-dynamic", exports=True).needed_bytes > need("openvino-dynamic").needed_bytes
    assert str(need("openvino-dynamic", exports=True)) == "model exported to OpenVINO takes about 13 GiB here"
    assert str(need("onnxruntime", exports=True)) == "model exported to ONNX takes about 18 GiB here"


def test_instances_take_memory_each_and_a_batch_more_for_its_images() -> None:
    one, (static,) = need("openvino-static"), select(["openvino-static"])
    two = memory_need(static, "model", SD15, Size(512, 512), exports=False, batch=4, instances=2)
    images_bytes = 3 * 3_800 * 512 * 512 // 2
    assert two.needed_bytes == pytest.approx(2 * (one.needed_bytes + images_bytes), abs=2)
    assert str(two) == "2 times model as openvino-static take about 18 GiB here"
    exporting = memory_need(static, "model", SD15, Size(512, 512), exports=True, instances=1)
    assert exporting.needed_bytes > one.needed_bytes


def test_what_is_exported_is_exported_by_one_instance_alone() -> None:
    (static,) = select(["openvino-static"])
    two = memory_need(static, "model", SD15, Size(512, 512), exports=True, instances=2)
    assert two.needed_bytes == 2 * need("openvino-static").needed_bytes, "more than one export"
    assert str(two).startswith("2 times model as openvino-static take")


def test_instances_that_do_not_fit_are_refused_with_how_many_would() -> None:
    (static,) = select(["openvino-static"])
    eight = memory_need(static, "model", SD15, Size(512, 512), exports=False, instances=8)
    missing = prerequisites.find_missing(static, STACK, GENOA, need=eight)
    assert str(missing) == (
        "8 times model as openvino-static take about 61 GiB here, and this machine has 24 GiB; to fix it: "
        "--instances 3, or measure a smaller --size or --model, or where there is more memory"
    )


def test_stable_diffusion_xl_in_float32_fits_into_24_gib_and_is_announced() -> None:
    xl = need("eager-fp32", SDXL, side=1024)
    assert str(xl) == "model in float32 takes about 17 GiB here"
    assert xl.fits(GENOA)
    assert xl.is_large(GENOA)
    assert not need("eager-fp32").is_large(GENOA)


def test_what_does_not_fit_is_missing_memory() -> None:
    (row,) = select(["openvino-static"])
    missing = prerequisites.find_missing(row, STACK, GENOA, need=need("openvino-static", SDXL, side=1024, exports=True))
    assert str(missing) == (
        "model exported to OpenVINO takes about 32 GiB here, and this machine has 24 GiB; to fix it: measure a smaller "
        "--size or --model, or where there is more memory"
    )


def test_a_control_group_has_less() -> None:
    contained = replace(GENOA, memory_limit_bytes=4 * GIB)
    assert usable_bytes(contained) == 4 * GIB
    (row,) = select(["eager-fp32"])
    missing = prerequisites.find_missing(row, STACK, contained, need=need("eager-fp32"))
    assert missing
    assert "model in float32 takes about 6 GiB here, and this process may use 4 GiB" in missing.reason
    assert prerequisites.find_missing(row, STACK, contained) is None, "nothing is known before there is a model"
