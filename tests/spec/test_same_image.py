"""Which rows make the same image by design."""

from __future__ import annotations

from dataclasses import fields

from perf.spec import ladder
from perf.spec.same_image import image_differences
from perf.spec.variant import DECIDES_IMAGE, Variant


def difference(reference: str, candidate: str) -> list[str]:
    (before,), (after,) = ladder.select([reference]), ladder.select([candidate])
    return image_differences(before, after)


def test_another_backend_or_precision_makes_the_same_image() -> None:
    assert difference("eager-fp32", "ipex-bf16") == difference("bf16-compile", "openvino-static") == []
    assert difference("openvino-static", "openvino-static") == []


def test_another_scheduler_makes_another_image() -> None:
    assert difference("openvino-static", "openvino-static-dpm") == ["scheduler dpm-solver, not checkpoint"]
    assert difference("ipex-bf16-dpm", "openvino-static-dpm") == []


def test_a_model_of_few_steps_and_a_small_decoder_make_other_images() -> None:
    assert difference("openvino-static", "openvino-lcm-4") == [
        "latent consistency True, not False",
        "steps 4, not None",
    ]
    assert difference("openvino-static", "openvino-static-taesd") == ["vae taesd, not checkpoint"]
    assert difference("lcm-4", "openvino-lcm-4") == []


def test_what_decides_the_image_are_fields_of_a_variant() -> None:
    assert set(DECIDES_IMAGE) <= {field.name for field in fields(Variant)}
