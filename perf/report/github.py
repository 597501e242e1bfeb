"""Output for GitHub Actions: annotations as lines of the log, and the summary of a step."""

from __future__ import annotations

import os
from pathlib import Path


def in_actions() -> bool:
    """Tell whether this process runs in GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def error(title: str, message: str) -> str:
    """Return the workflow command that annotates a run: one line, whatever the message."""
    return f"::error title={_escaped(title).replace(':', '%3A').replace(',', '%2C')}::{_escaped(message)}"


def add_to_summary(markdown: str) -> None:
    """Append to the step's summary, if the step has one."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as summary:
            summary.write(markdown)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
