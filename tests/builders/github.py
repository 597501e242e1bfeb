"""A GitHub of one's own: a real server on this machine that keeps issues, comments and pull requests in memory."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from perf.github.access import Access

BOT = "github-actions[bot]"
REPOSITORY = "someone/sd-xeon-perf"
HERE = f"/repos/{REPOSITORY}"
TOKEN = "ghs_secret"
Answer = tuple[int, Any, dict[str, str]]


class GitHub(ThreadingHTTPServer):
    """The server.

    Attributes:
        answers: what the next requests are answered with instead, each a status and headers.
        issues, comments: what is kept, in order of their numbers; comments by the issue's or pull request's number.
        pulls, files, contents: what is listed of pull requests, and files by path and commit.
        asked: each request that came, as ``POST /path``, in order.
        user: whom the token acts for; None is a workflow's token.
        page: entries of a page, at most.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.pulls: dict[int, dict[str, Any]] = {}
        self.files: dict[int, list[str]] = {}
        self.contents: dict[tuple[str, str], bytes] = {}
        self.merge_base = "b" * 40
        self.asked: list[str] = []
        self.user: str | None = None
        self.page = 100
        self.drops_labels = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def access(self) -> Access:
        return Access(self.address, REPOSITORY, TOKEN)

    @property
    def changes(self) -> list[str]:
        """The requests that changed something."""
        return [each for each in self.asked if not each.startswith("GET ")]

    @property
    def acting(self) -> str:
        return self.user or BOT

    def open_issues(self) -> list[dict[str, Any]]:
        return [issue for issue in self.issues.values() if issue["state"] == "open"]

    def add_issue(self, content: Mapping[str, Any], user: str | None) -> dict[str, Any]:
        number = len(self.issues) + 1
        labels = [] if self.drops_labels else [{"name": name} for name in content.get("labels", ())]
        author = {"login": user} if user else None
        issue = {**content, "number": number, "state": "open", "labels": labels, "user": author}
        self.issues[number] = issue
        return issue

    def add_comment(self, number: int, body: str, user: str) -> dict[str, Any]:
        made = {"id": 1000 + sum(map(len, self.comments.values())), "body": body, "user": {"login": user}}
        self.comments.setdefault(number, []).append(made)
        return made

    def add_pull(self, number: int, head: str, *files: str, owner: str = REPOSITORY, base: str = "main") -> None:
        self.pulls[number] = {
            "number": number,
            "head": {"sha": head, "repo": {"full_name": owner} if owner else None},
            "base": {"ref": base, "repo": {"default_branch": "main"}},
        }
        self.files[number] = list(files)

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], content: Any) -> Answer:
        """Return the answer to a request, as GitHub's reference has it."""
        if self.answers and (instead := self.answers.pop(0))[0]:
            return instead[0], {"message": "as it was told to"}, instead[1]
        if path == "/user":
            return (200, {"login": self.user}, {}) if self.user else (403, {"message": "not accessible"}, {})
        for (known, pattern), handler in HANDLERS.items():
            if known == method and (match := re.fullmatch(f"{HERE}/{pattern}", path)):
                return handler(self, content, query, *match.groups())
        return 404, {"message": "Not Found"}, {}

    def listed(self, entries: list[Any], query: Mapping[str, list[str]]) -> Answer:
        """Return a page of a list, with a link to the next one."""
        page = int(query.get("page", ["1"])[0])
        size = min(self.page, int(query["per_page"][0]))
        there = entries[(page - 1) * size : page * size]
        more = len(entries) > page * size
        path = f"{self.address}{self.asked[-1].split(' ')[1].split('&page=')[0]}"
        return 200, there, {"Link": f'<{path}&page={page + 1}>; rel="next", <{path}>; rel="first"'} if more else {}


def list_issues(github: GitHub, _: Any, query: Mapping[str, list[str]]) -> Answer:
    labels = set(query["labels"])
    return github.listed(
        [each for each in github.open_issues() if labels & {one["name"] for one in each["labels"]}], query
    )


def open_issue(github: GitHub, content: Any, _: Any) -> Answer:
    return 201, github.add_issue(content, github.acting), {}


def edit_issue(github: GitHub, content: Any, _: Any, number: str) -> Answer:
    github.issues[int(number)].update(content)
    return 200, github.issues[int(number)], {}


def list_comments(github: GitHub, _: Any, query: Mapping[str, list[str]], number: str) -> Answer:
    return github.listed(github.comments.get(int(number), []), query)


def make_comment(github: GitHub, content: Any, _: Any, number: str) -> Answer:
    return 201, github.add_comment(int(number), content["body"], github.acting), {}


def edit_comment(github: GitHub, content: Any, _: Any, number: str) -> Answer:
    (found,) = [each for of_one in github.comments.values() for each in of_one if each["id"] == int(number)]
    found.update(content)
    return 200, found, {}


def list_pulls(github: GitHub, _: Any, query: Mapping[str, list[str]]) -> Answer:
    return github.listed(list(github.pulls.values()), query)


def get_pull(github: GitHub, _: Any, __: Any, number: str) -> Answer:
    found = github.pulls.get(int(number))
    return (200, found, {}) if found else (404, {"message": "Not Found"}, {})


def list_files(github: GitHub, _: Any, query: Mapping[str, list[str]], number: str) -> Answer:
    return github.listed([{"filename": name, "status": "modified"} for name in github.files[int(number)]], query)


def compare(github: GitHub, _: Any, __: Any) -> Answer:
    return 200, {"merge_base_commit": {"sha": github.merge_base}}, {}


def get_content(github: GitHub, _: Any, query: Mapping[str, list[str]], path: str) -> Answer:
    content = github.contents.get((path, query["ref"][0]))
    return (200, content, {}) if content is not None else (404, {"message": "Not Found"}, {})


HANDLERS: Mapping[tuple[str, str], Callable[..., Answer]] = {
    ("GET", "issues"): list_issues,
    ("POST", "issues"): open_issue,
    ("PATCH", r"issues/(\d+)"): edit_issue,
    ("GET", r"issues/(\d+)/comments"): list_comments,
    ("POST", r"issues/(\d+)/comments"): make_comment,
    ("PATCH", r"issues/comments/(\d+)"): edit_comment,
    ("GET", "pulls"): list_pulls,
    ("GET", r"pulls/(\d+)"): get_pull,
    ("GET", r"pulls/(\d+)/files"): list_files,
    ("GET", r"compare/main\.\.\.[0-9a-f]+"): compare,
    ("GET", "contents/(.+)"): get_content,
}


class Answering(BaseHTTPRequestHandler):
    """The answers of a GitHub."""

    server: GitHub

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        self.server.asked.append(f"{self.command} {self.path}")
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            answer: Answer = 401, {"message": "Bad credentials"}, {}
        else:
            asked = (self.command, unquote(path.path), parse_qs(path.query), json.loads(sent) if sent else None)
            answer = self.server.answer(*asked)
        status, content, headers = answer
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def serving() -> Iterator[GitHub]:
    """Run a GitHub during the block."""
    with GitHub() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
