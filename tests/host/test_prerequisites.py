"""What a variant needs and lacks, and the command line and environment that it gets."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from perf.errors import UnknownName
from perf.host import prerequisites
from perf.host.stack import HEADLINERS, Stack
from perf.measure import command
from perf.spec import ladder
from perf.spec.families import BY_NAME
from perf.spec.variant import Variant
from tests.builders.machines import GENOA, SAPPHIRE_RAPIDS, recorded

GENAI = ("numpy", "openvino", "openvino-genai", "openvino-tokenizers")
EVERY_ISA = dataclasses.replace(SAPPHIRE_RAPIDS, flags=frozenset({*SAPPHIRE_RAPIDS.flags, "avx512_vnni"}))


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
        packages=dict.fromkeys((*HEADLINERS, *GENAI, "optimum-onnx"), "1.0"),
    )


@pytest.fixture(autouse=True)
def everything_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr("ctypes.util.find_library", lambda name: f"lib{name}.so.1")


@pytest.mark.parametrize("name", [variant.name for variant in ladder.LADDER])
def test_nothing_is_missing_where_all_is_there(name: str, stack: Stack) -> None:
    assert prerequisites.find_missing(variant(name), stack, EVERY_ISA) is None


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


@pytest.mark.parametrize("package", GENAI)
def test_genai_needs_its_packages_and_no_torch(package: str, stack: Stack) -> None:
    stack = dataclasses.replace(stack, name="genai", packages=dict.fromkeys(GENAI, "1.0"))
    assert prerequisites.find_missing(variant("genai-int8"), stack, EVERY_ISA) is None
    half_made = dataclasses.replace(stack, packages=dict.fromkeys({*GENAI} - {package}, "1.0"))
    missing = prerequisites.find_missing(variant("genai-int8"), half_made, EVERY_ISA)
    assert missing == prerequisites.Missing(
        f"stack genai (/stack/bin/python) has no {package}", "tox run --recreate --notest -e stack-genai"
    )


BF16 = "neither amx_bf16 nor avx512_bf16 ({cpu}): bfloat16 would be emulated"
FP16 = "neither amx_fp16 nor avx512_fp16 ({cpu}): float16 would be emulated"
INT8 = "no VNNI (amx_int8, avx512_vnni or avx_vnni) ({cpu}): int8 would be emulated"


@pytest.mark.parametrize(
    ("cpu", "name", "lacks"),
    [
        ("ice-lake-sp.known", "bf16-autocast", BF16),
        ("ice-lake-sp.known", "bf16-compile-freeze", BF16),
        ("ice-lake-sp.known", "lcm-4", BF16),
        ("ice-lake-sp.known", "ipex-bf16-dpm", BF16),
        ("ice-lake-sp.known", "eager-fp32", None),
        ("ice-lake-sp.known", "openvino-static", None),
        ("sapphire-rapids.known", "fp16-channels-last", None),
        ("genoa.known", "fp16-channels-last", FP16),
        ("ice-lake-sp.known", "fp16-channels-last", FP16),
        ("skylake-sp.known", "openvino-int8-hybrid", INT8),
        ("skylake-sp.known", "openvino-int8-weights", INT8),
        ("skylake-sp.known", "genai-int8", INT8),
        ("skylake-sp.known", "genai-static", None),
        ("cascade-lake-without-avx512_vnni.known", "openvino-int8-hybrid", INT8),
        ("cascade-lake.known", "openvino-int8-hybrid", None),
        ("sierra-forest.known", "openvino-int8-hybrid", None),
        ("genoa.known", "genai-int8", None),
    ],
)
def test_what_the_cpu_would_emulate_is_not_measured(cpu: str, name: str, lacks: str | None, stack: Stack) -> None:
    machine = recorded(cpu)
    missing = prerequisites.find_missing(variant(name), stack, machine)
    if lacks is None:
        assert missing is None
    else:
        assert missing is not None
        assert missing.reason == f"this CPU has {lacks.format(cpu=machine.cpu)}"
        assert f"-k 'not {name}'" in missing.remedy


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


def brought(**options: Any) -> Variant:
    return dataclasses.replace(
        variant("openvino-static"), **{"backend": "silly", "stack": "mine", "static_shape": False, **options}
    )


def test_a_packages_backend_needs_the_package_and_what_the_worker_itself_does(stack: Stack) -> None:
    mine = dataclasses.replace(stack, name="mine", packages={"numpy": "1.0"}, backends={"silly": "silly-backend 1.0"})
    assert prerequisites.find_missing(brought(), mine, EVERY_ISA) is None
    missing = prerequisites.find_missing(brought(), dataclasses.replace(mine, packages={}), EVERY_ISA)
    assert str(missing) == "stack mine (/stack/bin/python) has no numpy; to fix it: make the environment of " + (
        "/stack/bin/python anew"
    )
    without = prerequisites.find_missing(brought(), dataclasses.replace(mine, backends={}), EVERY_ISA)
    assert without
    assert without.reason.startswith("stack mine has no package that brings backend 'silly'")
    nowhere = prerequisites.find_missing(brought(), None, EVERY_ISA)
    assert nowhere
    assert nowhere.remedy == "name its interpreter: --stack mine=PYTHON, or stacks.mine in the settings file"


def test_a_backend_that_is_nearly_one_is_a_slip_of_the_pen(stack: Stack) -> None:
    prerequisites.check_backend(brought(backend="cheese"), stack)
    prerequisites.check_backend(variant("openvino-static"), stack)
    with pytest.raises(UnknownName, match="did you mean openvino"):
        prerequisites.check_backend(brought(backend="opnvino"), stack)
    bringing = dataclasses.replace(stack, backends={"opnvino": "odd 1.0"})
    prerequisites.check_backend(brought(backend="opnvino"), bringing)


def test_any_family_may_be_a_packages(stack: Stack) -> None:
    mine = dataclasses.replace(stack, backends={"silly": "silly-backend 1.0"})
    family = BY_NAME["stable-diffusion-3"]
    assert prerequisites.find_missing(brought(), mine, EVERY_ISA, family) is None
