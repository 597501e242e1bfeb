"""The decision on a whole ladder: each row by its own sessions, and then in the light of the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from perf.records.session_record import SessionRecord
from perf.stats.belief import BELIEF, Belief
from perf.stats.decision import BaselineLevels, errors_of_look, judge
from perf.stats.excuse import SameSoftwareRows, excuse
from perf.stats.tolerances import DEFAULT_TOLERANCES, Tolerances
from perf.stats.verdict import MAX_SESSIONS, Verdict
from perf.stats.watch import WATCHES


def judge_ladder(
    references: Mapping[str, BaselineLevels],
    sessions: Mapping[str, Sequence[SessionRecord]],
    *,
    same_software: Collection[str] = (),
    tolerances: Tolerances = DEFAULT_TOLERANCES,
    looks: int = MAX_SESSIONS,
) -> dict[str, Verdict]:
    """Decide what holds of each row after its latest session.

    Args:
        references: the rows' baselines, by name.
        sessions: the new sessions of the same rows, in order of time.
        same_software: the rows whose software is that of their baseline, so that the machine may excuse them.
        tolerances: the changes that matter, by row and quantity.
        looks: how many sessions there may be of a row at most.

    Returns:
        The verdicts, by name, in the order of ``references``.
    """
    beliefs = pooled_beliefs(references)
    verdicts = {
        name: judge(
            reference,
            sessions[name],
            rows=len(references),
            looks=looks,
            beliefs=beliefs[name],
            watches=tolerances.watches_for(name),
            is_same_software=name in same_software,
        )
        for name, reference in references.items()
    }
    alike = {name: reference for name, reference in references.items() if name in same_software}
    rows = SameSoftwareRows(alike, sessions)
    for name in alike:
        verdict = verdicts[name]
        errors = errors_of_look(max(1, verdict.sessions), rows=len(references), looks=looks)
        verdicts[name] = excuse(name, verdict, rows, tolerances.watches_for(name), errors)
    return verdicts


def pooled_beliefs(references: Mapping[str, BaselineLevels]) -> dict[str, dict[str, Belief]]:
    """Return what is believed of each row's noise, by watched quantity, from the baselines of all other rows."""
    beliefs: dict[str, dict[str, Belief]] = {name: {} for name in references}
    for watch in WATCHES:
        evidence = {name: reference.log_evidence[watch.name] for name, reference in references.items()}
        whole = np.sum(list(evidence.values()), axis=0) if evidence else 0.0
        for name, own in evidence.items():
            beliefs[name][watch.name] = BELIEF.after([whole - own])
    return beliefs
