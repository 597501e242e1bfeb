"""What makes a row's test fail or be skipped: its reason is noted, and pytest prints it without a traceback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NoReturn

import pytest

from perf.compare.run_comparison import RunComparison
from perf.errors import BackendBroken, PerfError, VariantError
from perf.measure.run import Run
from perf.spec.variant import Variant


def leave_out(run: Run, variant: Variant, missing: str, *, has_baseline: bool = False) -> NoReturn:
    """Skip a row that cannot run here, or fail it where it must run, and say why.

    A row with a baseline could run here when that was recorded: skipping it would be a green night over no measurement.
    """
    is_needed = run.settings.require_all or has_baseline
    run.keep_reason(variant, f"{'failed' if is_needed else 'skipped'}: {missing}")
    if is_needed:
        why = "with --require-all every row" if run.settings.require_all else "a row that has a baseline here"
        pytest.fail(f"{missing} ({why} must run)", pytrace=False)
    pytest.skip(missing)


@contextlib.contextmanager
def noting_errors(comparison: RunComparison | None, variant: Variant) -> Iterator[None]:
    """Note in a comparison that a variant could not be measured."""
    try:
        yield
    except PerfError as error:
        if comparison:
            comparison.add_error(variant, error)
        raise


@contextlib.contextmanager
def failing_briefly(run: Run, variant: Variant) -> Iterator[None]:
    """Turn a PerfError into a test failure that is the error's text alone, and note it in the ladder.

    So is an error of the operating system: a full disk, a cache that may not be written.
    """
    try:
        yield
    except (PerfError, OSError) as error:
        if isinstance(error, BackendBroken):
            run.keep_invalid(variant, error.headline)
        else:
            run.keep_reason(variant, f"failed: {reason_of(error, variant)}")
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def reason_of(error: PerfError | OSError, variant: Variant) -> str:
    """Return what the variant's own line says of the error: its name stands there already."""
    if isinstance(error, VariantError) and error.variant == variant.name:
        return error.headline
    return str(error)
