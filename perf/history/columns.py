"""What a run's parts are in the columns of perf.history.tables, and the run that columns hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perf.history.checked_upgrade import CheckedRow, CheckedUpgrade
from perf.history.kept import Kept
from perf.history.night import AnchorRatio, Calm, Night, NightRow
from perf.records.session_record import SessionRecord
from perf.stats.intervals import Interval
from perf.stats.verdict import Verdict

# Of Kept, whose names are those of the columns.
KEPT = ("digest", "began", "host", "cpu", "fingerprint", "particulars", "model", "protocol", "commit", "ci_url")
CALM = ("calm_rounds", "calm_s", "calm_low_s", "calm_high_s")


def machine_columns(kept: Kept) -> dict[str, Any]:
    """Return the columns of the run's kind of machine, without its digest."""
    return {"codename": kept.fingerprint["codename"], "cpu": kept.cpu, "fingerprint": kept.fingerprint}


def kept_columns(kept: Kept) -> dict[str, Any]:
    """Return the columns of what is kept of any run."""
    of_machine = ("cpu", "fingerprint")
    own = {name: getattr(kept, name) for name in KEPT if name not in of_machine}
    return own | {"machine": kept.machine_digest, "setting": kept.setting}


def night_columns(night: Night) -> dict[str, Any]:
    """Return the columns of the night itself."""
    return kept_columns(night) | {"machine_verdict": night.machine_verdict}


def upgrade_columns(upgrade: CheckedUpgrade) -> dict[str, Any]:
    """Return the columns of a checked upgrade."""
    reference, candidate = (digest for digest, _ in upgrade.stacks)
    changes = {
        "asked": list(upgrade.asked),
        "package_changes": list(upgrade.package_changes),
        "unasked_changes": list(upgrade.unasked_changes),
    }
    return kept_columns(upgrade) | {"reference": reference, "candidate": candidate, "changes": changes}


def checked_columns(row: CheckedRow) -> dict[str, Any]:
    """Return the columns of a row of a checked upgrade, without what tells where it belongs."""
    latency = row.latency
    return {
        "name": row.name,
        "verdict": str(row.verdict),
        "ratio": latency.ratio if latency else None,
        "low": latency.low if latency else None,
        "high": latency.high if latency else None,
        "content": row.to_json(),
    }


def calm_columns(calm: Calm | None) -> dict[str, Any]:
    """Return the columns of what a row's calm rounds say."""
    if calm is None:
        return dict.fromkeys(CALM)
    return dict(zip(CALM, (calm.rounds, calm.latency_s, calm.low_s, calm.high_s), strict=True))


def row_columns(row: NightRow) -> dict[str, Any]:
    """Return the columns of a row, without what tells where it belongs."""
    ratio = row.to_anchor
    return {
        "name": row.name,
        "variant": row.variant,
        "latency_s": row.latency_s,
        "low_s": row.interval.low,
        "high_s": row.interval.high,
        "confidence": row.interval.confidence,
        **calm_columns(row.calm),
        "parts_s": dict(row.parts_s),
        "load_s": row.load_s,
        "peak_rss_bytes": row.peak_rss_bytes,
        "verdict": row.verdict.to_json() if row.verdict else None,
        "kind": str(row.verdict.kind) if row.verdict else None,
        "stack": row.stack_digest,
        "anchor": ratio.anchor if ratio else None,
        "anchor_ratio": ratio.ratio if ratio else None,
        "anchor_low": ratio.low if ratio else None,
        "anchor_high": ratio.high if ratio else None,
        "reached": dict(row.reached),
        "fidelity": row.fidelity,
    }


def read_night_of(found: Mapping[str, Any], rows: Sequence[NightRow]) -> Night:
    """Return the night of a line of the tables ``night`` and ``machine`` together."""
    return Night(
        **{name: found[name] for name in KEPT},
        machine_verdict=found["machine_verdict"],
        rows=tuple(rows),
    )


def read_upgrade_of(found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> CheckedUpgrade:
    """Return the upgrade of a line of ``upgrade`` with its machine and its stacks, and of lines of ``checked``."""
    return CheckedUpgrade(
        **{name: found[name] for name in KEPT},
        reference=found["reference_stack"],
        candidate=found["candidate_stack"],
        asked=tuple(found["changes"]["asked"]),
        package_changes=tuple(found["changes"]["package_changes"]),
        unasked_changes=tuple(found["changes"]["unasked_changes"]),
        rows=tuple(CheckedRow.from_json(row["content"]) for row in rows),
    )


def read_row(found: Mapping[str, Any], sessions: Sequence[SessionRecord]) -> NightRow:
    """Return the row of a line of the tables ``row``, ``stack`` and ``evidence`` together."""
    plain = ("name", "variant", "latency_s", "parts_s", "load_s", "reached", "fidelity")
    return NightRow(
        **{name: found[name] for name in plain},
        interval=Interval(found["low_s"], found["high_s"], found["confidence"]),
        calm=read_calm(found),
        peak_rss_bytes=found["peak_rss_bytes"],
        verdict=Verdict.from_json(found["verdict"]) if found["verdict"] else None,
        stack=found["packages"],
        stack_digest=found["stack"],
        to_anchor=AnchorRatio.of_columns(found),
        evidence=found["seen"],
        sessions=tuple(sessions),
    )


def read_calm(found: Mapping[str, Any]) -> Calm | None:
    """Return what a row's calm rounds said; None where that was not kept."""
    rounds, latency_s, low_s, high_s = (found[name] for name in CALM)
    return None if rounds is None else Calm(rounds=rounds, latency_s=latency_s, low_s=low_s, high_s=high_s)
