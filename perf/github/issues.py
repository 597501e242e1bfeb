"""One issue for each row that is slower: opened, kept up to date in place, and closed.

Ours are the open issues that have the label, were made by the user that the token acts for, and begin with a marker;
all others are left alone. So the same night twice changes nothing, and nobody's words can have an issue closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from perf.errors import GitHubFailed
from perf.github.api import Api, Json
from perf.github.issue_text import MARKER, body, farewell, title
from perf.github.regressions import RowTonight
from perf.history.points import can_be

LABEL = "performance-regression"
MOST = 100  # issues that one call may open: more rows than that are no fleet


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An open issue of ours: its number and texts, and the night that it tells of."""

    number: int
    title: str
    body: str
    night: str

    @classmethod
    def of(cls, found: Json) -> Self:
        """Read one whose body has a marker."""
        text = str(found["body"]).replace("\r\n", "\n")
        marked = MARKER.match(text)
        return cls(number=int(found["number"]), title=str(found["title"]), body=text, night=marked[2] if marked else "")


def bring_up_to_date(api: Api, rows: Sequence[RowTonight], author: str) -> Iterator[str]:
    """Open, edit and close issues as these rows ask for, and yield a line on each. Raises GitHubFailed.

    Args:
        api: the repository.
        rows: each row once, as the latest night has it.
        author: the user that the token acts for.
    """
    known = our_issues(api, author)
    new = [row for row in rows if row.is_slower and row.digest not in known]
    if len(new) > MOST:
        raise GitHubFailed(f"{len(new)} issues would be opened at once, more than {MOST}: nothing was changed")
    for row in rows:
        yield from bring_row_up_to_date(api, row, known.get(row.digest, ()), author)


def our_issues(api: Api, author: str) -> Mapping[str, Sequence[Issue]]:
    """Return the open issues that are ours by the rows' digests, the oldest of each first."""
    found: defaultdict[str, list[Issue]] = defaultdict(list)
    for each in api.every("issues", state="open", labels=LABEL, sort="created", direction="asc"):
        marked = MARKER.match(str(each.get("body") or ""))
        if marked and is_ours(each, author) and "pull_request" not in each:
            found[marked[1]].append(Issue.of(each))
    return found


def is_ours(issue: Json, author: str) -> bool:
    """Tell whether an issue has the label and was made by that user; the user of a deleted account is null."""
    labels = {label["name"] if isinstance(label, dict) else label for label in issue["labels"]}
    return LABEL in labels and (issue.get("user") or {}).get("login") == author


def bring_row_up_to_date(api: Api, row: RowTonight, issues: Sequence[Issue], author: str) -> Iterable[str]:
    """Do what one row asks for, and return a line on it, or none where there is nothing to do."""
    if any(issue.night > row.night.began and can_be(issue.night) for issue in issues):
        return [f"left {numbers(issues)}: a later night has been told there"]
    if row.is_slower:
        return [edited(api, row, issues[0])] if issues else [opened(api, row, author)]
    if row.is_over:
        return [closed(api, row, issue) for issue in issues]
    return [f"left {numbers(issues)}: {row.kind or 'not judged'}"] if issues else []


def opened(api: Api, row: RowTonight, author: str) -> str:
    """Open an issue; raise GitHubFailed where it would not be known again, so that the next night opens another."""
    made = api.post("issues", {"title": title(row), "body": body(row), "labels": [LABEL]})
    if not is_ours(made, author):
        raise GitHubFailed(
            f"#{made['number']} was opened by {(made.get('user') or {}).get('login')} for {author}, or without the "
            f"label {LABEL}: it would not be found again; close it, and see --author"
        )
    return f"opened #{made['number']}: {title(row)}"


def edited(api: Api, row: RowTonight, issue: Issue) -> str:
    """Bring an issue up to date where it is not."""
    wanted = {"title": title(row), "body": body(row)}
    if wanted == {"title": issue.title, "body": issue.body}:
        return f"kept #{issue.number}: {issue.title}"
    api.patch(f"issues/{issue.number}", wanted)
    return f"updated #{issue.number}: {title(row)}"


def closed(api: Api, row: RowTonight, issue: Issue) -> str:
    """Close an issue, and then say why: a comment that fails is missed once, and not made every night again."""
    api.patch(f"issues/{issue.number}", {"state": "closed", "state_reason": "completed"})
    api.post(f"issues/{issue.number}/comments", {"body": farewell(row)})
    return f"closed #{issue.number}: {row.kind}"


def numbers(issues: Iterable[Issue]) -> str:
    """Return the numbers of some issues."""
    return ", ".join(f"#{issue.number}" for issue in issues)
