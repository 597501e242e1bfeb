"""Layers by the names of modules, and the hooks that time them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from perf.records.evidence import Layer
from perf.worker.layers import in_layers, layer_of, timing


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("down_blocks.0.resnets.1.conv1", "down_blocks.0.resnets.1"),
        ("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", "down_blocks.0.attentions.0"),
        ("down_blocks.0.downsamplers.0.conv", "down_blocks.0.downsamplers.0"),
        ("mid_block.attentions.0.proj_in", "mid_block.attentions.0"),
        ("up_blocks.3.upsamplers.0.conv", "up_blocks.3.upsamplers.0"),
        ("conv_in", "conv_in"),
        ("time_embedding.linear_1", "time_embedding"),
        ("decoder.up_blocks.2.resnets.0.norm1", "decoder.up_blocks.2.resnets.0"),
        ("decoder.conv_out", "decoder.conv_out"),
        ("post_quant_conv", "post_quant_conv"),
        ("decoder", None),
        ("/silly", None),
        ("", None),
    ],
)
def test_the_layer_of_a_module(name: str, layer: str | None) -> None:
    assert layer_of(name) == layer


def test_a_layer_that_runs_twice_is_one_where_it_began() -> None:
    found = in_layers("UNet step", [("conv_in", 0.1), ("mid_block.resnets.0", 0.2), ("conv_in", 0.3)])
    assert found == (
        Layer(part="UNet step", name="conv_in", time_s=0.4),
        Layer(part="UNet step", name="mid_block.resnets.0", time_s=0.2),
    )


class Module:
    """A module of torch, as far as its hooks go; ``run`` is what it does."""

    def __init__(self, run: Callable[[], object] = lambda: None) -> None:
        self.children: dict[str, Module] = {}
        self.hooks: list[tuple[str, Callable[..., None]]] = []
        self._run = run

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        return iter([("", self), *self.children.items()])

    def register_forward_pre_hook(self, hook: Callable[..., None]) -> Any:
        return self._register("before", hook)

    def register_forward_hook(self, hook: Callable[..., None]) -> Any:
        return self._register("after", hook)

    def _register(self, when: str, hook: Callable[..., None]) -> Any:
        self.hooks.append((when, hook))
        return type("Handle", (), {"remove": lambda _: self.hooks.remove((when, hook))})()

    def __call__(self) -> None:
        for when, hook in self.hooks:
            if when == "before":
                hook(self, ())
        self._run()
        for when, hook in self.hooks:
            if when == "after":
                hook(self, (), None)


def test_layers_are_timed_and_what_is_within_them_is_not() -> None:
    model: Any = Module()
    inner = Module()
    model.children = {"mid_block": Module(), "mid_block.resnets.0": Module(inner), "mid_block.resnets.0.conv1": inner}
    with timing(model) as timed:
        model.children["mid_block.resnets.0"]()
    assert [name for name, _ in timed] == ["mid_block.resnets.0"]
    assert timed[0][1] > 0
    assert not any(child.hooks for child in model.children.values()), "nothing is left behind"
