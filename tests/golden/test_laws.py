"""Laws that every projection obeys, whatever the format: order, symmetry, scale, exactness."""

from __future__ import annotations

from fractions import Fraction

import lattice_oracle
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import codes, deterministic, formats, numbers, projections

import lowfloat as lf

Value = lf.golden.Value


def project(x: Fraction, f: lf.Format, p: lf.Projection, r: int | None = None):
    """The delivered value, its code and flags."""
    code, flags = lf.golden.encode(x, format=f, projection=p, random_bits=r)
    return lf.golden.decode(code, f), code, flags


def ordered(value: Value) -> tuple[int, Fraction]:
    if value.is_infinite:
        return (-1 if value.sign else 1), Fraction(0)
    return 0, value.signed


@given(st.data())
def test_order_is_kept(data):
    f = data.draw(formats(extreme_bias=False))
    p, r = data.draw(projections())
    x, y = sorted((data.draw(numbers(f)), data.draw(numbers(f))))
    below, above = project(x, f, p, r)[0], project(y, f, p, r)[0]
    if x < 0 < y and p.stochastic:
        return  # the same R moves both away from zero
    if not below.is_nan and not above.is_nan:
        assert ordered(below) <= ordered(above)


MIRROR = {"toward_positive": "toward_negative", "toward_negative": "toward_positive"}


@given(st.data())
def test_signs_are_symmetric(data):
    f = data.draw(formats(signed=True, extreme_bias=False))
    p, r = data.draw(projections())
    mirrored = p.rounding
    if not p.stochastic:
        mirrored = MIRROR.get(p.rounding, p.rounding)
    x = data.draw(numbers(f))
    plus, _, flags = project(x, f, p, r)
    minus, _, flags_too = project(-x, f, lf.Projection(mirrored, p.saturation, p.policy), r)
    assert flags == flags_too
    assert (plus.kind, plus.magnitude) == (minus.kind, minus.magnitude)
    if plus.magnitude or plus.is_infinite or (plus.is_zero and f.negative_zero):
        assert plus.sign != minus.sign


@given(st.data(), st.integers(-50, 50))
def test_the_bias_only_scales(data, shift):
    f = data.draw(formats(extreme_bias=False))
    fields = list(f.fields)
    fields[2] += shift
    p, r = data.draw(projections())
    x = data.draw(numbers(f))
    moved = project(x * Fraction(2) ** -shift, lf.Format(*fields), p, r)
    assert moved[1:] == project(x, f, p, r)[1:]


@given(st.data())
def test_what_was_produced_is_exact(data):
    f = data.draw(formats(extreme_bias=False))
    p, r = data.draw(projections())
    value, code, _ = project(data.draw(numbers(f)), f, p, r)
    if value.kind != "finite" or (value.is_zero and not f.zero):
        return
    other, r = data.draw(projections())
    assume(not (other.policy.ftz or other.policy.daz))
    assert lf.golden.convert(
        code, formats=(f,), format=f, projection=other, random_bits=r
    ) == (code, 0)  # fmt: skip


@given(st.data())
def test_codes_become_the_canonical_ones(data):
    """C-2: a code that is never produced becomes the one of its value."""
    f = data.draw(formats(extreme_bias=False))
    code = data.draw(codes(f))
    got, flags = lf.golden.convert(code, formats=(f,), format=f)
    before, after = lf.golden.decode(code, f), lf.golden.decode(got, f)
    assert flags == (16 if before.signaling else 0)
    if before.is_nan:
        assert got & ~f.sign_mask == f.nan_code & ~f.sign_mask
    else:
        assert before == after
        noncanonical = before.is_zero and code not in (0, f.sign_mask * f.negative_zero)
        assert (got != code) == noncanonical


@given(st.data())
def test_inexact_means_another_number(data):
    f = data.draw(formats(extreme_bias=False))
    p, r = data.draw(projections())
    x = data.draw(numbers(f))
    value, _, flags = project(x, f, p, r)
    if flags & 16:
        assert flags == 16
    else:
        assert bool(flags & 1) == (value.kind != "finite" or value.signed != x)
    assert flags & 1 or not flags & 6


@given(st.data())
def test_nearest_is_nearest(data):
    f = data.draw(formats(max_width=9, max_exponent_bits=6, extreme_bias=False))
    x = abs(data.draw(numbers(f)))
    rounding = data.draw(st.sampled_from(["nearest_even", "nearest_away", "nearest_zero"]))
    value, _, _ = project(x, f, lf.Projection(rounding, "finite"))
    table = [v for v in lattice_oracle.lattice(f).values[:-1] if v or f.zero]
    if f.subnormals == "flush":
        assume(x >= lattice_oracle.lattice(f).smallest_normal)
    assert abs(value.signed - x) == min(abs(v - x) for v in table)


@given(st.data())
def test_every_rounding_gives_a_neighbour(data):
    f = data.draw(formats(max_width=9, max_exponent_bits=6, extreme_bias=False))
    x = abs(data.draw(numbers(f)))
    table = lattice_oracle.lattice(f)
    assume(table.values[0] <= x < table.values[-2])
    assume(f.subnormals != "flush" or x >= table.smallest_normal)
    p, r = data.draw(projections())
    assume(not p.policy.ftz)
    low, high = lattice_oracle.neighbours(x, f)
    assert project(x, f, p, r)[0].signed in ({low} if low == x else {low, high})


@given(st.data(), st.sampled_from("ABC"))
def test_stochastic_rounding_is_unbiased_with_enough_bits(data, variant):
    f = data.draw(formats(max_width=12, max_exponent_bits=5, extreme_bias=False, signed=True))
    assume(f.subnormals == "gradual" and f.max_finite_code > f.min_positive_code)
    code = data.draw(st.integers(0, f.max_finite_code - 1))
    low, high = (lf.golden.decode(c, f).magnitude for c in (code, code + 1))
    x = low + (high - low) * Fraction(data.draw(st.integers(1, 31)), 32)
    p = lf.Projection(lf.Stochastic(5, variant))
    assert sum(project(x, f, p, r)[0].signed for r in range(32)) == 32 * x


@given(st.data(), st.integers(1, 12), st.sampled_from("ABC"))
def test_more_random_bits_round_away_more(data, n, variant):
    f = data.draw(formats(extreme_bias=False))
    x = data.draw(numbers(f))
    p = lf.Projection(lf.Stochastic(n, variant), "finite")
    rs = sorted(data.draw(st.lists(st.integers(0, 2**n - 1), min_size=2, max_size=2)))
    sizes = [project(x, f, p, r)[0].magnitude for r in rs]
    assert sizes == sorted(sizes)


@given(st.data())
def test_rounding_to_odd_first_is_innocuous(data):
    e, m = data.draw(st.integers(2, 8)), data.draw(st.integers(1, 20))
    narrow, wide = lf.format(f"e{e}m{m}b9"), lf.format(f"e{e}m{m + 2}b9")
    x = data.draw(numbers(narrow))
    rounding = data.draw(deterministic())
    between, _ = lf.golden.encode(x, format=wide, projection=lf.Projection("to_odd"))
    p = lf.Projection(rounding)
    twice, _ = lf.golden.convert(between, formats=(wide,), format=narrow, projection=p)
    assert twice == lf.golden.encode(x, format=narrow, projection=p)[0]


@st.composite
def operations(draw: st.DrawFn, count: int):
    sources = tuple(draw(formats(max_width=20, extreme_bias=False)) for _ in range(count))
    operands = [draw(codes(f)) for f in sources]
    p, r = draw(projections())
    rest = {"format": draw(formats(max_width=20, extreme_bias=False)), "projection": p}
    return sources, operands, rest | {"random_bits": r}


@given(operations(2))
def test_add_and_multiply_commute(case):
    sources, (a, b), rest = case
    assume(rest["projection"].policy.nan == "canonical")
    for operation in (lf.golden.add, lf.golden.multiply):
        swapped = operation(b, a, formats=sources[::-1], **rest)
        assert operation(a, b, formats=sources, **rest) == swapped


@given(operations(3))
def test_fma_by_one_is_add(case):
    (f, _, g), (a, _, c), rest = case
    one, fp32 = 0x3F800000, lf.format("float32")
    fused = lf.golden.fma(a, one, c, formats=(f, fp32, g), **rest)
    assert fused == lf.golden.add(a, c, formats=(f, g), **rest)


@given(operations(2))
def test_operations_are_projections_of_exact_results(case):
    sources, operands, rest = case
    values = [lf.golden.decode(c, f) for c, f in zip(operands, sources, strict=True)]
    assume(all(v.kind == "finite" and v.magnitude for v in values))
    assume(not rest["projection"].policy.daz)
    x, y = (v.signed for v in values)
    to = rest["format"]
    for operation, exact in (("add", x + y), ("subtract", x - y), ("multiply", x * y)):
        got = getattr(lf.golden, operation)(*operands, formats=sources, **rest)
        if exact:
            rounded = project(exact, to, rest["projection"], rest["random_bits"])
            assert got == rounded[1:]


@given(operations(2))
def test_daz_reads_subnormals_as_zeros(case):
    sources, operands, rest = case
    policy = rest["projection"].policy
    assume(policy.daz)
    flushed = []
    for code, f in zip(operands, sources, strict=True):
        value = lf.golden.decode(code, f)
        tiny = value.kind == "finite" and value.magnitude < _smallest_normal(f)
        flushed.append(code & f.sign_mask * f.negative_zero if tiny else code)
    for operation in (lf.golden.add, lf.golden.multiply):
        got = operation(*operands, formats=sources, **rest)
        assert got == operation(*flushed, formats=sources, **rest)


def _smallest_normal(f: lf.Format) -> Fraction:
    if f.subnormals == "normal":
        return lf.golden.decode(f.min_positive_code, f).magnitude
    return Fraction(2) ** (1 - f.bias)
