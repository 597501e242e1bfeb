"""The report at the end of a run: the ladder with its verdicts, or the comparison of two stacks or of rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from perf.compare.run_comparison import RunComparison
from perf.gate.judgement import Judgement
from perf.measure.run import Run
from perf.report import comparison, comparison_sides, ladder_table, machine_report, throughput_table, verdicts
from perf.report.tables import markdown_list
from perf.stats.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """A run's report: a title with lines for a terminal, the same as Markdown, and JSON if the run has any."""

    title: str
    lines: tuple[str, ...]
    markdown: str
    json: str | None = None

    def write_markdown(self, path: Path | None) -> None:
        """Write the Markdown, if it was asked for. Raises OSError."""
        if path:
            write_text(path, self.markdown)

    def write_json(self, path: Path | None) -> None:
        """Write the JSON, if there is any and it was asked for. Raises OSError."""
        if path and self.json is not None:
            write_text(path, self.json)


def of_ladder(run: Run, judgement: Judgement | None, width: int) -> RunReport:
    """Return the report of a ladder for ``width`` columns; there is no judgement where nothing could be measured."""
    verdict_lines = lines_below(judgement, updates=run.settings.updates)
    if run.parts:
        return _of_throughput(run, verdict_lines, width)
    sees = seen_slowdowns(judgement.verdicts) if judgement else {}
    about = run.about()
    return RunReport(
        title="ladder",
        lines=(*about, "", *ladder_table.terminal(run.rows, width, sees), "", *verdict_lines),
        markdown=ladder_table.markdown(run.rows, "Seconds per image", about, sees) + markdown_list(verdict_lines),
    )


def _of_throughput(run: Run, verdict_lines: Sequence[str], width: int) -> RunReport:
    about, batch = run.about(), run.settings.protocol.batch
    table = throughput_table.terminal(run.rows, batch, width)
    markdown = throughput_table.markdown(run.rows, batch, "Images per minute", about)
    return RunReport(
        title="throughput",
        lines=(*about, "", *table, "", *verdict_lines),
        markdown=markdown + markdown_list(verdict_lines),
    )


def seen_slowdowns(judged: Mapping[str, Verdict]) -> dict[str, float]:
    """Return the smallest slowdown that each row could have seen, where it is known."""
    return {name: verdict.sees for name, verdict in judged.items() if verdict.sees is not None}


def of_comparison(compared: RunComparison, run: Run, width: int) -> RunReport:
    """Return the report of two stacks, or of rows, for ``width`` columns."""
    about = comparison_sides.about(compared, run)
    return RunReport(
        title=compared.TITLE,
        lines=tuple(comparison.terminal(compared, about, width)),
        markdown=comparison.markdown(compared, [*run.measured(), *about]),
        json=json.dumps(compared.to_json(), indent=1, sort_keys=True) + "\n",
    )


def lines_below(judgement: Judgement | None, *, updates: bool) -> list[str]:
    """Return the verdicts below the ladder; a run that ``updates`` its baseline has already said what it recorded."""
    if judgement is None or updates:
        return []
    given = {**judgement.verdicts, **judgement.unmeasurable}
    if not given:
        return []
    about = verdicts.about_verdicts(given, judgement.measured_rows, judgement.gate)
    return [*about, *machine_report.lines(judgement.machine), *judgement.known_notes]


def write_text(path: Path, text: str) -> None:
    """Write a file, in a folder that need not exist yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
