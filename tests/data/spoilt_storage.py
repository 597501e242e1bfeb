"""A pytest plugin that replaces the folder of results by a file when the tests have ended. Silly on purpose."""

import os
import pathlib
import shutil


def pytest_runtest_logfinish():
    storage = pathlib.Path(os.environ["SPOILT_STORAGE"])
    shutil.rmtree(storage, ignore_errors=True)
    if not storage.exists():
        storage.touch()
