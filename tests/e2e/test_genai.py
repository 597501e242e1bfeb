"""What the worker refuses to do with GenAI, in the stack that has it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from perf.host.stack import Stack
from tests.builders.stacks import run_in

PREPARED = """
    from pathlib import Path

    import numpy as np

    from perf.spec.ladder import select
    from perf.spec.protocol import Size
    from perf.worker.pipelines import BuildRequest
    from perf.worker.pipelines.genai import StartingLatents, export_of

    latents = StartingLatents(np.zeros((1, 4, 16, 16), np.float32), lambda: None)

    def request(export):
        (variant,) = select(["genai-static"])
        return BuildRequest(
            variant=variant,
            checkpoint=Path(),
            checkpoint_digest="",
            size=Size(128, 128),
            guidance_scale=7.5,
            exports=Path(),
            export=export,
        )

    try:
        {call}
    except (ValueError, NotImplementedError) as error:
        print("refused:", error)
    else:
        print("taken")
"""


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            "latents.randn_tensor([1, 4, 8, 8])",
            "refused: GenAI asks for latents of (1, 4, 8, 8), and was given (1, 4, 1",
        ),
        ("latents.next()", "refused: GenAI asks for noise beyond the starting latents"),
        ("export_of(request(None))", "refused: GenAI makes no export, and was given none"),
        (
            "export_of(request(Path('empty')))",
            "refused: empty has no tokenizer/openvino_tokenizer.xml: remove the folder",
        ),
        ("latents.randn_tensor([1, 4, 16, 16])", "taken"),
    ],
)
def test_what_makes_another_image_is_refused(stacks: dict[str, Stack], call: str, said: str, tmp_path: Path) -> None:
    assert run_in(stacks["genai"], textwrap.dedent(PREPARED.format(call=call)), tmp_path).startswith(said)
