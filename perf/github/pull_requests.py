"""The pull requests that change a stack's pins, and what is to be measured of them.

Nothing of a pull request is checked out. Its lock files are fetched as data, at the commit that it had when it was
listed, and compared with those of the commit that it was made from: what is measured is what a merge would change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

from perf.errors import BadInput, GitHubFailed
from perf.github.api import Api, Json
from perf.github.comments import told_commit
from perf.github.markdown import fenced, some
from perf.github.pins import changed_pins, lock_files, read_pins
from perf.host.replaced_file import replace_text

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
PINS_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """An open pull request: its latest commit, and whether that is on a branch of the repository itself."""

    number: int
    head: str
    is_own: bool
    is_for_default_branch: bool
    default_branch: str

    @classmethod
    def of(cls, found: Json, repository: str) -> Self:
        """Read one of GitHub's list; a fork that was deleted is null. Raises GitHubFailed."""
        head, base = found["head"], found["base"]
        if not COMMIT.fullmatch(str(head["sha"])):
            raise GitHubFailed(f"pull request {found['number']}: its head is no commit")
        default_branch = str(base["repo"]["default_branch"])
        return cls(
            number=int(found["number"]),
            head=str(head["sha"]),
            is_own=(head.get("repo") or {}).get("full_name") == repository,
            is_for_default_branch=base["ref"] == default_branch,
            default_branch=default_branch,
        )


@dataclass(frozen=True, kw_only=True)
class Check:
    """A stack of a pull request that is to be measured: the pins that it changes."""

    number: int
    head: str
    stack: str
    pins: tuple[str, ...]

    @property
    def file(self) -> str:
        """The name of the file for the pins."""
        return f"{self.number}-{self.stack}.txt"


@dataclass(frozen=True)
class Found:
    """What is to be measured, and a line on each pull request that cannot be."""

    checks: Sequence[Check]
    notes: Sequence[str]


def find(api: Api, author: str, number: int | None) -> Found:
    """Return what is to be measured.

    Args:
        api: the repository.
        author: the user whose comments are ours.
        number: one pull request, which a person has named: of a fork too, and even if it has been measured. Without it,
            those from branches of the repository whose latest commit has not been told of yet.

    Raises:
        GitHubFailed: GitHub does not answer, or there is no such pull request.
    """
    checks: list[Check] = []
    notes: list[str] = []
    for pull in pull_requests(api, number):
        changed = changed_stacks(api, pull.number)
        if not changed or (number is None and told_commit(api, pull.number, author) == pull.head):
            continue
        try:
            checks += checks_of(api, pull, changed)
        except BadInput as error:
            if isinstance(error, GitHubFailed):
                raise
            notes.append(f"left out: {error}")
    if number is not None and not checks and not notes:
        notes.append(f"pull request {number} changes no pin of {', '.join(lock_files())}")
    return Found(checks, notes)


def pull_requests(api: Api, number: int | None) -> Iterator[PullRequest]:
    """Yield the pull request that was named, or all open ones that may be measured without a person's word."""
    if number is not None:
        yield PullRequest.of(api.get(f"pulls/{number}"), api.repository)
        return
    for each in api.every("pulls", state="open", sort="created", direction="asc"):
        pull = PullRequest.of(each, api.repository)
        if pull.is_own and pull.is_for_default_branch:
            yield pull


def changed_stacks(api: Api, number: int) -> list[str]:
    """Return the stacks whose lock files a pull request changes."""
    known = lock_files()
    files = api.every(f"pulls/{number}/files")
    return [known[each["filename"]] for each in files if each["filename"] in known and each["status"] != "removed"]


def checks_of(api: Api, pull: PullRequest, stacks: Sequence[str]) -> Iterator[Check]:
    """Yield what is to be measured of a pull request. Raises BadInput where a lock file holds anything but pins."""
    compared = api.get(f"compare/{quote(pull.default_branch, safe='')}...{pull.head}", per_page=1)
    base = str(compared["merge_base_commit"]["sha"])
    for stack in stacks:
        before, after = (pins_at(api, pull.number, stack, commit) for commit in (base, pull.head))
        if pins := changed_pins(before, after):
            yield Check(number=pull.number, head=pull.head, stack=stack, pins=tuple(pins))


def pins_at(api: Api, number: int, stack: str, commit: str) -> list[str]:
    """Return the pins of a stack's lock file at a commit. Raises BadInput."""
    path = f"perf/stacks/{stack}.txt"
    content = api.raw(f"contents/{path}", ref=commit)
    return read_pins(content, f"pull request {number}: {path} at {commit[:12]}")


def write(folder: Path, checks: Sequence[Check]) -> None:
    """Write what the jobs of a workflow need. Raises OSError.

    That is a file of pins for each check, checks.json with a line on each, pulls.json with the pull requests that they
    are of, and pins.md, which shows the pins to whoever approves the run.
    """
    listed = [{"number": each.number, "head": each.head, "stack": each.stack, "pins": each.file} for each in checks]
    pulls = [{"number": number, "head": head} for number, head in {each.number: each.head for each in checks}.items()]
    for each in checks:
        replace_text(folder / each.file, "".join(f"{pin}\n" for pin in each.pins))
    replace_text(folder / "checks.json", json.dumps(listed) + "\n")
    replace_text(folder / "pulls.json", json.dumps(pulls) + "\n")
    replace_text(folder / "pins.md", "".join(map(shown, checks)))


def shown(check: Check) -> str:
    """Return the pins of a check as Markdown."""
    pins = some(check.pins, PINS_SHOWN)
    return "\n".join([f"### Pull request {check.number}, stack {check.stack}", "", *fenced(pins), "", ""])
