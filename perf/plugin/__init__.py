"""The pytest plugin: options, hooks and fixtures. It only wires together what other folders hold.

::

    state      what a session keeps, in pytest's stash
    signals    SIGTERM and SIGHUP end a run as Ctrl-C does
    outputs    the files that a run writes at its end
    passing_on what becomes of a run's record at its end
    failures   what makes a row's test fail or be skipped
    hooks      options, rows, the run, the exit code
    fixtures   what the suite's tests ask for
    reporting  the terminal, JSON, files, GitHub
"""

pytest_plugins = ("perf.plugin.hooks", "perf.plugin.fixtures", "perf.plugin.reporting")
