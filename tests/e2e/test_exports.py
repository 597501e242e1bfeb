"""The names of exports: whatever decides an export's content is in its name, and nothing else."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from perf.host.stack import Stack
from perf.spec import ladder
from perf.spec.variant import Variant
from tests.builders.stacks import run_in

NAMES_OF_EXPORTS = textwrap.dedent("""
    import json
    import sys

    from perf.worker import exports
    from perf.worker.pipelines import BuildRequest

    exports.make_once = lambda folder, make, need_bytes: folder  # makes none
    exports.forget_unused = lambda folder: None
    print(json.dumps([exports.exported(BuildRequest.from_json(each)).name for each in json.loads(sys.argv[1])]))
""")
SMALL_VAE = "/cache/tiny-taesd-1"


@pytest.fixture(scope="module")
def names(stacks: dict[str, Stack], tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """Return the name of the export of a row that is calibrated with a prompt, by both."""
    folder = tmp_path_factory.mktemp("named")
    wanted = [
        (variant, prompt) for variant in ladder.LADDER if variant.runs_openvino for prompt in ("a harbour", "a clock")
    ]
    requests = [
        {
            "variant": variant.to_json(),
            "checkpoint": str(folder),
            "checkpoint_digest": "d" * 64,
            "size": "128x128",
            "guidance_scale": 7.5,
            "exports": str(folder / "exports"),
            "export": None,
            "small_vae": SMALL_VAE if variant.vae == "taesd" else None,
            "prompts": [prompt],
        }
        for variant, prompt in wanted
    ]
    made = json.loads(run_in(stacks["current"], NAMES_OF_EXPORTS, folder, json.dumps(requests)))
    return {(variant.name, prompt): name for (variant, prompt), name in zip(wanted, made, strict=True)}


@pytest.mark.parametrize("variant", [each for each in ladder.LADDER if each.runs_openvino], ids=lambda each: each.name)
def test_the_prompts_are_in_the_name_of_what_is_calibrated_with_them(
    names: dict[tuple[str, str], str], variant: Variant
) -> None:
    name = variant.name
    is_another = names[name, "a harbour"] != names[name, "a clock"]
    assert is_another == (variant.quantized == "int8-hybrid")


def test_each_kind_of_export_has_a_name_of_its_own(names: dict[tuple[str, str], str]) -> None:
    of_rows = {name: made for (name, prompt), made in names.items() if prompt == "a clock"}
    plain = of_rows["openvino-static"]
    same = {"openvino-dynamic", "openvino-static", "openvino-static-dpm", "openvino-lcm-4"}
    assert {name for name, made in of_rows.items() if made == plain} == same
    assert len(set(of_rows.values())) == 1 + len(of_rows.keys() - same)
    assert of_rows["openvino-static-taesd"] == f"{plain}-{Path(SMALL_VAE).name}"
    assert of_rows["genai-int8"].startswith(f"{of_rows['openvino-int8-hybrid']}-genai-")
