"""Adapter to a private part of torch: how many graphs it has compiled.

torch has no public count: torch.compiler compiles and resets, and torch._dynamo.explain would compile everything
again. Checked with torch 2.8.0 and 2.13.0; tests/e2e/test_private_parts.py fails when another version counts
differently.
"""

from __future__ import annotations

from torch._dynamo.utils import counters


def graphs_compiled() -> int:
    """Return the number of graphs that torch.compile has captured in this process."""
    graphs: int = counters["stats"]["unique_graphs"]
    return graphs
