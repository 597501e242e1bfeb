"""A recorded run is read again, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perf.errors import BadRun
from perf.history import recorded_run
from perf.records.part import Part
from perf.report import explain
from perf.stats.verdict import VerdictKind
from tests.builders.evidence import evidence
from tests.builders.recorded_runs import recorded_row, write_run
from tests.builders.verdicts import verdict_of


def test_a_run_comes_back_as_it_was_recorded(tmp_path: Path) -> None:
    run = recorded_run.read(write_run(tmp_path / "run.json", recorded_row("eager-fp32", [3.0, 1.0, 2.0])))
    assert run.machine == "AMD EPYC 9R14 (genoa), 2 cores, 24 GiB, bf16 by avx512_bf16"
    (row,) = run.rows
    assert (row.name, row.latency_s, row.model, str(row.protocol.size)) == ("eager-fp32", 2.0, "tiny", "128x128")
    assert row.part_times_s[Part.UNET_STEP] == 2.0


def test_a_row_with_evidence_says_what_it_reached_of_the_peak(tmp_path: Path) -> None:
    plain, proved = recorded_row("eager-fp32", [0.1]), recorded_row("bf16-autocast", [0.1], evidence())
    (row,) = recorded_run.read(write_run(tmp_path / "run.json", plain, proved)).evidenced_rows
    assert row.name == "bf16-autocast"
    assert row.reached[Part.UNET_STEP].share == pytest.approx(0.01), "1e9 operations in 0.1 s, at a peak of 1e12"
    assert row.peak_share == pytest.approx(0.01)


def test_a_row_has_its_verdict_where_it_was_given(tmp_path: Path) -> None:
    verdict = verdict_of(1.05, VerdictKind.REGRESSED, sees=1.021)
    judged = recorded_row("eager-fp32", [0.1], evidence()) | {"verdict": verdict.to_json()}
    unjudged = recorded_row("bf16-autocast", [0.1], evidence())
    rows = recorded_run.read(write_run(tmp_path / "run.json", judged, unjudged)).evidenced_rows
    assert [row.verdict for row in rows] == [verdict, None]
    assert "  regressed: ; sees 2.1 %" in list(explain.explain(rows[0]))


def test_a_run_without_evidence_says_so_when_it_is_asked_for(tmp_path: Path) -> None:
    run = recorded_run.read(write_run(tmp_path / "run.json", recorded_row("eager-fp32", [1.0])))
    with pytest.raises(BadRun, match=r"run\.json holds no row with evidence; a run of `tox run -e perf` does"):
        _ = run.evidenced_rows


def test_a_run_in_which_nothing_was_measured(tmp_path: Path) -> None:
    with pytest.raises(BadRun, match=r"run\.json holds no row that was measured"):
        recorded_run.read(write_run(tmp_path / "run.json"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"benchmarks": [{}]}', '{"benchmarks": [{"extra_info": null}]}'])
def test_another_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(BadRun, match=r"other\.json is not a recorded run of this suite"):
        recorded_run.read(tmp_path / "other.json")


@pytest.mark.parametrize("field", ["variant", "session", "protocol", "model", "stack"])
def test_a_row_that_lacks_a_field_is_no_recorded_row(tmp_path: Path, field: str) -> None:
    whole, broken = recorded_row("eager-fp32", [1.0]), recorded_row("openvino-static", [1.0])
    broken[field] = {}
    with pytest.raises(BadRun):
        recorded_run.read(write_run(tmp_path / "run.json", whole, broken))


def test_one_core_is_no_cores(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run.json", recorded_row("eager-fp32", [1.0]))
    data = json.loads(path.read_text())
    data["machine_info"]["perf"]["fingerprint"] |= {"cores_used": 1, "bf16_isa": None}
    path.write_text(json.dumps(data))
    run = recorded_run.read(path)
    assert run.machine == "AMD EPYC 9R14 (genoa), 1 core, 24 GiB, bf16 by emulation"
