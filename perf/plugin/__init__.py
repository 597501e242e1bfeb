"""The pytest plugin: options, hooks and fixtures. It only wires together what other folders hold.

::

    state      what a session keeps, in pytest's stash
    failures   what makes a row's test fail or be skipped
    hooks      options, rows, the run, the exit code
    fixtures   what the suite's tests ask for
    reporting  the terminal, JSON, files, GitHub
"""

pytest_plugins = ("perf.plugin.hooks", "perf.plugin.fixtures", "perf.plugin.reporting")
