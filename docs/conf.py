"""The documentation's settings. The reference pages are generated from the code before Sphinx reads them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generate

generate.write_all(Path(__file__).parent / "reference" / "generated")

project = "sd-xeon-perf"
author = "the authors of sd-xeon-perf"
html_title = project
html_theme = "furo"
html_copy_source = False
html_show_copyright = False
smartquotes = False  # it would make one dash of the two before an option
extensions = ["myst_parser"]
exclude_patterns = ["_build", "reference/generated"]  # generated pages are included by others
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
