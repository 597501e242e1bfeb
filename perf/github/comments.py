"""The one comment on a pull request: made once, and edited from then on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perf.github.api import Api, Json

# At the beginning of a comment, where no foreign text can be; it names the commit whose pins were measured.
MARKER = re.compile(r"<!-- sd-xeon-perf upgrade check: ([0-9a-f]{40,64}) -->")


def marker(head: str) -> str:
    """Return what the comment is known by, which is not shown."""
    return f"<!-- sd-xeon-perf upgrade check: {head} -->"


def tell(api: Api, number: int, text: str, author: str) -> str:
    """Make the comment, or bring it up to date; return a line on it. Raises GitHubFailed."""
    ours = next(our_comments(api, number, author), None)
    if ours is None:
        made = api.post(f"issues/{number}/comments", {"body": text})
        return f"made comment {made['id']}"
    if str(ours["body"]).replace("\r\n", "\n") == text:
        return f"kept comment {ours['id']}"
    api.patch(f"issues/comments/{ours['id']}", {"body": text})
    return f"updated comment {ours['id']}"


def told_commit(api: Api, number: int, author: str) -> str | None:
    """Return the commit that a pull request was last told of; None where it was not told of any."""
    ours = next(our_comments(api, number, author), None)
    marked = MARKER.match(str(ours["body"])) if ours else None
    return marked[1] if marked else None


def our_comments(api: Api, number: int, author: str) -> Iterator[Json]:
    """Yield the comments on a pull request that have the marker and were made by that user, the first one first."""
    for each in api.every(f"issues/{number}/comments"):
        if MARKER.match(str(each.get("body") or "")) and (each.get("user") or {}).get("login") == author:
            yield each
