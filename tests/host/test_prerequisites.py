"""What a variant needs and lacks, and the command line and environment that it gets."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from perf.host import prerequisites
from perf.host.stack import HEADLINERS, Stack
from perf.measure import command
from perf.spec import ladder
from perf.spec.families import BY_NAME
from perf.spec.variant import Variant
from tests.builders.machines import GENOA

ICE_LAKE = dataclasses.replace(GENOA, cpu="Intel(R) Xeon(R) Gold 6338", flags=frozenset({"avx512_vnni"}))


def variant(name: str) -> Variant:
    (variant,) = ladder.select([name])
    return variant


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libiomp5.so").touch()
    return Stack(
        name="current",
        python="/stack/bin/python",
        python_version="3.13.1",
        prefix=str(tmp_path),
        has_headers=True,
        packages=dict.fromkeys(HEADLINERS, "1.0"),
    )


@pytest.fixture(autouse=True)
def everything_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr("ctypes.util.find_library", lambda name: f"lib{name}.so.1")


@pytest.mark.parametrize("name", [variant.name for variant in ladder.LADDER])
def test_nothing_is_missing_where_all_is_there(name: str, stack: Stack) -> None:
    assert prerequisites.find_missing(variant(name), stack, GENOA) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("eager-fp32", None),
        ("ipex-bf16", None),
        ("openvino-static", "StableDiffusion3Pipeline is measured with PyTorch alone"),
        ("ipex-bf16-dpm", "StableDiffusion3Pipeline takes no scheduler but its own"),
    ],
)
def test_not_every_row_is_of_every_family(name: str, reason: str | None, stack: Stack) -> None:
    missing = prerequisites.find_missing(variant(name), stack, GENOA, BY_NAME["stable-diffusion-3"])
    assert (missing and missing.reason) == reason
    assert prerequisites.find_missing(variant(name), stack, GENOA, BY_NAME["stable-diffusion"]) is None


def test_no_stack() -> None:
    assert str(prerequisites.find_missing(variant("ipex-bf16"), None, GENOA)) == (
        "stack ipex is not installed; to fix it: tox run --notest -e stack-ipex"
    )


def test_a_half_made_stack(stack: Stack) -> None:
    stack = dataclasses.replace(stack, packages={"torch": "2.13.0", "diffusers": "0.37.1", "transformers": "5"})
    assert prerequisites.find_missing(variant("eager-fp32"), stack, GENOA) is None
    missing = str(prerequisites.find_missing(variant("openvino-static"), stack, GENOA))
    assert "stack current (/stack/bin/python) has no openvino" in missing
    assert "tox run --recreate --notest -e stack-current" in missing


@pytest.mark.parametrize("name", ["bf16-autocast", "bf16-compile", "ipex-bf16-dpm"])
def test_bf16_needs_the_instructions(name: str, stack: Stack) -> None:
    missing = prerequisites.find_missing(variant(name), stack, ICE_LAKE)
    assert missing is not None
    assert "neither amx_bf16 nor avx512_bf16 (Intel(R) Xeon(R) Gold 6338)" in missing.reason
    assert "-k 'not bf16'" in missing.remedy


@pytest.mark.parametrize("name", ["eager-fp32", "openvino-static"])
def test_ice_lake_runs_what_needs_no_bf16(name: str, stack: Stack) -> None:
    assert prerequisites.find_missing(variant(name), stack, ICE_LAKE) is None


def test_compiling_needs_a_compiler_and_headers(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    without_headers = dataclasses.replace(stack, has_headers=False)
    missing = prerequisites.find_missing(variant("bf16-compile"), without_headers, GENOA)
    assert missing == prerequisites.Missing(
        "torch.compile needs the headers of Python 3.13", "apt-get install python3.13-dev"
    )
    monkeypatch.setattr("shutil.which", lambda _: None)
    missing = prerequisites.find_missing(variant("bf16-compile"), stack, GENOA)
    assert missing is not None
    assert missing.remedy == "apt-get install g++"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("eager-fp32-jemalloc", "apt-get install libjemalloc2"),
        ("eager-fp32-tcmalloc", "apt-get install libtcmalloc-minimal4"),
    ],
)
def test_tuning_needs_its_allocator(name: str, remedy: str, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    missing = prerequisites.find_missing(variant(name), stack, GENOA)
    assert missing is not None
    assert missing.remedy == remedy


def test_tuning_needs_numactl_and_intel_openmp(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(stack.prefix, "lib", "libiomp5.so").unlink()
    missing = prerequisites.find_missing(variant("eager-fp32-jemalloc"), stack, GENOA)
    assert missing is not None
    assert "Intel OpenMP is missing" in missing.reason
    monkeypatch.setattr("shutil.which", lambda _: None)
    missing = prerequisites.find_missing(variant("eager-fp32-jemalloc"), stack, GENOA)
    assert missing is not None
    assert missing.remedy == "apt-get install numactl"


def test_an_untuned_variant_starts_plainly(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LD_PRELOAD", "OMP_NUM_THREADS", "KMP_AFFINITY", "MALLOC_CONF"):
        monkeypatch.setenv(name, "left by the user's shell")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "ALL")
    started = command.for_variant(variant("eager-fp32"), stack, GENOA)
    assert started.arguments == ("/stack/bin/python", "-m", "perf.worker")
    assert not {"LD_PRELOAD", "OMP_NUM_THREADS", "KMP_AFFINITY", "MALLOC_CONF"} & started.environment.keys()
    assert started.environment["ONEDNN_MAX_CPU_ISA"] == "ALL"
    assert started.environment["HF_HUB_OFFLINE"] == "1"


def test_the_articles_tuning(stack: Stack) -> None:
    started = command.for_variant(variant("eager-fp32-jemalloc"), stack, GENOA)
    assert started.arguments[:3] == ("numactl", "-C", "0,2")
    assert started.environment["OMP_NUM_THREADS"] == "2"
    assert started.environment["LD_PRELOAD"] == f"libjemalloc.so.1:{stack.prefix}/lib/libiomp5.so"
    assert started.environment["MALLOC_CONF"].startswith("oversize_threshold:1,background_thread:true")


def test_tcmalloc_has_no_jemalloc_settings(stack: Stack) -> None:
    started = command.for_variant(variant("eager-fp32-tcmalloc"), stack, GENOA)
    assert started.environment["LD_PRELOAD"].startswith("libtcmalloc_minimal.so.1:")
    assert "MALLOC_CONF" not in started.environment
