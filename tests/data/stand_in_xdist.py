"""A pytest plugin with the options of pytest-xdist, which starts no process. Silly on purpose."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--numprocesses", type=int, default=0)
    parser.addoption("--dist", default="no")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    if config.option.numprocesses:
        config.option.dist = "load"
