"""``python -m perf machine``: the fingerprint, the baselines, and how to measure better."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf import cli
from perf.gate import store
from perf.host import advice, perf_events
from perf.host.advice import Load
from perf.host.machine import this_machine
from perf.host.perf_events import Uncounted
from tests.builders.baselines import KEY, accept


def test_machine_prints_the_fingerprint_and_the_baselines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = store.path_of(tmp_path, KEY)
    store.update(path, accept)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.json").write_text("{")
    assert cli.main(["machine", "--baselines", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert f"codename               {this_machine().codename.key}\n" in output
    assert this_machine().codename.reason in output
    assert "  broken/x.json: not comparable: not JSON" in output
    assert f"  {path.relative_to(tmp_path)}: not comparable: machine " in output


def test_machine_says_where_there_is_no_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["machine", "--baselines", str(tmp_path)]) == 0
    assert f"none in {tmp_path}; `tox run -e perf -- --update-baseline" in capsys.readouterr().out


def test_check_says_how_to_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advice, "other_load", lambda: Load(1.5, ("stress 12 (150%)",)))
    assert cli.main(["machine", "--check", "--baselines", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert "  other work uses 1.50 CPUs: stress 12 (150%)\n    fix: stop it" in output


def test_check_says_what_is_not_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Uncounted(("cycles",), "kernel.perf_event_paranoid is 4 (EACCES)", "sudo sysctl")
    monkeypatch.setattr(advice, "other_load", lambda: Load(0.0))
    monkeypatch.setattr(perf_events, "uncounted", lambda **_: [missing])
    assert cli.main(["machine", "--check", "--baselines", str(tmp_path)]) == 0
    said = "  not counted here: cycles, since kernel.perf_event_paranoid is 4 (EACCES)\n    fix: sudo sysctl\n"
    assert said in capsys.readouterr().out
