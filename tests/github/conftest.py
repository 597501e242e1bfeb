"""A GitHub of one's own for each test, and the environment of a workflow's job."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from perf.github import api
from perf.github.api import Api
from tests.builders.github import REPOSITORY, TOKEN, GitHub, serving


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    monkeypatch.setattr(api, "PAUSE_S", 0.01)
    monkeypatch.setattr(api, "BETWEEN_CHANGES_S", 0.0)
    with serving() as server:
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield server


@pytest.fixture
def repository(github: GitHub) -> Iterator[Api]:
    with Api(github.access) as opened:
        yield opened
