"""Which stacks a run needs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from perf import cli
from perf.cli import stacks
from perf.measure.row_table import read_rows
from perf.measure.settings_file import SettingsFile
from perf.spec import ladder
from perf.stats.tolerances import Tolerances
from tests.builders.disks import fill_disk


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ([], ["current", "ipex", "genai", "onnx"]),
        (["--variant", "ipex-bf16", "--rounds", "3"], ["current", "ipex"]),
        (["--variant", "genai-*", "--variant", "bf16-compile"], ["current", "genai"]),
        (["--variant", "bf16-*"], ["current"]),
        (["bf16-channels-last", "ipex-bf16", "--quick"], ["current", "ipex"]),
        (["current", ""], ["current"]),
        (["--upgrade-stack", "ipex", "--upgrade", "numpy==2.4.5"], ["current", "ipex"]),
        (["--stack", "ipex=/elsewhere/bin/python", "--variant", "ipex-*"], ["current"]),
        (["--rounds", "3"], ["current", "ipex", "genai", "onnx"]),
    ],
)
def test_a_run_needs_the_stacks_of_its_rows(
    monkeypatch: pytest.MonkeyPatch, words: list[str], needed: list[str]
) -> None:
    made: list[str] = []

    def make(name: str) -> bool:
        made.append(name)
        return True

    monkeypatch.setattr(stacks, "file_of_settings", lambda: None)
    monkeypatch.setattr(stacks, "make", make)
    options = cli.parse(["stacks", *words])
    assert stacks.run(options) == 0
    assert made == needed


def test_the_settings_file_names_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"variant": ["genai-static"]}
    file = SettingsFile(path=Path("perf.toml"), place="perf.toml", values=values, tolerances=Tolerances())
    monkeypatch.setattr(stacks, "file_of_settings", lambda: file)
    assert stacks.needed([]) == [ladder.MAKER, "genai"]


def test_stacks_of_ones_own_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = read_rows([{"name": "mine", "like": "ipex-bf16"}, {"name": "other", "like": "eager-fp32", "stack": "own"}])
    file = SettingsFile(path=Path("perf.toml"), place="perf.toml", values={}, tolerances=Tolerances(), rows=rows)
    monkeypatch.setattr(stacks, "file_of_settings", lambda: file)
    assert stacks.needed(["mine", "other", "own"]) == [ladder.MAKER, "ipex"]


def test_a_full_disk_is_said_before_tox_fills_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOX_WORK_DIR", str(tmp_path / ".tox"))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("nothing is to be installed"))
    fill_disk(monkeypatch, 11_900_000_000)
    assert not stacks.make("ipex")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"no space for stack ipex: it needs 11.7 GB under {tmp_path / '.tox'}, 11.9 GB are free; ")
    assert line.endswith("set TOX_WORK_DIR to a folder on a larger disk")


@pytest.mark.parametrize(("note", "is_made"), [('{"Python": {}}', False), ('{"PythonRun": {"deps": []}}', True)])
def test_what_pip_gave_up_is_made_anew_and_needs_the_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, note: str, is_made: bool
) -> None:
    fill_disk(monkeypatch, 10**6)
    (tmp_path / "stack-ipex").mkdir()
    assert not stacks.has_room("ipex", tmp_path)
    (tmp_path / "stack-ipex" / ".tox-info.json").write_text(note)
    assert stacks.has_room("ipex", tmp_path) == is_made


def test_the_room_of_every_stack_is_known() -> None:
    assert stacks.MAKING_BYTES.keys() == set(ladder.stacks())


def test_a_stack_that_cannot_be_made_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stacks, "make", lambda name: name != "ipex")
    assert stacks.run(cli.parse(["stacks", "ipex", "genai"])) == 1
    assert capsys.readouterr().err == "stack ipex could not be made: its rows will be left out\n"
