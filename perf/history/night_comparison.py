"""Two nights compared: each row by the gate's rules, as if the first night were the baseline, and all rows together.

Both nights' software and both nights' machine are in the ratio. What is software alone only pairs can tell.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perf.history.night import Night, NightRow
from perf.stats.decision import BaselineLevels
from perf.stats.ladder_decision import judge_ladder
from perf.stats.verdict import Verdict, VerdictKind

ONE_SIDED_90 = statistics.NormalDist().inv_cdf(0.95)  # a finding's ratio is beyond either bound with 5 %


@dataclass(frozen=True, kw_only=True)
class NightComparison:
    """What holds of the second night, as seen from the first.

    Attributes:
        verdicts: of the rows that both nights have with their sessions, by name.
        alone: the rows that only one of the two has, or whose sessions have been thinned out.
        differences: what keeps the nights from being of the same setting, in words.
    """

    verdicts: Mapping[str, Verdict]
    alone: tuple[str, ...]
    differences: tuple[str, ...]

    @property
    def mean(self) -> tuple[float, float, float] | None:
        """The geometric mean of the ratios and its 90 % interval, as if rows were independent; None without any."""
        findings = [verdict.latency for verdict in self.verdicts.values() if verdict.latency]
        if not findings:
            return None
        logs = [math.log(finding.ratio) for finding in findings]
        errors = [math.log(finding.high / finding.low) / (2 * ONE_SIDED_90) for finding in findings]
        mean, error = statistics.fmean(logs), math.hypot(*errors) / len(errors)
        low, high = (mean + side * ONE_SIDED_90 * error for side in (-1, 1))
        return math.exp(mean), math.exp(low), math.exp(high)

    @property
    def fails(self) -> bool:
        """Whether a row is slower."""
        return any(verdict.kind is VerdictKind.REGRESSED for verdict in self.verdicts.values())


def compare_nights(before: Night, after: Night) -> NightComparison:
    """Compare the rows of two nights."""
    first, second = ({row.name: row for row in night.rows if row.sessions} for night in (before, after))
    common = [name for name in second if name in first]
    named = dict.fromkeys(row.name for night in (before, after) for row in night.rows)
    return NightComparison(
        verdicts=_verdicts({name: first[name] for name in common}, {name: second[name] for name in common}),
        alone=tuple(name for name in named if name not in common),
        differences=tuple(before.key.differences(after.key)),
    )


def _verdicts(before: Mapping[str, NightRow], after: Mapping[str, NightRow]) -> dict[str, Verdict]:
    references = {name: BaselineLevels.of(row.sessions) for name, row in before.items()}
    most: Sequence[int] = [len(row.sessions) for row in after.values()]
    return judge_ladder(references, {name: row.sessions for name, row in after.items()}, looks=max(most, default=1))
