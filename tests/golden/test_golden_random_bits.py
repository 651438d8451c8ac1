"""Random bits: Philox4x32-10's published answers, lanes, and shift registers (R-1 to R-5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat.golden.random_bits import element_bits, lfsr_bits, philox4x32, philox_bits
from lowfloat.randomness import LFSRDraw, PhiloxDraw, lfsr_jump, lfsr_shift

ONES = 0xFFFFFFFF

# Random123's kat_vectors, philox4x32 with 10 rounds: counter, key, result.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(counter, key, answer):
    assert philox4x32(counter, key) == answer


def test_a_planted_wrong_answer_is_found():
    counter, key, answer = KNOWN_ANSWERS[2]
    assert philox4x32(counter, key[::-1]) != answer
    assert philox4x32(counter[::-1], key) != answer


def philox_by_words(counter: list[int], key: list[int]) -> list[int]:
    """Random123's own order of steps: key bumps between rounds, high and low product words."""
    for round_ in range(10):
        if round_:
            key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
        hi0, lo0 = divmod(0xD2511F53 * counter[0], 2**32)
        hi1, lo1 = divmod(0xCD9E8D57 * counter[2], 2**32)
        counter = [hi1 ^ counter[1] ^ key[0], lo1, hi0 ^ counter[3] ^ key[1], lo0]
    return counter


@given(
    st.integers(0, 2**64 - 1), st.integers(0, ONES), st.integers(0, ONES),
    st.integers(0, 1000) | st.integers(0, 2**66 - 1), st.integers(1, 64),
)  # fmt: skip
def test_elements_take_the_top_bits_of_their_lane(seed, stream, call, index, n):
    lane = next(w for w in (8, 16, 32, 64) if w >= n)
    block = index * lane // 128
    if block >= 2**64:
        return
    counter = [block % 2**32, block >> 32, call, stream]
    words = philox_by_words(counter, [seed % 2**32, seed >> 32])
    data = b"".join(word.to_bytes(4, "little") for word in words)
    size = lane // 8
    at = index % (128 // lane) * size
    expected = int.from_bytes(data[at : at + size], "little") >> (lane - n)
    assert philox_bits(PhiloxDraw(seed, stream, call), index, n) == expected


def test_philox_bits_are_spread_evenly():
    draw = PhiloxDraw(7, 0, 0)
    counts = [0] * 16
    for index in range(4096):
        counts[philox_bits(draw, index, 4)] += 1
    # 15 degrees of freedom: 37.7 is the 0.1 % point of chi-squared.
    assert sum((c - 256) ** 2 / 256 for c in counts) < 37.7


def test_calls_streams_and_seeds_give_different_bits():
    draws = [(7, 0, 0), (7, 0, 1), (7, 1, 0), (8, 0, 0), (7 << 32, 0, 0)]
    rows = {tuple(philox_bits(PhiloxDraw(*d), i, 32) for i in range(8)) for d in draws}
    assert len(rows) == len(draws)


def test_a_source_counts_its_calls():
    rng = lf.Philox(2**63 + 5, stream=3)
    assert [rng.draw(10), rng.draw(1 << 40)] == [rng.at(0), rng.at(1)]
    assert rng.state == {"seed": 2**63 + 5, "stream": 3, "call": 2}
    rng.state = {"seed": 1, "stream": 2, "call": 9}
    assert rng.draw(1) == PhiloxDraw(1, 2, 9)
    assert rng.stream(4).draw(1) == PhiloxDraw(1, 4, 0)


class BitList:
    """A shift register as a list of bits, lowest first: the naive model of R-5."""

    def __init__(self, draw: LFSRDraw) -> None:
        self.draw = draw
        self.bits = [draw.state >> i & 1 for i in range(draw.width)]
        self.taps = [i for i in range(draw.width) if draw.taps >> i & 1]

    def shift(self) -> None:
        if self.draw.form == "galois":
            leaving = self.bits[0]
            self.bits = [*self.bits[1:], 0]
            for i in self.taps:
                self.bits[i] ^= leaving
        else:
            entering = sum(self.bits[i] for i in self.taps) % 2
            self.bits = [*self.bits[1:], entering]

    @property
    def state(self) -> int:
        return sum(bit << i for i, bit in enumerate(self.bits))

    def next(self, n: int) -> int:
        for _ in range(self.draw.shifts):
            self.shift()
        if self.draw.bit_order == "msb":
            chosen = self.bits[-n:]
        else:
            chosen = self.bits[:n]
            if self.draw.bit_order == "reversed":
                chosen = chosen[::-1]
        return sum(bit << i for i, bit in enumerate(chosen))


@st.composite
def registers(draw: st.DrawFn) -> LFSRDraw:
    width = draw(st.integers(2, 64))
    return LFSRDraw(
        width,
        draw(st.integers(0, 2**width - 1)),
        draw(st.sampled_from(["galois", "fibonacci"])),
        draw(st.integers(1, 9)),
        draw(st.sampled_from(["msb", "lsb", "reversed"])),
        draw(st.integers(1, 2**width - 1)),
    )


@given(registers(), st.data())
def test_a_register_gives_what_a_list_of_bits_gives(draw, data):
    n = data.draw(st.integers(1, draw.width))
    model = BitList(draw)
    assert [lfsr_bits(draw, i, n) for i in range(20)] == [model.next(n) for _ in range(20)]


@given(registers(), st.integers(0, 60))
def test_a_jump_is_repeated_shifts(draw, count):
    state = draw.state
    for _ in range(count * draw.shifts):
        state = lfsr_shift(draw, state)
    assert lfsr_jump(draw, count) == state


@given(registers(), st.integers(0, 10**12), st.integers(0, 10**12))
def test_jumps_add(draw, a, b):
    assert lfsr_jump(draw._replace(state=lfsr_jump(draw, a)), b) == lfsr_jump(draw, a + b)


@pytest.mark.parametrize(
    ("width", "taps", "form"),
    [
        (16, 0xB400, "galois"),  # x^16 + x^14 + x^13 + x^11 + 1
        (16, 0x002D, "fibonacci"),  # the same polynomial
        (8, 0xB8, "galois"),  # x^8 + x^6 + x^5 + x^4 + 1
        (3, 0x6, "galois"),
    ],
)
def test_a_primitive_polynomial_has_the_full_period(width, taps, form):
    draw = LFSRDraw(width, taps, form, 1, "msb", 1)
    seen, state = 0, 1
    while True:
        state = lfsr_shift(draw, state)
        seen += 1
        if state == 1:
            break
    assert seen == 2**width - 1
    assert lfsr_jump(draw, 2**width - 1) == 1


def test_the_published_sequence_of_the_galois_register():
    # Width 16, taps 0xB400 from 0xACE1.
    rng = lf.LFSR(16, 0xB400, state=0xACE1)
    assert [lfsr_bits(rng.at(0), i, 16) for i in range(3)] == [0xE270, 0x7138, 0x389C]


def test_draws_follow_one_another_over_calls():
    rng = lf.LFSR(24, 0xE10000, state=0x123456, shifts=3, bit_order="lsb")
    start = rng.at(0)
    first, second = rng.draw(10), rng.draw(5)
    joined = [element_bits(first, i, 9) for i in range(10)]
    joined += [element_bits(second, i, 9) for i in range(5)]
    assert joined == [element_bits(start, i, 9) for i in range(15)]
    assert rng.state == {"state": lfsr_jump(start, 15)}


def test_wrong_numbers_are_errors():
    for bad in (0, 1 << 16, -1, True):
        with pytest.raises(ValueError, match="state"):
            lf.LFSR(16, 0xB400, state=bad)
    with pytest.raises(ValueError, match="R-5"):
        lfsr_bits(LFSRDraw(8, 0xB8, "galois", 1, "msb", 1), 0, 9)
    for bad in (-1, 1 << 64, 0.5):
        with pytest.raises(ValueError, match="seed"):
            lf.Philox(bad)


@pytest.mark.parametrize(("r", "n"), [(8, 3), (-1, 3), (None, 3), (1 << 64, None)])
def test_random_bits_out_of_range_are_errors(r, n):
    p = lf.Projection(lf.Stochastic(n))
    with pytest.raises(ValueError, match="R-1"):
        lf.golden.encode(1, format=lf.format("float16"), projection=p, random_bits=r)
