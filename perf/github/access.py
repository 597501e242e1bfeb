"""Where GitHub is, which repository is meant, and the token: from the environment, as GitHub Actions fills it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Self

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from perf.errors import GitHubFailed

ADDRESS, REPOSITORY, TOKEN = "GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"
NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
THIS_MACHINE = {"localhost", "127.0.0.1", "[::1]"}


@dataclass(frozen=True)
class Access:
    """The address of the API, the ``owner/name`` of a repository, and a token, which is never shown."""

    address: str
    repository: str
    token: str = field(repr=False)

    @classmethod
    def of_environment(cls) -> Self:
        """Read the variables that GitHub Actions sets. Raises GitHubFailed, which names those that are missing."""
        values = {name: os.environ.get(name, "").strip() for name in (ADDRESS, REPOSITORY, TOKEN)}
        if missing := [name for name, value in values.items() if not value]:
            raise GitHubFailed(
                f"not set: {', '.join(missing)}; GitHub Actions sets all of them, but for the token: "
                f"`env: {{{TOKEN}: ${{{{ github.token }}}}}}`"
            )
        return cls(values[ADDRESS].rstrip("/"), values[REPOSITORY], values[TOKEN])

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.repository):
            raise GitHubFailed(f"{REPOSITORY}={self.repository}: a repository is given as OWNER/NAME")
        if not is_safe(origin(self.address)):
            raise GitHubFailed(f"{ADDRESS}={self.address}: must begin with https://, since a token is sent there")
        if not self.token.isascii() or not self.token.isprintable():
            raise GitHubFailed(f"{TOKEN} holds characters that no token has")

    def is_here(self, address: str) -> bool:
        """Tell whether an address leads to the same server, so that the token may go there."""
        return origin(address)[:3] == origin(self.address)[:3]


def origin(address: str) -> Url:
    """Return an address in its parts; an empty one for what is no address."""
    try:
        return parse_url(address)
    except LocationParseError:
        return Url()


def is_safe(url: Url) -> bool:
    """Tell whether nobody on the way can read what is sent there."""
    return bool(url.host) and (url.scheme == "https" or url.host in THIS_MACHINE)
