"""The address of the CI run that this process belongs to."""

from __future__ import annotations

import os

OF_OTHERS = ("CI_JOB_URL", "BUILD_URL")  # GitLab's, Jenkins'
OF_GITHUB = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")


def address() -> str | None:
    """Return the page of this run on GitHub, GitLab or Jenkins; None elsewhere."""
    server, repository, number = (os.environ.get(name) for name in OF_GITHUB)
    if server and repository and number:
        return f"{server}/{repository}/actions/runs/{number}"
    return next((value for name in OF_OTHERS if (value := os.environ.get(name))), None)
