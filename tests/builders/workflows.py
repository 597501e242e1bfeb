"""The workflows as text: their jobs, and the shell of a step. No parser of YAML is installed for the tests."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from perf.host.stack import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"
BLOCK = re.compile(r"^( *)(?:- )?run: (\|\n(?:\1 +.*\n|\n)+|.*\n)", re.MULTILINE)


def workflows() -> list[Path]:
    return sorted(WORKFLOWS.glob("*.yml"))


def triggers(workflow: Path) -> set[str]:
    """Return what starts a workflow."""
    block = re.search(r"^on:\n((?:  .*\n|\n)+)", workflow.read_text(), re.MULTILINE)
    assert block
    return set(re.findall(r"^  (\w+):", block[1], re.MULTILINE))


def jobs(workflow: Path) -> dict[str, str]:
    """Return the text of each job, by its name."""
    _, _, below = workflow.read_text().partition("\njobs:\n")
    parts = re.split(r"^  (\w+):\n", below, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def scripts(text: str) -> list[str]:
    """Return the shell of all steps in a text."""
    return [textwrap.dedent(block.removeprefix("|\n")) for _, block in BLOCK.findall(text)]


def script(workflow: str, job: str, step: str) -> str:
    """Return the shell of one step."""
    text = jobs(WORKFLOWS / workflow)[job]
    _, _, below = text.partition(f"- name: {step}\n")
    (found, *_) = scripts(f"{below}\n")
    return found
