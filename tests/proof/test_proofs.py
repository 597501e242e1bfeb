"""Which image a row's is compared with: that of eager float32, made by the same settings."""

from __future__ import annotations

import pytest

from perf.proof.proofs import EAGER, eager_of
from perf.spec import ladder
from perf.spec.protocol import Size, Sweep
from perf.spec.same_image import image_differences
from perf.spec.sweep import settings_of
from perf.spec.variant import Variant

NAMES = {
    "ipex-bf16-dpm": "reference-dpm-solver",
    "openvino-static-dpm": "reference-dpm-solver",
    "openvino-static-taesd": "reference-taesd",
    "lcm-4": "reference-latent-consistency-4",
    "openvino-lcm-4": "reference-latent-consistency-4",
}


@pytest.mark.parametrize("variant", ladder.LADDER, ids=lambda variant: variant.name)
def test_the_reference_makes_the_same_image_in_float32(variant: Variant) -> None:
    eager = eager_of(variant)
    assert image_differences(variant, eager) == []
    assert (eager.backend, eager.precision, eager.stack, eager.tuning) == ("eager", "fp32", EAGER.stack, None)
    assert (eager.quantized, eager.compiled, eager.channels_last) == (None, None, False)


def test_each_setting_of_a_sweep_has_a_reference_of_its_own() -> None:
    sweep = Sweep.of([Size(256, 256), Size(512, 512)], [10, 20])
    references = {eager_of(variant) for variant in settings_of(ladder.select(["eager-fp32", "openvino-*"]), sweep)}
    settings = {(eager.size, eager.steps) for eager in references if not eager.latent_consistency}
    assert settings == {(size, steps) for size in sweep.sizes for steps in sweep.steps}


@pytest.mark.parametrize("variant", ladder.LADDER, ids=lambda variant: variant.name)
def test_rows_that_make_the_same_image_have_one_reference(variant: Variant) -> None:
    assert eager_of(variant).name == NAMES.get(variant.name, "eager-fp32")
    assert eager_of(eager_of(variant)) == eager_of(variant)
