"""Backends that a package brings, held to the contract: each way to break it is named, and the sound one passes."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from perf.errors import BrokenContract
from perf.records.part import Part
from perf.spec.protocol import Size
from perf.spec.variant import Variant
from perf.worker import brought, contract
from perf.worker.brought import Brought, check_surface
from perf.worker.contract import BuildRequest, Claim, Image, Observed, PartsClock, Peak, State

SIZE = Size(16, 8)
LATENTS = np.zeros((1, 4, 1, 2), np.float32)
STATE = State(scheduler="PNDMScheduler", threads=1)
OBSERVED = Observed(kernels=(), layers=(), state=STATE)
PEAK = Peak(fp32_flop_per_s=1.0, bf16_flop_per_s=1.0, memory_bytes_per_s=1.0)
VARIANT = Variant(name="x", about="", stack="mine", backend="silly", precision="fp32")
WHO = "backend 'silly' of silly-backend 1.0 in stack mine"
REQUEST = cast("BuildRequest", None)


def step(clock: PartsClock, step_s: float = 0.0) -> None:
    clock.begin(Part.UNET_STEP)
    clock.add(Part.UNET_STEP, step_s)


class Pipeline:
    """A sound one, which makes an image of zeros in as many UNet steps as it is told."""

    export_s = 0
    final_latents = LATENTS

    def __init__(self, **changed: Any) -> None:
        self.image: Any = np.zeros((8, 16, 3), np.float32)
        self.tell: Callable[[PartsClock], object] = step
        vars(self).update(changed)

    def watch(self, clock: PartsClock) -> None:
        self.clock = clock

    def generate(self, *, steps: int, **_others: object) -> Image:
        for _ in range(steps):
            self.tell(self.clock)
        image: Image = self.image
        return image

    def surrounded(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


def backend(**changed: Any) -> Brought:
    """Return a sound backend, with these attributes in place of its own."""
    usual = {
        "CONTRACT": contract.VERSION,
        "build": lambda _: Pipeline(),
        "observe": lambda *_: OBSERVED,
        "measure_peak": lambda _: PEAK,
    }
    module = SimpleNamespace(**{name: value for name, value in (usual | changed).items() if value is not None})
    return Brought(who=WHO, code="silly-backend 1.0 (1)", module=module)


def use(used: Brought) -> tuple[Observed, tuple[Claim, ...]]:
    """Do all that a worker does with a backend."""
    check_surface(used)
    held = used.build(REQUEST)
    held.watch(PartsClock(lambda _: None))
    held.generate(prompt="", steps=2, guidance_scale=1.0, size=SIZE, latents=LATENTS)
    assert held.final_latents is not None
    with held.surrounded():
        observed = used.observe(held, lambda _: None)
    used.measure_peak(VARIANT)
    return observed, used.check_claims(held, observed)


def test_a_sound_backend_is_told_what_code_it_is() -> None:
    observed, claims = use(backend())
    assert observed.state == dataclasses.replace(STATE, code="silly-backend 1.0 (1)")
    assert claims == ()


def test_a_backend_claims_what_it_likes() -> None:
    _, claims = use(backend(check_claims=lambda *_: iter([Claim("cheese", cast("bool", np.bool_(False)), "none")])))
    assert claims == (Claim("cheese", False, "none"),)
    assert type(claims[0].holds) is bool, "it becomes JSON"


def raises(*_: object) -> object:
    raise KeyError("cheese")


def made(**changed: Any) -> dict[str, Callable[..., object]]:
    return {"build": lambda _: Pipeline(**changed)}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"CONTRACT": None}, "CONTRACT does not say which version it was written for, where the contract wants 1"),
        ({"CONTRACT": 2}, "CONTRACT says 2 which version it was written for, where the contract wants 1"),
        ({"build": None}, "it has no function build"),
        ({"observe": 1}, "it has no function observe"),
        ({"build": raises}, "build() raised KeyError: 'cheese'"),
        (
            {"build": lambda _: {}},
            "build() returned a dict without watch, generate, surrounded, export_s, final_latents",
        ),
        (made(export_s="1"), "export_s is a str, where the contract wants seconds"),
        (made(generate=raises), "generate() raised TypeError: "),
        (
            made(image=None),
            "generate() returned a NoneType, where the contract wants an array of float32 of (8, 16, 3)",
        ),
        (made(image=np.zeros((8, 16, 3))), "generate() returned an array of float64 of (8, 16, 3)"),
        (made(image=np.zeros((1, 8, 16, 3), np.float32)), "generate() returned an array of float32 of (1, 8, 16, 3)"),
        (
            made(final_latents=None),
            "final_latents is a NoneType, where the contract wants an array of float32 of (1, 4",
        ),
        (made(tell=lambda _: None), "the clock was told of 0 UNet steps in an image of 2"),
        (made(tell=lambda clock: clock.add(Part.UNET_STEP, 0.0)), "the clock was told of the UNet step without its"),
        (
            made(tell=partial(step, step_s=60.0)),
            "the parts of an image of ",
        ),
        ({"observe": lambda *_: {}}, "observe() returned a dict, where the contract wants an Observed"),
        ({"observe": raises}, "observe() raised KeyError: 'cheese'"),
        ({"measure_peak": lambda _: 1.0}, "measure_peak() returned a float, where the contract wants a Peak"),
        ({"check_claims": lambda *_: ["cheese"]}, "check_claims() has a str among its claims"),
        ({"check_claims": lambda *_: None}, "check_claims() raised TypeError: "),
    ],
)
def test_a_breach_is_named(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(BrokenContract) as caught:
        use(backend(**changed))
    assert str(caught.value).startswith(f"{WHO}: {said}")


def test_without_a_library_to_measure_the_peak_by_the_package_must_bring_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "find_spec", lambda _: None)
    with pytest.raises(BrokenContract, match="it has no measure_peak, and its stack neither torch nor openvino"):
        use(backend(measure_peak=None))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("cheese_shop", None)


def install(site: Path, name: str, code: str, module: str = "cheese_shop") -> None:
    about = site / f"{name.replace('-', '_')}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[sd_xeon_perf.backends]\nsilly = {module}\n")
    (site / f"{module}.py").write_text(code)


SOUND = "CONTRACT = 1\ndef build(request): ...\ndef observe(pipeline, replay): ...\n"


def test_a_package_is_found_by_its_entry_point_and_known_by_its_code(site: Path) -> None:
    install(site, "cheese-shop", SOUND)
    first = brought.load(VARIANT)
    assert first.who == "backend 'silly' of cheese-shop 1.0 in stack mine"
    assert first.code.startswith("cheese-shop 1.0 (")
    (site / "cheese_shop.py").write_text(f"{SOUND}# changed\n")
    assert brought.load(VARIANT).code != first.code, "the same version, and other code"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import cheddar", "it cannot be imported: ModuleNotFoundError: No module named 'cheddar'"),
        ("raise SystemExit('closed')", "it cannot be imported: SystemExit: closed"),
        ("def", "it cannot be imported: SyntaxError: "),
        ("CONTRACT = 1", "it has no function build"),
    ],
)
def test_a_package_that_cannot_be_imported_is_named(site: Path, code: str, said: str) -> None:
    install(site, "cheese-shop", code)
    with pytest.raises(BrokenContract) as caught:
        brought.load(VARIANT)
    assert str(caught.value).startswith(f"backend 'silly' of cheese-shop 1.0 in stack mine: {said}")


def test_two_packages_that_bring_it_are_one_too_many(site: Path) -> None:
    install(site, "cheese-shop", SOUND)
    install(site, "wine-shop", SOUND, "wine_shop")
    with pytest.raises(BrokenContract, match="one package must bring it, and 2 do") as caught:
        brought.load(VARIANT)
    assert "cheese-shop 1.0" in str(caught.value)
    assert "wine-shop 1.0" in str(caught.value)
