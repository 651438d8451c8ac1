"""Quantizers, their texts, scaling, and random bits by name: the defects of other emulators too."""

from __future__ import annotations

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat.training import Emulator, Quantizer, Role, Roles, Scaling, quantizer, tensor_draw

TEXTS = [
    "float8_e5m2", "float8_e5m2:sr16", "float8_e4m3fn:sat", "float16:toward_zero", "float32", "none",
    "float8_e4m3fn:pow2", "float8_e4m3fn:amax:row", "float8_e4m3fn:sat:pow2:channel:margin1",
    "float8_e5m2:sr8b:pow2:delayed16", "float16:srall", "e0m15b0:sr16:sat", "s2fp8:float8_e5m2:15",
    "s2fp8:float8_e4m3:7",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_and_its_quantizer_are_one(text: str) -> None:
    q = Quantizer.parse(text)
    assert str(q) == text
    assert quantizer(q) is q
    assert Quantizer.parse(str(q)) == q


@pytest.mark.parametrize(
    "text",
    ["e5m2:huge", "nonsense", "e5m2:sr65", "s2fp8:e5m2:x", "none:sr", "e5m2:delayed4:row:amax"],
)
def test_a_text_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Quantizer.parse(text)


def test_e5m2_is_ieee_and_keeps_overflow_visible() -> None:
    """QPyTorch saturates to 114688, so no loss scaler can see an overflow; NaN becomes a number."""
    x = np.float32([np.nan, np.inf, -np.inf, 7e4, 61439.0, 61440.0, 57344.0])
    expected = [np.nan, np.inf, -np.inf, np.inf, 57344.0, np.inf, 57344.0]
    for text in ("e5m2", "e5m2:sr8"):
        values = Quantizer.parse(text)(x, tensor_draw(0, 0, "x"))
        assert np.array_equal(values[:4], expected[:4], equal_nan=True)
    assert np.array_equal(Quantizer.parse("e5m2")(x), expected, equal_nan=True)


def test_nearest_is_ties_to_even() -> None:
    """Four emulators round ties away from or toward zero under the name "nearest"."""
    assert Quantizer.parse("e5m2")(np.float32([1.125, 1.375, -1.125])).tolist() == [1, 1.5, -1]


def test_no_double_rounding_by_way_of_float16() -> None:
    """Intel's toolkit converts to float16 first: just above a tie of e5m2 it loses the excess."""
    x = np.float32([1.125 + 2**-20])
    assert Quantizer.parse("e5m2")(x).tolist() == [1.25]
    assert x.astype(np.float16).astype(ml_dtypes.float8_e5m2) == 1.0  # the defect


def test_thresholds_of_flushing_are_exact() -> None:
    for text, tie in (("float16", 2.0**-25), ("e5m2", 2.0**-17)):
        above = np.nextafter(np.float32(tie), np.float32(1))
        values = Quantizer.parse(text)(np.float32([tie, above]))
        assert values.tolist() == [0, 2 * tie]


@pytest.mark.parametrize("scale", [1.0, 2.0**-16])
def test_stochastic_rounding_is_unbiased_in_subnormals_too(scale: float) -> None:
    """Toolkits fall back to nearest in subnormals, or have a bias of a seventh."""
    q, n = Quantizer.parse("e5m2:sr16"), 200_000
    for fraction in (0.25, 0.5, 0.4):
        low, step = scale, scale if scale < 1 else 0.25
        x = np.full(n, low + fraction * step, np.float32)
        values = q(x, tensor_draw(1, 2, "t"))
        assert set(np.unique(values)) == {np.float32(low), np.float32(low + step)}
        assert abs((values > x).mean() - fraction) < 0.005


def test_k_bits_have_exactly_the_bias_that_the_rule_gives() -> None:
    """floor(nu 2^k) / 2^k - nu, taken over all values of R."""
    x = np.float32(1.1)
    nu = (Fraction(float(x)) - 1) * 4
    for k in (3, 8):
        bits = np.arange(1 << k)
        up = (
            lf.quantize(np.full(1 << k, x), "e5m2", rounding=lf.Stochastic(k), random_bits=bits) > 1
        )
        assert Fraction(int(up.sum()), 1 << k) == Fraction((nu * (1 << k)).__floor__(), 1 << k)


def test_random_bits_depend_on_seed_step_and_name_alone() -> None:
    """Other emulators cannot be seeded, or replay one sequence in each call."""
    q, x = Quantizer.parse("e5m2:sr16"), np.linspace(1, 2, 300_000, dtype=np.float32)
    base = q(x, tensor_draw(5, 6, "conv1.error"))
    assert np.array_equal(base, q(x, tensor_draw(5, 6, "conv1.error")))
    for other in ((6, 6, "conv1.error"), (5, 7, "conv1.error"), (5, 6, "conv2.error")):
        assert not np.array_equal(base, q(x, tensor_draw(*other)))
    threads = lf.get_num_threads()
    try:
        for count in (1, 3):
            lf.set_num_threads(count)
            assert np.array_equal(base, q(x, tensor_draw(5, 6, "conv1.error")))
    finally:
        lf.set_num_threads(threads)


def test_the_key_of_a_tensor_is_rule_w1() -> None:
    draw = tensor_draw(7, 9, "fc.weight")
    import hashlib

    digest = hashlib.blake2b((7).to_bytes(8, "little") + b"fc.weight", digest_size=12).digest()
    number = int.from_bytes(digest, "little")
    assert (draw.seed, draw.stream, draw.call) == (number % 2**64, number >> 64, 9)


def test_a_context_does_not_reach_a_quantizer() -> None:
    x = np.float32([1.2, 1e9])
    with lf.context(rounding="toward_zero", saturation="finite", policy="arm"):
        assert Quantizer.parse("e5m2")(x).tolist() == [1.25, np.inf]


def test_the_same_bits_in_place_and_from_strides() -> None:
    x = np.random.default_rng(0).standard_normal((40, 50)).astype(np.float32)
    for text in TEXTS[:12]:
        q, draw = Quantizer.parse(text), tensor_draw(1, 1, "x")
        values = q(x.copy(), draw)
        inside = x.copy()
        assert q(inside, draw, out=inside) is inside
        assert np.array_equal(values, inside)
        assert np.array_equal(values, q(np.asfortranarray(x), draw))


@given(
    exponent=st.integers(-140, 120), shape=st.sampled_from([(7,), (3, 5), (2, 3, 4)]),
    shares=st.sampled_from(["tensor", "channel", "row"]), seed=st.integers(0, 99),
)  # fmt: skip
def test_a_power_of_two_is_the_greatest_without_overflow(
    exponent: int, shape: tuple[int, ...], shares: str, seed: int
) -> None:
    x = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    with np.errstate(all="ignore"):
        x = np.ldexp(x, exponent).astype(np.float32)
    scaling = Scaling("pow2", shares)  # type: ignore[arg-type]
    scale = scaling.scale(x, lf.float8_e4m3fn)
    assert np.all(np.frexp(scale)[0] == 0.5)
    top = (np.abs(x.astype(np.float64)) * scale).max()
    assert top <= 448
    inner = (scale > 2.0**-126) & (scale < 2.0**126)
    per_share = np.broadcast_to(scaling.amax(x), scale.shape).astype(np.float64) * scale
    assert np.all(per_share[inner] * 2 > 448)


def test_amax_scaling_brings_the_largest_to_the_largest() -> None:
    x = np.float32([[1.0, -3.0], [0.125, 0.0]])
    values = Quantizer.parse("e4m3fn:amax:row")(x)
    assert values[:, :].max(axis=1).tolist() == pytest.approx([1.0, 0.125], rel=0.07)
    assert values[0, 1] == -3.0
    assert Quantizer.parse("e4m3fn:amax")(np.zeros(3, np.float32)).tolist() == [0, 0, 0]


def test_a_zero_amax_gives_no_nan() -> None:
    """torchao's float8 divided by a zero amax (pytorch/ao 3356)."""
    for text in ("e4m3fn:amax", "e4m3fn:pow2", "e4m3fn:pow2:row"):
        for x in (np.zeros((2, 2), np.float32), np.float32([[np.nan, 0], [0, 0]])):
            values = Quantizer.parse(text)(x)
            assert np.array_equal(values, x, equal_nan=True)


def test_delayed_scaling_uses_the_amaxes_before() -> None:
    emulator = Emulator("a=e4m3fn:sat:pow2:delayed2", ["fc"])
    tops = []
    for amax in (1.0, 1000.0, 1.0, 1.0, 1.0):
        tops.append(float(emulator.quantize(np.float32([amax, 0.01]), "activation", "fc")[0]))
        emulator.advance()
    assert tops == [1.0, 1.75, 1.0, 1.0, 1.0]  # the second saturates at 448/256
    state = emulator.state_dict()
    assert state["history"] == {"fc.activation": [1.0, 1.0]}


def test_roles_text_round_trip() -> None:
    text = "w=e5m2,a=e5m2,e=e5m2:sr,g=e5m2:sr,master=e5m10:sr,acc=f32"
    roles = Roles.parse(text)
    assert Roles.parse(str(roles)) == roles
    assert roles.quantizer_for("output") == roles.activation
    assert roles.quantizer_for("input_gradient") == roles.error
    assert roles.accumulator_for("dgrad") is None
    assert Roles.parse("w=e4m3fn,exempt=first|last|bn*,exempt_as=fp16").exempt == (
        "first", "last", "bn*",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("w", "key=value"), ("weights=e5m2", "there are w, a"), ("w=e5m2,w=fp16", "again"),
        ("acc=f32,dgrad=f32", "again"), ("w=e99m99", "mantissa_bits is 99"), ("acc=sloppy", "accumulator"),
    ],
)  # fmt: skip
def test_a_roles_text_that_means_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Roles.parse(text)


def test_exemptions_overrides_and_factory() -> None:
    def factory(role: Role) -> str | None:
        return "float16" if (role.tensor, role.layer) == ("error", "fc2") else None

    roles = Roles.parse("w=e5m2,e=e5m2,exempt=first|head*").but(
        layers=(("attn*", Roles.parse("w=e4m3fn")),), factory=factory
    )
    emulator = Emulator(roles, ["conv", "attn0", "fc2", "head7", "out"])
    seen = {layer: str(emulator.quantizer("weight", layer)) for layer in emulator.layers}
    assert seen == {
        "conv": "float32", "attn0": "float8_e4m3fn", "fc2": "float8_e5m2", "head7": "float32",
        "out": "float8_e5m2",
    }  # fmt: skip
    assert str(emulator.quantizer("error", "fc2")) == "float16"
    assert str(emulator.quantizer("master", "conv")) == "none"  # exempt from GEMMs, not from that
    with pytest.raises(ValueError, match="there are weight"):
        emulator.quantizer("bias", "conv")


def test_uses_of_one_name_in_a_step_have_bits_of_their_own_and_restart() -> None:
    emulator, x = Emulator("e=e5m2:sr", ["fc"], seed=3), np.full(64, 1.1, np.float32)
    first, second = (emulator.quantize(x, "error", "fc") for _ in range(2))
    assert not np.array_equal(first, second)
    q = emulator.quantizer("error", "fc")
    assert np.array_equal(second, q(x, tensor_draw(3, 0, "fc.error#1")))
    emulator.advance()
    assert np.array_equal(emulator.quantize(x, "error", "fc"), q(x, tensor_draw(3, 1, "fc.error")))


def test_an_emulator_of_other_roles_or_layers_is_refused_whole() -> None:
    emulator = Emulator("e=e5m2:sr", ["fc"], seed=3)
    emulator.advance()
    for other in (Emulator("e=e5m2", ["fc"]), Emulator("e=e5m2:sr", ["fc", "out"])):
        with pytest.raises(ValueError, match="other"):
            other.load_state_dict(emulator.state_dict())
        assert other.step == 0
    with pytest.raises(ValueError, match="one name"):
        Emulator("e=e5m2", ["fc", "fc"])


def test_s2fp8_is_a_quantizer() -> None:
    x = np.float32([[0.1, -0.2], [0.3, 1e-4]])
    q = Quantizer.parse("s2fp8")
    expected = lf.systems.s2fp8.truncate(x)
    assert np.array_equal(q(x), expected)
    assert q(x).shape == x.shape
    inside = x.copy()
    assert q(inside, out=inside) is inside
    assert np.array_equal(inside, expected)
    fortran = np.asfortranarray(x)
    assert np.array_equal(q(fortran, out=fortran), expected)
    wide = x.astype(np.float64)
    assert q(wide).dtype == np.float64
    assert np.array_equal(q(wide), expected)
