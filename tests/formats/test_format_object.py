"""A format is one object: interning, identity, pickling, copying, immutability (rule D-9)."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from strategies import formats

import lowfloat as lf


@given(formats())
def test_equal_fields_are_one_object(f):
    assert lf.Format(*f.fields) is f
    by_keyword = {field.name: getattr(f, field.name) for field in dataclasses.fields(f)}
    assert lf.Format(**by_keyword) is f
    assert lf.format(f) is f


@given(formats())
def test_pickle_and_copy_keep_identity(f):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(f, protocol)) is f
    assert copy.copy(f) is f
    assert copy.deepcopy([f])[0] is f


@given(formats(), formats())
def test_different_fields_are_different_objects(f, g):
    assert (f is g) == (f.fields == g.fields)
    assert (f == g) == (f is g)
    assert len({f, g}) == 1 + (f is not g)


def test_threads_get_one_object():
    def make(i: int) -> lf.Format:
        return lf.Format(5, 4, 1000 + i % 7)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(700)))
    assert len({id(f) for f in made}) == 7


def test_a_format_cannot_be_changed():
    f = lf.format("float16")
    with pytest.raises(dataclasses.FrozenInstanceError):
        f.bias = 3
    assert f.bias == 15


def test_an_illegal_format_is_not_remembered():
    for _ in range(2):
        with pytest.raises(ValueError, match="D-2"):
            lf.Format(4, 3, nan="top")


@given(formats(extreme_bias=False))
def test_texts_are_made_for_every_format(f):
    assert str(f) == f.name
    assert eval(repr(f), {"lowfloat": lf}) is f
    assert "<table" in f._repr_html_()
