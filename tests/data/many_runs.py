"""Runs pytest once for each line of arguments (JSON) on standard input, in one process, which starts but once.

Prints a line of JSON for each: the exit code, and what went to standard error.
"""

import contextlib
import io
import json
import sys

import pytest

for line in sys.stdin:
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(json.loads(line))
    print(json.dumps([code, errors.getvalue()]), flush=True)
