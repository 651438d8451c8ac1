"""Public docstrings: every function and class has one, with an example, and the examples run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import lowfloat as lf

#: jit's examples compile kernels for seconds: tests/jit runs what they show.
SLOW = ("lowfloat.jit",)


def module_names() -> list[str]:
    found = pkgutil.walk_packages(lf.__path__, "lowfloat.", onerror=lambda name: None)
    names = ["lowfloat", *(info.name for info in found)]
    return [n for n in names if not n.startswith(SLOW) and not n.endswith(("._core", "__main__"))]


def _module(name: str) -> ModuleType:
    if name.startswith("lowfloat.plotting"):
        pytest.importorskip("matplotlib")
    if name.startswith(("lowfloat.training.torch", "lowfloat.training.workloads")):
        pytest.importorskip("torch", reason="PyTorch is not installed")
    return importlib.import_module(name)


@pytest.mark.parametrize("name", module_names())
def test_examples_run(name: str) -> None:
    module = _module(name)
    assert (module.__doc__ or "").strip(), f"{name} does not say what it is"
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert not results.failed


PUBLIC = [
    name
    for name in lf.__all__
    if inspect.isfunction(getattr(lf, name)) or inspect.isclass(getattr(lf, name))
]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_docstring_with_an_example(name: str) -> None:
    text = inspect.getdoc(getattr(lf, name)) or ""
    assert text, f"lf.{name} has no docstring"
    assert ">>> " in text, f"lf.{name}'s docstring has no example"


@pytest.mark.parametrize("name", lf.golden.__all__)
def test_every_golden_function_has_a_docstring(name: str) -> None:
    assert inspect.getdoc(getattr(lf.golden, name))
