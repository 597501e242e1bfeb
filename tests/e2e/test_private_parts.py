"""What the worker reads from private parts of other libraries, held against each stack's own version."""

from __future__ import annotations

import os
import subprocess
import textwrap
from pathlib import Path

import pytest

from perf.host.stack import ROOT, Stack
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


def run_in(stack: Stack, code: str, folder: Path) -> str:
    """Return what the code prints last in the stack's interpreter, without the newline."""
    result = subprocess.run(
        [stack.python, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"torch {stack.packages['torch']}: {result.stderr}"
    return result.stdout.splitlines()[-1]
