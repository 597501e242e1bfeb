"""A real Chromium for tests of the page, driven by Playwright, which is not told to make any request of its own."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DEADLINE_MS = 20_000
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def why_not() -> str | None:
    """Return why there is no browser here, or None where there is one."""
    try:
        import playwright.sync_api  # noqa: F401, PLC0415
    except ImportError:
        return "playwright is not installed"
    return None if path() else f"none of {', '.join(NAMES)} is installed"


def path() -> str | None:
    """Return the browser's program."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def running(**options: Any) -> Iterator[BrowserContext]:
    """Start a browser with an empty profile, and with these options of Playwright's."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=path(),
            args=list(QUIET),
            **options,
        )
        context.set_default_timeout(DEADLINE_MS)
        with contextlib.closing(context):
            yield context
