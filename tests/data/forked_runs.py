"""Runs pytest for each request on standard input, in a fork of this process, which has imported what they all need.

A run is then what a user starts, a process with an environment, a folder and output of its own, less the two seconds of
its imports. A request is a line of JSON: the ``arguments`` of pytest, ``environment``, ``folder``, the files for
``stdout`` and ``stderr``, and ``timeout_s``, after which SIGALRM ends it. The answer is its exit code.
"""

import contextlib
import io
import json
import os
import signal
import sys
import tempfile

import pytest


def run(request):
    """Become a process as a shell would have started it, and end as pytest does."""
    signal.alarm(request["timeout_s"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None  # this process may have asked for it already
    for descriptor, name in enumerate(("stdout", "stderr"), 1):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT, 0o600), descriptor)
    sys.exit(pytest.main(request["arguments"]))


with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    pytest.main([*sys.argv[1:], "--collect-only"])
for line in sys.stdin:
    request = json.loads(line)
    pid = os.fork()
    if not pid:
        run(request)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
