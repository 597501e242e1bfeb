"""The suite's plugin, loaded for everything below: the ladder in perf/suite and the suite's own tests."""

pytest_plugins = ["perf.plugin"]
