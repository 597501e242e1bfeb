"""What the selected tests have to do with rows, and selections that would measure and not judge.

A run that ends well says that nothing is slower. One that has judged nothing must not end so, and is refused before
the first row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from perf.errors import BadInput
from perf.host.stack import ROOT
from perf.spec.variant import Variant

if TYPE_CHECKING:
    import pytest

SUITE = ROOT / "perf" / "suite"
MEASURED = "measurement"  # the fixture that holds a row's worker
PAIRED = "paired_run"  # the fixture that holds a row's pairs of workers, judged by the same test
ROW = "row"  # the parameter of a test that judges
MACHINE = "judged_machine"  # the fixture of the test that judges the machine, by the rows of the same run
NOTHING_MEASURED = (
    "nothing would be measured, so nothing judged; leave it out (for a short run: --model tiny --rounds 2, "
    "for a list of the tests: --collect-only)"
)


def variant_of(item: pytest.Item) -> Variant | None:
    """Return the variant that a test measures or judges, or None for any other test."""
    parameters = parameters_of(item)
    return next((parameters[name] for name in (MEASURED, PAIRED, ROW) if name in parameters), None)


def parameters_of(item: pytest.Item) -> Mapping[str, Any]:
    """Return what a test is parametrised with, by name."""
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}


def check_judges(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Raise BadInput where these tests would measure a row and not judge it, or measure nothing at all."""
    parameters = {item.name: parameters_of(item) for item in items}
    measuring = {name: values[MEASURED].name for name, values in parameters.items() if MEASURED in values}
    check_benchmark_options(config, has_ladder=bool(measuring))
    judged = {values[ROW].name for values in parameters.values() if ROW in values}
    unjudged = [(test, row) for test, row in measuring.items() if row not in judged]
    if unjudged:
        test, row = unjudged[0]
        more = f" and {len(unjudged) - 1} more" if len(unjudged) > 1 else ""
        raise BadInput(
            f"{test}{more}: would be measured and not judged, since test_verdict[{row}] is not selected; "
            f"select rows instead, with --variant {row} or -k {row}, or the verdict alone, which measures what it needs"
        )


def check_machine_has_rows(items: Iterable[pytest.Item]) -> None:
    """Raise BadInput where these tests, which measure no row, would judge the machine by the rows of the run."""
    for item in items:
        if MACHINE in getattr(item, "fixturenames", ()):
            raise BadInput(
                f"{item.name}: judges the machine by the rows of the same run, and none is selected; select rows too, "
                "with -k 'test_machine or test_verdict' for example"
            )


def check_one_process(config: pytest.Config) -> None:
    """Raise BadInput where pytest-xdist would start several processes, and what is to be run measures."""
    if config.getoption("dist", default="no") == "no":
        return
    paths = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
    if any(path.is_relative_to(SUITE) or SUITE.is_relative_to(path) for path in paths):
        raise BadInput("-n: a measurement has the machine to itself; leave it out, or give -n 0 (pytest-xdist)")


def check_benchmark_options(config: pytest.Config, *, has_ladder: bool) -> None:
    """Raise BadInput where pytest-benchmark is told to leave out what measures or what judges."""
    for name in ("disable", "skip"):
        if config.getoption(f"benchmark_{name}", default=False):
            raise BadInput(f"--benchmark-{name}: {NOTHING_MEASURED}")
    if has_ladder and config.getoption("benchmark_only", default=False):
        raise BadInput("--benchmark-only: skips test_verdict, so that nothing would be judged; leave it out")
