"""lf.sum, dot, matmul, tensordot, conv2d and cumsum: shapes, layouts, operands, starts, results."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.accumulators import FixedPoint, Interleaved

STEP = lf.Accumulator("e6m9")
RNG = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def reseed() -> None:
    """Every test draws the same, whatever ran before it."""
    RNG.bit_generator.state = np.random.default_rng(5).bit_generator.state


def small(*shape: int, fmt: str = "float8_e4m3fn") -> lf.Array:
    """Small whole numbers: every sum of them is exact in bfloat16 and wider."""
    return lf.array(RNG.integers(-3, 4, shape), fmt)


def draws(*shape: int, fmt: str = "float8_e4m3fn") -> lf.Array:
    return lf.cast(RNG.standard_normal(shape), fmt)


SHAPES = [
    ((3, 4), (4, 5)), ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,)), ((2, 3, 4), (4, 5)),
    ((2, 1, 3, 4), (6, 4, 5)), ((4,), (6, 4, 5)), ((0, 4), (4, 5)), ((3, 4), (4, 0)),
    ((0, 3, 4), (4, 2)), ((3, 0), (0, 5)),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), SHAPES, ids=str)
def test_matmul_has_numpys_shapes(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = small(*a), small(*b)
    expected = x.to_numpy() @ y.to_numpy()
    for accumulator in (None, STEP):
        z = lf.matmul(x, y, accumulator=accumulator, format="float32")
        assert z.shape == expected.shape
        np.testing.assert_array_equal(z.to_numpy(), expected)


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (2, 0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sum_has_numpys_shapes(axis, keepdims: bool) -> None:
    x = small(3, 4, 5)
    z = lf.sum(x, axis=axis, keepdims=keepdims, format="float32")
    expected = x.to_numpy().sum(axis=axis, keepdims=keepdims)
    assert z.shape == expected.shape
    np.testing.assert_array_equal(z.to_numpy(), expected)


@pytest.mark.parametrize("axes", [0, 1, 2, ([1], [0]), ([2, 0], [1, 2]), (1, 0)])
def test_tensordot_has_numpys_shapes(axes) -> None:
    x, y = small(4, 3, 3), small(3, 3, 4)
    expected = np.tensordot(x.to_numpy(), y.to_numpy(), axes)
    z = lf.tensordot(x, y, axes, format="float32")
    assert z.shape == expected.shape
    np.testing.assert_array_equal(z.to_numpy(), expected)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_dot_sums_along_an_axis(axis: int) -> None:
    x, y = small(3, 4), small(2, 3, 1)
    expected = (x.to_numpy() * y.to_numpy()).sum(axis=axis)
    np.testing.assert_array_equal(lf.dot(x, y, axis=axis, format="float32").to_numpy(), expected)


def test_any_layout_gives_the_same_bits() -> None:
    x, y = draws(6, 40), draws(40, 8, fmt="float8_e5m2")
    expected = lf.matmul(x, y, accumulator=STEP).codes
    big = np.zeros((12, 80), np.uint8)
    big[::2, ::2] = x.codes
    views = [
        lf.Array(big[::2, ::2], x.format),
        lf.Array(np.asfortranarray(x.codes), x.format),
        lf.Array(x.codes[::-1, ::-1].copy()[::-1, ::-1], x.format),
    ]
    for view in views:
        np.testing.assert_array_equal(lf.matmul(view, y, accumulator=STEP).codes, expected)
    np.testing.assert_array_equal(
        lf.matmul(x, lf.Array(y.codes.T.copy().T, y.format), accumulator=STEP).codes, expected
    )
    wide = draws(6, 40, fmt="float16")
    unaligned = np.zeros(481, np.uint8)[1:].view(np.uint16).reshape(6, 40)
    unaligned[...] = wide.codes
    np.testing.assert_array_equal(
        lf.matmul(lf.Array(unaligned, wide.format), y, accumulator=STEP).codes,
        lf.matmul(wide, y, accumulator=STEP).codes,
    )


def test_broadcast_batches_are_those_of_single_calls() -> None:
    x, y = draws(2, 1, 3, 9), draws(4, 9, 2)
    z = lf.matmul(x, y, accumulator=STEP)
    for i, j in itertools.product(range(2), range(4)):
        one = lf.matmul(x[i, 0], y[j], accumulator=STEP)
        np.testing.assert_array_equal(z.codes[i, j], one.codes)


def test_the_result_may_go_anywhere() -> None:
    x = draws(7, 7, fmt="bfloat16")
    expected = lf.matmul(x, x, accumulator=lf.Accumulator("bfloat16")).codes
    inputs = x.codes.copy()
    for out in (lf.Array(inputs, x.format), lf.Array(inputs.T, x.format)):
        inputs[...] = x.codes
        other = lf.Array(inputs, x.format)
        result = lf.matmul(other, other, accumulator=lf.Accumulator("bfloat16"), out=out)
        assert result is out
        np.testing.assert_array_equal(out.codes, expected)
    plain = np.zeros((7, 7), np.uint16)
    lf.matmul(x, x, accumulator=lf.Accumulator("bfloat16"), out=plain)
    np.testing.assert_array_equal(plain, expected)


def test_start_broadcasts_and_is_converted() -> None:
    x, y = small(3, 4), small(4, 5)
    c = lf.array([[1000.0], [2.0], [3.0]], "float32")
    z = lf.matmul(x, y, c=c, accumulator=lf.Accumulator("float16"))
    np.testing.assert_array_equal(z.to_numpy(), x.to_numpy() @ y.to_numpy() + c.to_numpy())
    start = lf.matmul(x[:, :0], y[:0], c=lf.array(0.1, "float32"), accumulator=STEP)
    np.testing.assert_array_equal(start.codes, lf.cast(np.float32(0.1), "e6m9").codes)
    np.testing.assert_array_equal(lf.dot(x, x, c=5, accumulator=STEP, format="float32").to_numpy(),
                                  (x.to_numpy() ** 2).sum(-1) + 5)  # fmt: skip


def test_integers_are_exact() -> None:
    for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32):
        info = np.iinfo(dtype)
        x = RNG.integers(info.min, info.max, (3, 6), dtype, endpoint=True)
        x[0, 0], x[0, 1] = info.min, info.max
        y = RNG.integers(-3, 4, (6, 2), np.int8)
        exact = x.astype(object) @ y.astype(object)
        z = lf.matmul(x, y, format="float64")
        np.testing.assert_array_equal(z.to_numpy(), exact.astype(np.float64))
        wrapped = lf.matmul(x, y, accumulator=FixedPoint(32)).to_numpy()
        model = [(int(v) + 2**31) % 2**32 - 2**31 for v in exact.ravel()]
        np.testing.assert_array_equal(wrapped.ravel(), np.array(model, np.float64))
    big = np.array([2**52 - 1, -5])
    assert lf.sum(big, format="float64").item() == 2**52 - 6
    with pytest.raises(ValueError, match="beyond 2\\^52"):
        lf.sum(np.array([2**60]), format="float64")


def test_float_arrays_are_numbers_of_their_own_or_of_a_grid() -> None:
    x = draws(3, 8)
    values = x.to_numpy()
    np.testing.assert_array_equal(
        lf.matmul(values, values.T, accumulator=STEP).codes,
        lf.matmul(x, x.T, accumulator=STEP).codes,
    )
    formats = ("float8_e4m3fn", "float8_e4m3fn")
    on_grid = lf.matmul(values, values.T, formats=formats)
    np.testing.assert_array_equal(on_grid.codes, lf.matmul(x, x.T).codes)
    values[1, 2] = 0.3
    with pytest.raises(ValueError, match=r"element \[1, 2\] = .*0.3.* is no number"):
        lf.matmul(values, values.T, formats=formats)
    declared = lf.matmul(values, values.T, formats=formats, checked=False)
    rounded = lf.cast(values, "float8_e4m3fn")
    np.testing.assert_array_equal(declared.codes, lf.matmul(rounded, rounded.T).codes)
    assert lf.sum([1, 2.5, 3], formats="bfloat16").item() == 6.5


def test_scales_multiply_blocks_of_terms() -> None:
    x, y = draws(3, 8), draws(8, 2)
    sx = lf.cast(2.0 ** RNG.integers(-3, 4, (3, 2)), "float8_e8m0fnu")
    sy = lf.cast(2.0 ** RNG.integers(-3, 4, (4, 2)), "float8_e8m0fnu")
    scaled_x = x.to_numpy() * np.repeat(sx.to_numpy(), 4, 1)
    scaled_y = y.to_numpy() * np.repeat(sy.to_numpy(), 2, 0)
    for accumulator in (None, STEP, lf.accumulators.nvidia_blackwell("float8_e4m3fn").accumulator):
        z = lf.matmul(x, y, scales=(sx, sy), accumulator=accumulator, format="float32")
        expected = lf.matmul(scaled_x, scaled_y, accumulator=accumulator, format="float32")
        np.testing.assert_array_equal(z.codes, expected.codes)
    one = lf.matmul(x, y, scales=(None, sy[:, :1]), format="float32")
    shared = y.to_numpy() * np.repeat(sy.to_numpy()[:, :1], 2, 0)
    np.testing.assert_array_equal(one.codes, lf.matmul(x, shared, format="float32").codes)


@pytest.mark.parametrize(
    "keywords",
    [{}, {"stride": 2}, {"padding": (1, 2)}, {"dilation": (2, 1)}, {"groups": 2},
     {"stride": (1, 2), "padding": 1, "dilation": 2, "groups": 2}],
    ids=str,
)  # fmt: skip
def test_conv2d_is_a_sum_over_windows(keywords: dict) -> None:
    groups = keywords.get("groups", 1)
    x, w, bias = draws(2, 4, 7, 6), draws(4, 4 // groups, 2, 3), draws(4, 1, 1)
    z = lf.conv2d(x, w, c=bias, accumulator=STEP, **keywords)

    def pair(name: str, default: int) -> tuple[int, int]:
        value = keywords.get(name, default)
        return value if isinstance(value, tuple) else (value, value)

    (sy, sx), (py, px), (dy, dx) = pair("stride", 1), pair("padding", 0), pair("dilation", 1)
    padded = np.pad(x.codes, ((0, 0), (0, 0), (py, py), (px, px)))
    for image, f, i, j in np.ndindex(*z.shape):
        low = f // (4 // groups) * (4 // groups)
        window = padded[image, low : low + 4 // groups, i * sy : i * sy + dy + 1 : dy,
                        j * sx : j * sx + 2 * dx + 1 : dx]  # fmt: skip
        one = lf.dot(lf.Array(window.ravel(), x.format), lf.Array(w.codes[f].ravel(), w.format),
                     c=bias[f, 0, 0], accumulator=STEP)  # fmt: skip
        assert one.codes == z.codes[image, f, i, j]


@pytest.mark.parametrize(
    "accumulator",
    [None, STEP, lf.Accumulator("e5m3", order="pairwise"), lf.accumulators.ibm_chunk64(),
     lf.Accumulator("e5m3", compensation="kahan"), FixedPoint(16, -10, "saturate"),
     lf.accumulators.Fused("float16", 3, 7)],
    ids=repr,
)  # fmt: skip
def test_prefix_sums_are_sums_of_prefixes(accumulator) -> None:
    x, c = draws(3, 9), draws(3)
    raised = np.zeros((3, 9), np.uint8)
    z = lf.cumsum(x, axis=1, c=c, accumulator=accumulator, format="bfloat16", flags_out=raised)
    for j in range(9):
        flags = np.zeros(3, np.uint8)
        one = lf.sum(x[:, : j + 1], axis=1, c=c, accumulator=accumulator, format="bfloat16",
                     flags_out=flags)  # fmt: skip
        np.testing.assert_array_equal(z.codes[:, j], one.codes)
        np.testing.assert_array_equal(raised[:, j], flags)


def test_stochastic_prefix_sums_end_in_the_sum() -> None:
    step = lf.Accumulator("e5m3", lf.Stochastic(6))
    x = draws(4, 50)
    z = lf.cumsum(x, axis=1, accumulator=step, rng=lf.Philox(3))
    total = lf.sum(x, axis=1, accumulator=step, rng=lf.Philox(3))
    np.testing.assert_array_equal(z.codes[:, -1], total.codes)
    assert lf.cumsum(x, accumulator=STEP).shape == (200,)


@pytest.mark.parametrize("source", ["philox", "lfsr", "given"])
def test_stochastic_prefix_sums_draw_one_after_another(source: str) -> None:
    """Rule G-18: all roundings of element j follow those of element j - 1."""
    half = lf.Accumulator("e5m3", lf.Stochastic(6))
    acc = lf.accumulators.Grouped(half, lf.Accumulator("e5m4", compensation="kahan"), n=3)
    x = draws(2, 7)
    drawn = [[*acc.roundings(k + 1), 4] for k in range(7)]
    flat = [bits for sums in drawn for bits in sums]
    if source == "given":
        bits = RNG.integers(0, 16, (2, len(flat)), np.uint8)
        made = {"random_bits": bits}
    else:
        rng = (lf.Philox(9) if source == "philox" else lf.LFSR(16, 0xB400, state=7)).at(0)
        made = {"rng": rng}
        bits = np.array([lf.golden.reduction_bits(rng, e, flat) for e in range(2)])
    z = lf.cumsum(x, axis=1, accumulator=acc, format="e4m2", rounding=lf.Stochastic(4), **made)
    at = 0
    for k, sums in enumerate(drawn):
        part = bits[:, at : at + len(sums)]
        one = lf.sum(x[:, : k + 1], axis=1, accumulator=acc, format="e4m2",
                     rounding=lf.Stochastic(4), random_bits=part)  # fmt: skip
        np.testing.assert_array_equal(z.codes[:, k], one.codes)
        at += len(sums)


def test_exact_sums_are_fractions() -> None:
    """Operands over the whole range of their formats, against rational arithmetic."""
    for name, count in (("float8_e5m2", 200), ("bfloat16", 60), ("float64", 40), ("e11m20", 40)):
        fmt = lf.format(name)
        codes = RNG.integers(0, fmt.max_finite_code, (2, count), np.uint64, endpoint=True)
        codes |= RNG.integers(0, 2, (2, count), np.uint64) * np.uint64(fmt.sign_mask)
        x, y = (lf.from_codes(row, fmt) for row in codes)
        rows = [[lf.golden.decode(int(c), fmt).signed for c in row] for row in codes]
        exact = sum((p * q for p, q in zip(*rows, strict=True)), Fraction(0))
        for rounding in ("nearest_even", "toward_zero", "to_odd"):
            z = lf.dot(x, y, format="float64", rounding=rounding)
            expected, _ = lf.golden.encode(
                exact, format=lf.float64, projection=lf.Projection(rounding)
            )
            assert int(z.codes) == expected


def test_orders_reorder_terms() -> None:
    x = draws(64, fmt="float16")
    for order in ("reversed", Interleaved(4), Interleaved(3, 5)):
        permuted = x[list(lf.accumulators.indices(order, 64))]
        assert lf.sum(x, accumulator=lf.Accumulator("float16", order=order)).codes == (
            lf.sum(permuted, accumulator=lf.Accumulator("float16")).codes
        )


def test_one_term_moved_is_caught() -> None:
    """The negative control of every comparison of orders."""
    x = lf.array([2048.0, *[1.0] * 9, -2047.0], "float16")
    step = lf.Accumulator("float16")
    for moved in range(2, 10):
        order = [*range(1, moved + 1), 0, *range(moved + 1, 11)]
        assert lf.sum(x, accumulator=step).codes != lf.sum(x[order], accumulator=step).codes
