"""Which stacks a run needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf import cli
from perf.cli import stacks
from perf.measure.settings_file import SettingsFile
from perf.spec import ladder
from perf.stats.tolerances import Tolerances


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


def test_a_stack_that_cannot_be_made_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stacks, "make", lambda name: name != "ipex")
    assert stacks.run(cli.parse(["stacks", "ipex", "genai"])) == 1
    assert capsys.readouterr().err == "stack ipex could not be made: its rows will be left out\n"
