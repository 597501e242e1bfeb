"""The progress shown while a ladder runs, on a terminal and in a log."""

from __future__ import annotations

import io

import pytest

from perf.measure import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_line_is_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    shown = progress.Progress(stream)
    shown.begin("eager-fp32 (1/12)", "round 1/10")
    shown.step(3, 20, 3700.0)
    shown.line("done")
    assert stream.getvalue().count("\n") == 1
    first, second, last = stream.getvalue().split(progress.ERASE_LINE)[1:]
    assert first == "eager-fp32 (1/12): round 1/10"
    assert second == "eager-fp32 (1/12): round 1/10, step 3/20"[:39]
    assert last == "done\n"


def test_a_log_gets_no_line_per_step_or_round() -> None:
    stream = io.StringIO()
    shown = progress.Progress(stream)
    shown.begin("tiny", "making the model ready", logged=True)
    shown.begin("eager-fp32 (1/12)", "round 1/10")
    shown.step(3, 20, None)
    shown.line("eager-fp32 (1/12): 11.9 s/image, median of 3")
    assert stream.getvalue() == "tiny: making the model ready\neager-fp32 (1/12): 11.9 s/image, median of 3\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.6, "1:00 min"), (187, "3:07 min"), (3723, "1:02:03 h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text
