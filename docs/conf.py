"""Sphinx settings: sphinx-build -W docs docs/_build"""

import importlib.util
import re
import sys
from pathlib import Path

import lowfloat

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "lowfloat"
author = "The lowfloat developers"
copyright = "2026, The lowfloat developers"
version = release = lowfloat.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "tables_from_data",
]
# The reference names functions that need PyTorch; their pages do not.
autodoc_mock_imports = [] if importlib.util.find_spec("torch") else ["torch"]
exclude_patterns = ["_build"]
templates_path = []

myst_enable_extensions = ["deflist", "smartquotes"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
# Defaults as values: functions whose keywords are written out (lf.dot) have none in their source.
autodoc_preserve_defaults = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "furo"
html_title = f"lowfloat {release}"
html_static_path = ["_static"]
html_css_files = ["lowfloat.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0b5563",
        "color-brand-content": "#0b5563",
        "font-stack": "'Source Sans 3', 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', sans-serif",
        "font-stack--monospace": "'JetBrains Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7cc7d6",
        "color-brand-content": "#7cc7d6",
    },
}


def bars_are_magnitudes(app, what, name, obj, options, lines):
    """In docstrings |x| is a magnitude, never a reST substitution."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")) and "``" not in line:
            lines[i] = re.sub(r"\|([^|`]+)\|", r"\\|\1\\|", line)


def defaults_are_short(app, what, name, obj, options, signature, result):
    """The default projection and float32 as one would type them."""
    if not signature:
        return None
    shown = signature
    for value, text in ((lowfloat.Projection(), "Projection()"), (lowfloat.float32, "'float32'")):
        shown = shown.replace(repr(value), text)
    return shown, result


def fields_explain_themselves(app, what, name, obj, skip, options):
    """Leave out "Alias for field number 0" of named tuples."""
    return True if type(obj).__name__ == "_tuplegetter" else None


def setup(app):
    """Connect; docstrings before numpydoc (priority 500) reads them."""
    app.connect("autodoc-skip-member", fields_explain_themselves)
    app.connect("autodoc-process-signature", defaults_are_short)
    app.connect("autodoc-process-docstring", bars_are_magnitudes, priority=400)
