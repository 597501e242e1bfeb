"""GitHub's REST API: requests, their repetition, lists of several pages, and refusals in words.

What GitHub answers is believed as far as its shape goes; whoever wrote the texts in it is not.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from perf.errors import GitHubFailed
from perf.github.access import Access
from perf.github.markdown import shortened
from perf.host.foreign_text import in_one_line, printable

Json = Mapping[str, Any]

TRIES = 3
PAUSE_S = 2.0  # before the third try; the second comes at once
LIMIT_S = 20.0  # of each try
AGAIN = (500, 502, 503, 504)  # what a server says that may do better in a moment
# What changes nothing when it is done twice. A POST that was answered with 502 may have been carried out.
REPEATABLE = ("GET", "PATCH")
BETWEEN_CHANGES_S = 1.0  # as GitHub asks for: best practices for using the REST API
PAGE = 100  # entries, the most that GitHub gives
MAX_PAGES = 50
WORDS = 200  # characters of GitHub's own words
JSON, RAW = "application/vnd.github+json", "application/vnd.github.raw+json"
NEXT = re.compile(r'<([^<>]+)>\s*;[^,<]*\brel="?next"?')
ACTIONS = "github-actions[bot]"
HINTS = {
    401: "GITHUB_TOKEN is no valid token",
    403: "the token may not do this; see `permissions` of the job",
    404: "no such repository, or the token may not see it",
}


class Api:
    """One repository by way of GitHub's API, until the end of a ``with`` block. All it does may raise GitHubFailed."""

    def __init__(self, access: Access) -> None:
        self._access = access
        retries = urllib3.Retry(
            total=TRIES - 1,
            backoff_factor=PAUSE_S / 2,
            status_forcelist=AGAIN,
            allowed_methods=REPEATABLE,
            raise_on_status=False,
            respect_retry_after_header=False,  # which may be an hour: that is said, not waited for
        )
        self._pool = urllib3.PoolManager(retries=retries, timeout=urllib3.Timeout(LIMIT_S))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._pool.clear()

    @property
    def repository(self) -> str:
        """The repository, ``owner/name``."""
        return self._access.repository

    def login(self) -> str:
        """Return the name of the user that the token acts for; the token of a workflow has no user of its own."""
        reply = self._send("GET", f"{self._access.address}/user")
        if reply.status == 403 and not is_limited(reply):
            return ACTIONS
        return str(_parsed("GET /user", reply)["login"])

    def get(self, path: str, **query: object) -> Json:
        """Return what is at a path below the repository."""
        return self._json("GET", self._below(path, query))

    def raw(self, path: str, **query: object) -> bytes:
        """Return the content of a file at a path below the repository."""
        address = self._below(path, query)
        reply = self._send("GET", address, accept=RAW)
        _check(f"GET {address}", reply)
        return reply.data

    def every(self, path: str, **query: object) -> Iterator[Json]:
        """Yield the entries of a list below the repository, of all its pages."""
        address: str | None = self._below(path, {**query, "per_page": PAGE})
        for _ in range(MAX_PAGES):
            if address is None:
                return
            if not self._access.is_here(address):
                raise GitHubFailed(f"the next page of {path} is on another server: {shortened(printable(address))}")
            reply = self._send("GET", address)
            yield from _parsed(f"GET {address}", reply)
            following = NEXT.search(reply.headers.get("Link", ""))
            address = following[1] if following else None
        raise GitHubFailed(f"{path} has more than {MAX_PAGES * PAGE} entries")

    def post(self, path: str, content: Json) -> Json:
        """Make something below the repository, and return it."""
        return self._change("POST", path, content)

    def patch(self, path: str, content: Json) -> Json:
        """Change something below the repository, and return it."""
        return self._change("PATCH", path, content)

    def _change(self, method: str, path: str, content: Json) -> Json:
        changed = self._json(method, self._below(path, {}), content)
        time.sleep(BETWEEN_CHANGES_S)
        return changed

    def _below(self, path: str, query: Json) -> str:
        address = f"{self._access.address}/repos/{self._access.repository}/{path}"
        return f"{address}?{urlencode(query)}" if query else address

    def _json(self, method: str, address: str, content: Json | None = None) -> Json:
        parsed: Json = _parsed(f"{method} {address}", self._send(method, address, content))
        return parsed

    def _send(
        self, method: str, address: str, content: Json | None = None, accept: str = JSON
    ) -> urllib3.BaseHTTPResponse:
        headers = {
            "Accept": accept,
            "Authorization": f"Bearer {self._access.token}",
            "User-Agent": "sd-xeon-perf",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        try:
            return self._pool.request(method, address, headers=headers, json=content)
        except HTTPError as error:
            raise GitHubFailed(f"{method} {address}: no answer, {type(error).__name__}") from None


def is_limited(reply: urllib3.BaseHTTPResponse) -> bool:
    """Tell whether GitHub refuses because there were too many requests."""
    spent = reply.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in reply.headers
    return reply.status == 429 or (reply.status == 403 and spent)


def _parsed(request: str, reply: urllib3.BaseHTTPResponse) -> Any:
    _check(request, reply)
    try:
        return reply.json()
    except ValueError:
        raise GitHubFailed(f"{request}: the answer is not JSON") from None


def _check(request: str, reply: urllib3.BaseHTTPResponse) -> None:
    """Raise GitHubFailed unless GitHub has done what was asked for."""
    if reply.status < 300:
        return
    if is_limited(reply):
        raise GitHubFailed(f"{request}: too many requests; {_when_again(reply)}")
    hint = HINTS.get(reply.status) or ("GitHub is in trouble" if reply.status >= 500 else "")
    raise GitHubFailed(": ".join(filter(None, (f"{request}: {reply.status}", hint, _words(reply)))))


def _when_again(reply: urllib3.BaseHTTPResponse) -> str:
    """Say when GitHub will answer again, as far as it tells."""
    after_s, reset_s = reply.headers.get("retry-after", ""), reply.headers.get("x-ratelimit-reset", "")
    if after_s.isdecimal():
        return f"again in {after_s} s"
    if reset_s.isdecimal() and len(reset_s) < 12:
        return f"again at {datetime.fromtimestamp(int(reset_s), UTC):%H:%M} UTC"
    return "again in some minutes"


def _words(reply: urllib3.BaseHTTPResponse) -> str:
    """Return what GitHub says of a refusal, in a few words."""
    try:
        message = str(reply.json()["message"])
    except (ValueError, LookupError, TypeError):
        return ""
    return shortened(printable(in_one_line(message)), WORDS)
