"""Every row of the ladder, really built and measured in its stack, on the tiny model."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from perf.gate import store
from perf.host import cache
from perf.host.prerequisites import PACKAGES, find_missing
from perf.host.stack import ROOT, Stack
from perf.measure.checkpoint_check import loaded_files
from perf.records.counts import GenerationCounts
from perf.records.evidence import LOOKED_AT, Evidence
from perf.records.part import Part
from perf.records.typed_json import convert
from perf.spec import ladder
from perf.spec.variant import Variant
from tests.builders.runs import HERE, ladder_command, surroundings
from tests.builders.whole_ladders import UNCHECKED

pytestmark = pytest.mark.alone

# A stack that lacks nothing: what a row lacks in it, it lacks on this machine.
COMPLETE = Stack(
    name="complete",
    python="python",
    python_version="3.13.1",
    prefix="",
    has_headers=True,
    packages=dict.fromkeys(itertools.chain(*PACKAGES.values()), "1.0"),
)


def is_beyond_this_cpu(variant: Variant) -> bool:
    """Tell whether the CPU, such as a hosted runner's may be, lacks the instructions that a row needs."""
    missing = find_missing(variant, COMPLETE, HERE)
    return missing is not None and missing.reason.startswith("this CPU has ")


VARIANTS = {variant.name: variant for variant in ladder.LADDER if not is_beyond_this_cpu(variant)}
ROWS = list(VARIANTS)
CHECKPOINT_MAKERS = [name for name in ladder.stacks() if name != "genai"]
LAYERS = {
    Part.UNET_STEP: {"conv_in", "down_blocks.0.resnets.0", "up_blocks.1.attentions.1", "conv_out"},
    Part.VAE_DECODE: {"post_quant_conv", "decoder.mid_block.attentions.0", "decoder.up_blocks.3.resnets.1"},
}
# Content of the tiny checkpoint, as first made. Another value: machines no longer measure the same model.
TINY_DIGEST = "eb5b82dfe85aec9f90393430d55079f04d6c9aec245920d81c17893f3ea8d885"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Path:
    """Run the whole ladder and return its folder: run.json, junit.xml, ladder.md, out.txt, and tmp."""
    folder = tmp_path_factory.mktemp("ladder")
    (folder / "tmp").mkdir()
    rows = [f"--variant={name}" for name in ROWS]
    outputs = ("--markdown", "ladder.md", "--benchmark-json", "run.json", "--junitxml", "junit.xml")
    result = run_ladder(folder, cache_dir, *rows, *outputs, TMPDIR=str(folder / "tmp"))
    (folder / "out.txt").write_text(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def run_ladder(folder: Path, cache_dir: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the tiny ladder as a user would."""
    quick = ("--model", "tiny", "--rounds", "3", "--wait", "600", "--baselines", "baselines")
    return subprocess.run(
        ladder_command(*quick, *options),
        env=surroundings() | {"PERF_CACHE": str(cache_dir), "COLUMNS": "120"} | more,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def records(ran: Path) -> dict[str, Any]:
    """Return variant name -> its record in pytest-benchmark's JSON."""
    benchmarks = json.loads((ran / "run.json").read_text())["benchmarks"]
    return {benchmark["extra_info"]["variant"]["name"]: benchmark for benchmark in benchmarks}


def test_every_row_is_measured(ran: Path, records: dict[str, Any]) -> None:
    assert list(records) == ROWS
    junit = ElementTree.parse(ran / "junit.xml")
    assert len([*junit.iter("testcase")]) == 2 * len(ROWS) + 1
    skipped = [case.attrib["name"] for case in junit.iter("testcase") if case.find("skipped") is not None]
    assert skipped == ["test_machine"], "it has no baseline to judge by"
    for name in ROWS:
        assert f"| {name} |" in (ran / "ladder.md").read_text()
        assert f"\n{name} " in (ran / "out.txt").read_text()


def test_no_temporary_file_is_left(ran: Path) -> None:
    assert [path.name for path in (ran / "tmp").iterdir()] == []


@pytest.mark.parametrize("name", ROWS)
def test_parts_and_rest_are_the_whole(records: dict[str, Any], name: str) -> None:
    for sample in records[name]["extra_info"]["session"]["samples"]:
        parts = sample["parts"]
        timed = [parts[part] for part in ("text_encoder_s", "vae_decode_s", "safety_checker_s", "rest_s")]
        if VARIANTS[name].backend in UNCHECKED:
            assert timed.pop(2) == 0
        assert all(seconds > 0 for seconds in (*timed, *parts["unet_steps_s"]))
        assert math.isclose(sum(timed) + sum(parts["unet_steps_s"]), sample["latency_s"], rel_tol=1e-9)


@pytest.mark.parametrize("name", ROWS)
def test_the_scheduler_decides_the_number_of_unet_calls(records: dict[str, Any], name: str) -> None:
    calls = 21  # PNDM makes one more than the steps say
    if name.endswith("-dpm"):
        calls = 20
    elif name.endswith("lcm-4"):
        calls = 4
    for sample in records[name]["extra_info"]["session"]["samples"]:
        assert len(sample["parts"]["unet_steps_s"]) == calls


@pytest.mark.parametrize("name", ROWS)
def test_the_parents_time_holds_the_workers(records: dict[str, Any], name: str) -> None:
    samples = records[name]["extra_info"]["session"]["samples"]
    assert records[name]["stats"]["median"] >= statistics.median(sample["latency_s"] for sample in samples)


@pytest.mark.parametrize("name", ROWS)
def test_the_layers_are_those_of_the_model(records: dict[str, Any], name: str) -> None:
    evidence = convert(records[name]["extra_info"]["evidence"], Evidence)
    if records[name]["extra_info"]["variant"]["compiled"]:
        assert evidence.layers == (), "the graph has none"
        return
    for part, expected in LAYERS.items():
        if part == Part.VAE_DECODE and name == "openvino-static-taesd":
            continue  # its layers are numbers
        names = [layer.name for layer in evidence.layers if layer.part == part]
        # ONNX Runtime gives a model's last operation another name.
        assert expected - ({"conv_out"} if name == "onnxruntime" else set()) <= set(names)
        assert len(names) == len(set(names))


def test_a_row_is_recorded_and_slower_software_found_in_pairs(ran: Path, cache_dir: Path) -> None:
    row = ("--variant", "eager-fp32")
    recorded = run_ladder(ran, cache_dir, *row, "--update-baseline", "--why", "the first")
    if "other work ran during every session" in recorded.stdout:
        pytest.skip("this machine is too busy for a baseline, and that is what the suite said")
    assert recorded.returncode == 0, recorded.stdout
    (path,) = (ran / "baselines").rglob("*.json")
    (accepted,) = store.load(path).rows.values()
    assert len(accepted.stack["packages"]) > 30
    assert all(timed.probe_s and timed.unet_step_s for session in accepted.sessions for timed in session.rounds)
    # The same packages, started with a variable that steers kernels, and slower by it: the anchor is started without.
    slower = run_ladder(ran, cache_dir, *row, "--junitxml", "slower.xml", ONEDNN_MAX_CPU_ISA="SSE41")
    assert slower.returncode == 1, slower.stdout + slower.stderr
    properties = {
        element.get("name"): element.get("value")
        for element in ElementTree.parse(ran / "slower.xml").iterfind(".//property")
    }
    assert (properties["verdict"], properties["judged by"]) == ("regressed", "pairs")
    assert "ONEDNN_MAX_CPU_ISA not set -> SSE41" in slower.stdout


@pytest.mark.parametrize("name", ROWS)
def test_conditions_are_kept(records: dict[str, Any], name: str) -> None:
    for sample in records[name]["extra_info"]["session"]["samples"]:
        conditions = sample["conditions"]
        assert conditions["cpu_s"] > 0
        assert conditions["peak_rss_bytes"] is None or conditions["peak_rss_bytes"] > 100 * 2**20


@pytest.mark.parametrize("name", ROWS)
def test_every_part_is_counted(records: dict[str, Any], name: str) -> None:
    """CPU time everywhere, instructions where the machine has hardware counters; of GenAI the whole image alone."""
    for sample in records[name]["extra_info"]["session"]["samples"]:
        counts = convert(sample["counts"], GenerationCounts)
        if VARIANTS[name].backend == "genai":
            assert not counts.parts
        else:
            assert {Part.TEXT_ENCODER, Part.UNET_STEP, Part.VAE_DECODE} <= counts.parts.keys()
            assert (counts.parts[Part.UNET_STEP].task_clock_s or 0) > 0
        whole = counts.whole
        assert whole.task_clock_s == pytest.approx(sample["conditions"]["cpu_s"], rel=0.2, abs=0.1)
        assert whole.instructions is None or whole.instructions > 10**7


def test_no_row_exports_what_an_earlier_one_has_exported(records: dict[str, Any]) -> None:
    others = {name for name, variant in VARIANTS.items() if variant.quantized or variant.vae == "taesd"}
    first = {"openvino-dynamic", "openvino-lcm-4", "onnxruntime"}  # of each model and format
    again = [name for name in ROWS if name not in first | others or name.startswith("genai")]
    assert max(records[name]["extra_info"]["session"]["export_s"] for name in again) < 1


def test_the_checkpoint_is_as_first_made(records: dict[str, Any]) -> None:
    assert {record["extra_info"]["model"]["digest"] for record in records.values()} == {TINY_DIGEST}


@pytest.mark.parametrize("name", CHECKPOINT_MAKERS[1:])  # the first one has made the ladder's
def test_every_stack_makes_the_same_checkpoint(
    stacks: dict[str, Stack], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    made = tmp_path / "made"
    made.mkdir()
    arguments = [stacks[name].python, "-m", "perf.worker.checkpoint", "synthetic", "tiny", str(made)]
    subprocess.run(arguments, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    assert cache.content_digest(made, loaded_files(made)) == TINY_DIGEST


@pytest.mark.parametrize("name", ROWS)
def test_every_claim_holds_and_every_image_is_that_of_eager_float32(records: dict[str, Any], name: str) -> None:
    claims = {claim["name"]: claim for claim in records[name]["extra_info"]["claims"]}
    assert {"precision", "scheduler", "threads", "allocator", "image"} <= claims.keys()
    assert [claim for claim in claims.values() if not claim["holds"]] == []
    assert records[name]["extra_info"]["fidelity"] is not None


@pytest.mark.parametrize("name", ROWS)
def test_kernels_of_both_parts_are_kept(records: dict[str, Any], name: str) -> None:
    evidence = convert(records[name]["extra_info"]["evidence"], Evidence)
    for part in LOOKED_AT:
        products = [kernel for kernel in evidence.kernels if kernel.part == part and kernel.is_product]
        has_attention = part == Part.UNET_STEP or name != "openvino-static-taesd"  # the small VAE has none
        expected = {"convolution", "matmul"} if has_attention else {"convolution"}
        assert {kernel.operation for kernel in products} == expected
        assert all(kernel.time_s > 0 for kernel in products)


def test_the_operations_of_the_text_encoder_are_those_counted_by_hand(records: dict[str, Any], cache_dir: Path) -> None:
    (path,) = (cache_dir / "checkpoints").glob("tiny-[0-9]*/text_encoder/config.json")
    config = json.loads(path.read_text())
    tokens, width, inner = (config[name] for name in ("max_position_embeddings", "hidden_size", "intermediate_size"))
    linear = 2 * tokens * (4 * width * width + 2 * width * inner)  # a multiplication and an addition are two
    attention = 2 * 2 * tokens * tokens * width
    counted = records[ROWS[0]]["extra_info"]["work"]["text_encoder"]["operations"]
    assert counted == 2 * config["num_hidden_layers"] * (linear + attention)  # with the prompt and without


@pytest.mark.parametrize(
    ("name", "packs", "autotunes"),
    [
        ("bf16-channels-last", False, False),
        ("bf16-compile", False, False),
        ("bf16-compile-freeze", True, False),
        ("bf16-compile-autotune", True, True),
    ],
)
def test_the_compiler_does_what_it_is_told_and_no_more(
    records: dict[str, Any], name: str, packs: bool, autotunes: bool
) -> None:
    if name not in ROWS:
        pytest.skip("this CPU lacks its instructions")
    state = convert(records[name]["extra_info"]["evidence"], Evidence).state
    assert ((state.packed or 0) > 0, (state.autotuned or 0) > 0) == (packs, autotunes)


def test_a_run_can_be_explained(ran: Path, records: dict[str, Any]) -> None:
    output = subprocess.run(
        [sys.executable, "-m", "perf", "explain", "run.json"], cwd=ran, capture_output=True, text=True, check=True
    ).stdout
    for name in ROWS:
        assert f"\n{name}: " in output
        work = records[name]["extra_info"]["work"]
        counted = [part for part in Part if part != Part.VAE_DECODE or name != "openvino-static-taesd"]
        assert work.keys() == {part.work_key for part in counted}
        assert all(work[part.work_key]["operations"] > 0 for part in counted)
        for part in counted:
            assert re.search(rf"{part} .* GFLOP/s .*% of the peak in (bf16|f32|i8)", output)


@pytest.mark.parametrize("name", ladder.stacks())
def test_a_stack_has_exactly_its_pins(stacks: dict[str, Stack], name: str) -> None:
    pins: dict[str, set[str]] = {}
    for line in (ROOT / "perf" / "stacks" / f"{name}.txt").read_text().splitlines():
        package, pinned, version = line.partition("==")
        if pinned:
            pins.setdefault(package, set()).add(version.split(";")[0].strip())
    installed = {package: version.split("+")[0] for package, version in stacks[name].packages.items()}
    assert {
        package: version for package, version in installed.items() if version not in pins.get(package, ())
    }.keys() <= {"pip"}


def test_a_hub_id_without_network_is_one_line(cache_dir: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        ladder_command("--model", "stable-diffusion-v1-5/stable-diffusion-v1-5", "--wait", "600"),
        env=surroundings()
        | {"PERF_CACHE": str(cache_dir), "HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 4
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
    assert "stable-diffusion-v1-5/stable-diffusion-v1-5 could not be downloaded from the Hub" in line
    assert "--model synthetic-sd15" in line
