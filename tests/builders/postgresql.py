"""A real PostgreSQL server for tests: in a folder of its own, on a port that was free, ended with its test."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

INSTALLED = Path("/usr/lib/postgresql")  # where Debian puts each major version
OWNER = "postgres"  # the server refuses to run as root, and Debian's package makes this user
FASTER = "-c fsync=off -c full_page_writes=off"  # what is written need not survive a power cut


@dataclass(frozen=True)
class Server:
    """A server that runs: its folder, its programs and its port. It can be stopped and started again."""

    folder: Path
    programs: Path
    port: int

    def make_database(self) -> str:
        """Make an empty database, and return its address."""
        name = f"history_{uuid.uuid4().hex[:8]}"
        as_owner([str(self.programs / "createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", OWNER, name])
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} {FASTER}"
        as_owner([str(self.programs / "pg_ctl"), "-w", "-D", self.data, "-o", options, "-l", self.log, "start"])

    def stop(self) -> None:
        """Stop it at once: transactions in progress are lost, as in a crash."""
        as_owner([str(self.programs / "pg_ctl"), "-w", "-D", self.data, "-m", "immediate", "stop"])

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    @property
    def log(self) -> str:
        return str(self.folder / "log")


def as_owner(command: Sequence[str]) -> None:
    """Run one of PostgreSQL's programs as a user that it accepts."""
    prefix = ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups"] if os.getuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")


def programs() -> Path:
    """Return the folder with the newest version's programs; without any, the test is skipped."""
    versions = sorted(INSTALLED.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        pytest.skip("needs a PostgreSQL server: apt-get install postgresql")
    return versions[-1].parent


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Make and start a server, and remove it afterwards."""
    found = programs()
    folder = Path(tempfile.mkdtemp(prefix="perf-postgresql-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, OWNER, OWNER)
        server = Server(folder, found, free_port())
        as_owner([str(found / "initdb"), "-D", server.data, "-U", OWNER, "-A", "trust", "--no-sync"])
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port that nobody listened on a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
