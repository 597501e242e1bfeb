"""How a share of the machine's peak is shown."""

from __future__ import annotations

from perf.report.explain import of_peak


def test_a_share_above_the_whole_is_questioned() -> None:
    assert [of_peak(share) for share in (0.0, 0.5, 1.0, 1.12)] == ["0%", "50%", "100%", "112%?"]
