"""What the worker reads from private parts of other libraries, held against each stack's own version."""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

from perf.host.stack import ROOT, Stack
from perf.measure import checkpoints
from perf.spec import ladder

# Two graphs, since the middle is left to the interpreter. Captured and not compiled further, which takes no compiler.
COUNT_GRAPHS = textwrap.dedent("""
    import torch
    from perf.worker.dynamo import graphs_compiled

    @torch.compile(backend="eager")
    def broken_in_two(values):
        values = values + 1
        torch._dynamo.graph_break()
        return values * 2

    before = graphs_compiled()
    broken_in_two(torch.ones(2))
    print(before, graphs_compiled())
""")


@pytest.mark.parametrize("name", ladder.stacks())
def test_torch_still_counts_its_compiled_graphs(stacks: dict[str, Stack], name: str, tmp_path: Path) -> None:
    assert run_in(stacks[name], COUNT_GRAPHS, tmp_path) == "0 2"


def run_in(stack: Stack, code: str, folder: Path, *arguments: str) -> str:
    """Return what the code prints last in the stack's interpreter, without the newline."""
    result = subprocess.run(
        [stack.python, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"torch {stack.packages['torch']}: {result.stderr}"
    return result.stdout.splitlines()[-1]


# The parent refuses such a checkpoint before; here it is given to the worker's own code.
LOAD_PICKLES = textwrap.dedent("""
    import os
    import sys
    from pathlib import Path

    import torch
    from safetensors.torch import load_file

    from perf.spec.ladder import select
    from perf.spec.protocol import Size
    from perf.worker.pipelines import BuildRequest, eager

    class Canary:
        def __reduce__(self):
            return open, ("canary", "w")

    weights = Path(sys.argv[1], "unet", "diffusion_pytorch_model.safetensors")
    torch.save(load_file(weights) | {"canary": Canary()}, weights.with_suffix(".bin"))
    weights.unlink()
    (variant,) = select(["eager-fp32"])
    request = BuildRequest(
        variant=variant, checkpoint=Path(sys.argv[1]), checkpoint_digest="", size=Size(64, 64), exports=Path("exports")
    )
    try:
        eager.load(request)
    except OSError as error:
        print("refused:", " ".join(str(error).split()))
""")


@pytest.mark.parametrize("name", ladder.stacks())
def test_a_worker_loads_no_pickles(stacks: dict[str, Stack], name: str, tmp_path: Path, cache_dir: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERF_CACHE", str(cache_dir))
        tiny = checkpoints.resolve("tiny", stacks[name]).folder
    shutil.copytree(tiny, tmp_path / "checkpoint")
    said = run_in(stacks[name], LOAD_PICKLES, tmp_path, str(tmp_path / "checkpoint"))
    assert said.startswith("refused: "), said
    assert "safetensors" in said
    assert not (tmp_path / "canary").exists()
