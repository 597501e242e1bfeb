"""``python -m perf``: the commands of perf.cli."""

from __future__ import annotations

import sys

from perf.cli import main

if __name__ == "__main__":
    sys.exit(main())
