"""Recipes as data: complete, and true to the tables of their papers."""

from __future__ import annotations

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.training import RECIPES, Roles, recipe


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_makes_its_parts(name: str) -> None:
    made = recipe(name)
    assert made.name == name
    assert made.source
    assert made.flow.endswith(".")
    assert made.make_scaler().get_scale() >= 1
    weights = {"w": np.float32([0.1, 0.2, -0.3])}
    optimizer = made.make_optimizer("sgd", weights, lr=0.1, momentum=0.9)
    optimizer.gradients = {"w": np.float32([0.5, 0.0, -1.0])}
    optimizer.step()
    master = made.roles.master.format
    if master is not None:
        np.testing.assert_array_equal(lf.quantize(weights["w"], master), weights["w"])


def test_mellempudi_rounds_gradients_stochastically_and_weights_not() -> None:
    roles = recipe("mellempudi2019").roles
    for tensor, stochastic in (
        ("weight", False),
        ("activation", False),
        ("error", True),
        ("weight_gradient", True),
    ):
        q = roles.quantizer_for(tensor, "conv2", 1, 9)
        assert (q.format, q.stochastic) == (lf.float8_e5m2, stochastic)
    assert roles.quantizer_for("weight", "conv1", 0, 9).format is lf.float16
    assert roles.master.format is lf.float16


def test_wang_sums_in_chunks_of_64() -> None:
    accumulator = recipe("wang2018").roles.accumulator_for("dgrad", "conv2", 1, 9)
    assert (accumulator.by, accumulator.n) == ("chunks", 64)
    assert accumulator.inner.format is lf.format("e6m9")


def test_a_recipe_can_be_changed() -> None:
    changed = recipe("s2fp8").but(scaler="static:8", roles="w=e4m3fn")
    assert changed.roles == Roles.parse("w=e4m3fn")
    assert changed.make_scaler().get_scale() == 8


def test_unknown_names_are_answered_with_the_known() -> None:
    with pytest.raises(ValueError, match=r"no recipe 'fp4'.*mellempudi2019"):
        recipe("fp4")
    with pytest.raises(ValueError, match="no optimizer 'lion': there are sgd, adam, adamw"):
        recipe("float32").make_optimizer("lion", {})
