"""Recorded series: both forms of a line, and what is wrong with a bad one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perf import cli
from perf.errors import BadSeries
from perf.exit_codes import ExitCode
from perf.lab import series
from perf.records.session_record import SessionRecord
from tests.builders.runs import DATA
from tests.builders.sessions import sessions

ORDINARY = DATA / "noise" / "openvino-static-256.jsonl"
BURSTS = DATA / "noise" / "openvino-static-256-bursts.jsonl"


def test_both_forms_of_a_series_are_read(tmp_path: Path) -> None:
    recorded = sessions(3, seed=1)
    series.write(tmp_path / "ours.jsonl", recorded)
    assert len(series.read(tmp_path / "ours.jsonl")) == 3
    bare = series.read(ORDINARY)
    assert len(bare) == 24
    assert bare[0].rounds[0].latency_s == 4.686974275000011
    assert bare[0].rounds[0].cpu_pressure_s == 0.040809
    probed = [timed["probe"][0] for timed in json.loads(ORDINARY.read_text().splitlines()[0])["rounds"]]
    assert probed[0] == 0.08759798299979593
    assert bare[0].rounds[0].probe_s == pytest.approx((probed[0] * probed[1]) ** 0.5), "before it and after it"
    assert bare[0].rounds[-1].probe_s == pytest.approx(probed[-1]), "nothing was probed after the last"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no session"),
        ("cheese\n", "line 1: not JSON"),
        ('{"rounds": []}\n', "line 1: rounds is empty"),
        ('{"rounds": [{"cpu": 1}]}\n', r"line 1: rounds\[0\].t is missing"),
        ('{"rounds": [{"t": 1.0}]}\n{"rounds": [{"t": -1}]}\n', r"line 2: rounds\[0\].latency_s -1 cannot"),
        ('{"rounds": {"latency_s": [1]}}\n', "line 1: load_s is missing"),
        ('{"rounds": [{"t": 1.0}], "when": 1e300}\n', "line 1: when 1e[+]300 is not a time in seconds"),
        ('{"rounds": [{"t": 1.0}], "when": NaN}\n', "line 1: not JSON: NaN is not a number"),
        (
            '{"rounds": [{"t": 1.0}], "when": 253402300700}\n',
            "line 1: when 9999-12-31T.* is in no year of a measurement",
        ),
        ("[" * 100_000 + "\n", "line 1: not JSON"),
        ("7\n", "line 1: the entry is int"),
    ],
)
def test_a_bad_series_is_named(tmp_path: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(BadSeries, match=f"bad.jsonl.*{message}"):
        series.read(path)
    assert cli.main(["evaluate", str(path)]) == ExitCode.BAD_INPUT
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_records_of_a_series_are_records() -> None:
    for record in series.read(BURSTS):
        assert SessionRecord.from_json(record.to_json()).to_json() == record.to_json()
