"""What the worker reads from private parts of other libraries, held against each stack's own version."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

import pytest

from perf.host.stack import Stack
from perf.measure import checkpoints
from perf.spec import ladder
from tests.builders.runs import HERE
from tests.builders.stacks import run_in

WITH_TORCH = list(dict.fromkeys(variant.stack for variant in ladder.LADDER if variant.backend != "genai"))

# Two graphs, since the middle is left to the interpreter. Captured and not compiled further, which takes no compiler.
COUNT_GRAPHS = textwrap.dedent("""
    import torch
    from perf.worker.pipelines.inductor import compilation

    @torch.compile(backend="eager")
    def broken_in_two(values):
        values = values + 1
        torch._dynamo.graph_break()
        return values * 2

    before = compilation().graphs
    broken_in_two(torch.ones(2))
    print(before, compilation().graphs)
""")


@pytest.mark.parametrize("name", WITH_TORCH)
def test_torch_still_counts_its_compiled_graphs(stacks: dict[str, Stack], name: str, tmp_path: Path) -> None:
    assert run_in(stacks[name], COUNT_GRAPHS, tmp_path) == "0 2"


# Compiled anew in each process, but for the kernels and their times, which are in the cache.
COUNT_CHOICES = textwrap.dedent("""
    import torch
    from perf.worker.pipelines import inductor

    inductor.configure("max-autotune")
    layer = torch.nn.Linear(64, 64, dtype=torch.bfloat16).eval()
    with torch.no_grad():
        torch.compile(layer)(torch.ones(32, 64, dtype=torch.bfloat16))
    print(inductor.compilation().autotuned)
""")


@pytest.mark.skipif(not HERE.bf16_isa, reason="this CPU has no bfloat16 instructions")
@pytest.mark.parametrize("name", dict.fromkeys(row.stack for row in ladder.LADDER if row.compiled == "max-autotune"))
def test_a_kernel_that_was_timed_in_an_earlier_process_counts(
    stacks: dict[str, Stack], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))
    assert [run_in(stacks[name], COUNT_CHOICES, tmp_path) for _ in range(2)] == ["1", "1"]


# A chain of operations on shapes, each of which takes less than the microsecond that the profile counts in.
COUNT_OPERATIONS = textwrap.dedent("""
    import numpy as np
    from openvino import Core, Model, opset13
    from perf.worker.pipelines.profiles import executed, primitives

    image = opset13.parameter([-1, 8, -1], np.float32)
    values = image
    for _ in range(20):
        shape = opset13.shape_of(values, output_type="i32")
        ends = [opset13.gather(shape, opset13.constant([place]), opset13.constant(0)) for place in (0, 1, 2)]
        flat = opset13.concat([ends[0], opset13.multiply(ends[1], ends[2])], 0)
        values = opset13.reshape(opset13.relu(opset13.reshape(values, flat, False)), shape, False)
    core = Core()
    compiled = core.compile_model(Model([values], [image]), "CPU", {"PERF_COUNT": True})
    request = compiled.create_infer_request()
    seen = set()
    for _ in range(10):
        request.infer([np.ones((1, 8, 4), np.float32)])
        kinds = [kind[:3] for kind in executed(request.get_profiling_info(), primitives(compiled))]
        seen.add(tuple(sorted(kinds)))
    print(len(seen), len(kinds) > 20)
""")


def test_operations_that_take_no_time_are_counted_in_every_call(stacks: dict[str, Stack], tmp_path: Path) -> None:
    assert run_in(stacks["current"], COUNT_OPERATIONS, tmp_path) == "1 True"


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
        variant=variant,
        checkpoint=Path(sys.argv[1]),
        checkpoint_digest="",
        size=Size(64, 64),
        guidance_scale=7.5,
        exports=Path("exports"),
    )
    try:
        eager.load(request)
    except OSError as error:
        print("refused:", " ".join(str(error).split()))
""")


@pytest.mark.parametrize("name", WITH_TORCH)
def test_a_worker_loads_no_pickles(stacks: dict[str, Stack], name: str, tmp_path: Path, cache_dir: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERF_CACHE", str(cache_dir))
        tiny = checkpoints.resolve("tiny", stacks[name]).folder
    shutil.copytree(tiny, tmp_path / "checkpoint")
    said = run_in(stacks[name], LOAD_PICKLES, tmp_path, str(tmp_path / "checkpoint"))
    assert said.startswith("refused: "), said
    assert "safetensors" in said
    assert not (tmp_path / "canary").exists()
