"""A webhook that is told of a night: a real server on this machine, which answers as it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from perf.history import notice
from perf.history.night import Night, read_night
from tests.builders.evidence import evidence
from tests.builders.recorded_runs import recorded_row, write_run


class Hook(ThreadingHTTPServer):
    """A server that answers with ``statuses``, the last one for ever, and keeps what it was told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.statuses = [200]
        self.told: list[Any] = []
        self.waits_s = 0.0

    @property
    def address(self) -> str:
        return f"http://someone:secret@127.0.0.1:{self.server_address[1]}/hook?token=secret"


class Answering(BaseHTTPRequestHandler):
    """The answers of a Hook."""

    server: Hook

    def do_POST(self) -> None:
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        time.sleep(self.server.waits_s)
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    monkeypatch.setattr(notice, "PAUSE_S", 0.01)
    with Hook() as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return read_night(write_run(tmp_path / "run.json", recorded_row("eager-fp32", [10.0, 10.2, 10.1], evidence())))


def test_a_night_is_told(hook: Hook, night: Night) -> None:
    assert notice.tell(hook.address, night, exit_code=1) is None
    (told,) = hook.told
    assert (told["schema"], told["night"], told["exit_code"]) == (1, night.digest, 1)
    assert told["rows"][0]["name"] == "eager-fp32"
    assert told["rows"][0]["latency_s"] == 10.1


def test_a_server_that_is_busy_is_asked_again(hook: Hook, night: Night) -> None:
    hook.statuses = [503, 429, 200]
    assert notice.tell(hook.address, night, exit_code=0) is None
    assert len(hook.told) == 3


@pytest.mark.parametrize(
    ("status", "said", "tries"),
    [(500, "127.0.0.1 was not told of this run, in 3 tries: MaxRetryError", 3), (404, "and answered 404", 1)],
)
def test_a_refusal_is_a_line_without_secrets(hook: Hook, night: Night, status: int, said: str, tries: int) -> None:
    hook.statuses = [status]
    line = notice.tell(hook.address, night, exit_code=0)
    assert line
    assert said in line
    assert "secret" not in line
    assert len(hook.told) == tries


def test_a_server_that_does_not_answer_is_given_up(hook: Hook, night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "LIMIT_S", 0.05)
    hook.waits_s = 0.5
    assert "was not told of this run, in 3 tries" in str(notice.tell(hook.address, night, exit_code=0))


def test_nobody_listens(night: Night) -> None:
    assert "127.0.0.1 was not told" in str(notice.tell("http://127.0.0.1:1/hook", night, exit_code=0))
