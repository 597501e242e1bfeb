"""Traces of rows: blocks that follow each other and lie within each other, as Perfetto draws them."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from perf import cli
from perf.exit_codes import ExitCode
from perf.history import recorded_run
from perf.history.recorded_run import EvidencedRow
from perf.records.evidence import Layer
from perf.records.part import Part
from perf.report.trace import IMAGES, KERNELS, LAYERS, Json, trace
from tests.builders.evidence import evidence
from tests.builders.recorded_runs import recorded_row, write_run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run.json", recorded_row("eager-fp32", [10.0, 12.0], evidence()))


@pytest.fixture
def drawn_row(path: Path) -> EvidencedRow:
    (row,) = recorded_run.read(path).evidenced_rows
    return row


def blocks(row: EvidencedRow, process: int) -> list[Json]:
    return [event for event in trace(row)["traceEvents"] if event["ph"] == "X" and event["pid"] == process]


def test_images_follow_each_other_and_hold_their_parts(drawn_row: EvidencedRow) -> None:
    drawn = blocks(drawn_row, IMAGES)
    first, second = (event for event in drawn if event["name"].startswith("image"))
    assert (first["ts"], first["dur"], second["ts"], second["dur"]) == (0, 10e6, 10e6, 12e6)
    parts = [event for event in drawn if not event["name"].startswith("image")]
    assert [event["name"] for event in parts[:3]] == ["text encoder", "UNet step 1", "VAE decode"]
    assert sum(event["dur"] for event in parts) == first["dur"] + second["dur"]


def test_kernels_of_a_call_are_in_lines_of_their_own(drawn_row: EvidencedRow) -> None:
    drawn = blocks(drawn_row, KERNELS)
    assert len(drawn) == len(evidence().kernels)
    by_line: dict[int, list[Json]] = {}
    for event in drawn:
        by_line.setdefault(event["tid"], []).append(event)
    for line in by_line.values():
        for before, after in itertools.pairwise(line):
            assert after["ts"] == pytest.approx(before["ts"] + before["dur"])
    assert drawn[0]["args"] == {"implementation": "brg_conv_fwd:avx10_1_512_amx", "types": "bf16", "calls": 50}


def test_layers_follow_each_other_as_they_ran(tmp_path: Path) -> None:
    layers = (
        Layer(part=Part.UNET_STEP, name="conv_in", time_s=0.1),
        Layer(part=Part.VAE_DECODE, name="post_quant_conv", time_s=0.3),
        Layer(part=Part.UNET_STEP, name="mid_block.resnets.0", time_s=0.2),
    )
    proof = replace(evidence(), layers=layers)
    run = write_run(tmp_path / "run.json", recorded_row("eager-fp32", [10.0], proof))
    (row,) = recorded_run.read(run).evidenced_rows
    assert [(event["name"], event["tid"], event["ts"], event["dur"]) for event in blocks(row, LAYERS)] == [
        ("conv_in", 1, 0, 1e5),
        ("mid_block.resnets.0", 1, 1e5, 2e5),
        ("post_quant_conv", 2, 0, 3e5),
    ]


def test_the_command_writes_a_file(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out" / "row.trace.json"
    assert cli.main(["trace", str(path), "--row", "eager-fp32", "--output", str(output)]) == ExitCode.OK
    assert json.loads(output.read_text())["otherData"]["row"] == "eager-fp32"
    assert str(output) in capsys.readouterr().out


def test_a_row_that_the_run_has_not_is_one_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["trace", str(path), "--row", "eager-fp23"]) == ExitCode.BAD_INPUT
    assert "'eager-fp23'; did you mean eager-fp32?" in capsys.readouterr().err
