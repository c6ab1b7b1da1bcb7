"""How the site is built: `tox -e docs`. The pages of checks and requirements come from `_ext/catalogue_pages.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from merkhet import __version__

# What the pages tell of the reference is what its tests read of it.
sys.path[:0] = [str(Path(__file__).parent / "_ext"), str(Path(__file__).parents[1] / "conformance" / "tests")]

project = "merkhet"
author = "The merkhet developers"
project_copyright = "The merkhet developers"
release = __version__

extensions = ["myst_parser", "sphinx_click", "catalogue_pages"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
templates_path = ["_templates"]

html_theme = "furo"
html_title = f"merkhet {release}"
html_static_path = ["_static"]
html_copy_source = False
html_show_sourcelink = False
html_baseurl = "https://merkhet.readthedocs.io/en/latest/"
html_theme_options = {
    "source_repository": "https://github.com/merkhet/merkhet/",
    "source_branch": "main",
    "source_directory": "docs/",
}
