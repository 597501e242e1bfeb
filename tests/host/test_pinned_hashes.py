"""The lock files of the repository itself."""

from __future__ import annotations

import pytest

from perf.host.pinned_hashes import PIN, read_hashes
from perf.host.stack import ROOT


@pytest.mark.parametrize("name", ["suite.txt", "tox.txt"])
def test_each_package_of_the_suites_own_environments_has_hashes(name: str) -> None:
    text = (ROOT / "perf" / "stacks" / name).read_text()
    pinned = {(match[1], match[2]) for line in text.splitlines() if (match := PIN.match(line))}
    assert pinned == read_hashes(text).keys()
    assert "tox" in dict(pinned)
