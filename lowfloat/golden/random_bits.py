"""Random bits of an element: rules R-2 to R-5 of spec/semantics.md."""

from __future__ import annotations

from collections.abc import Sequence

from lowfloat.randomness import Draw, LFSRDraw, PhiloxDraw, lfsr_jump, lfsr_shift

MASK32 = 0xFFFFFFFF


def philox4x32(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, ...]:
    """Philox4x32-10 of Salmon et al. (2011). Rule R-2.

    Examples
    --------
    >>> [hex(w) for w in philox4x32((0, 0, 0, 0), (0, 0))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK32, (p0 >> 32) ^ c3 ^ k1, p0 & MASK32
        k0, k1 = (k0 + 0x9E3779B9) & MASK32, (k1 + 0xBB67AE85) & MASK32
    return c0, c1, c2, c3


def lane_bits(bits: int) -> int:
    """Width of the lane that ``bits`` random bits are taken from: 8, 16, 32 or 64. Rule R-3."""
    return max(8, 1 << (bits - 1).bit_length())


def philox_bits(draw: PhiloxDraw, index: int, bits: int) -> int:
    """The random bits of element ``index``: the top ``bits`` of its lane. Rule R-3."""
    lane = lane_bits(bits)
    block, position = divmod(index, 128 // lane)
    key = (draw.seed & MASK32, draw.seed >> 32)
    words = philox4x32((block & MASK32, block >> 32, draw.call, draw.stream), key)
    whole = sum(word << (32 * i) for i, word in enumerate(words))
    return ((whole >> (lane * position)) & ((1 << lane) - 1)) >> (lane - bits)


def lfsr_bits(draw: LFSRDraw, index: int, bits: int) -> int:
    """The random bits of element ``index`` of a shift register. Rule R-5.

    Raises
    ------
    ValueError
        If more bits are asked for than the register has.
    """
    if bits > draw.width:
        raise ValueError(f"an LFSR of {draw.width} bits cannot give {bits} random bits (rule R-5)")
    state = lfsr_jump(draw, index)
    for _ in range(draw.shifts):
        state = lfsr_shift(draw, state)
    if draw.bit_order == "msb":
        return state >> (draw.width - bits)
    low = state & ((1 << bits) - 1)
    return low if draw.bit_order == "lsb" else int(f"{low:0{bits}b}"[::-1], 2)


def element_bits(draw: Draw, index: int, bits: int) -> int:
    """The random bits of element ``index`` of a draw. Rule R-1."""
    if isinstance(draw, PhiloxDraw):
        return philox_bits(draw, index, bits)
    return lfsr_bits(draw, index, bits)


def reduction_bits(draw: Draw, index: int, drawn: Sequence[int]) -> list[int]:
    """The random bits of element ``index`` that needs ``drawn[s]`` of them in rounding s. Rule G-17."""
    count = len(drawn)
    if isinstance(draw, LFSRDraw):
        return [lfsr_bits(draw, index * count + s, bits) for s, bits in enumerate(drawn)]
    if count == 1:
        return [philox_bits(draw, index, drawn[0])]
    lane = lane_bits(max(drawn, default=1))
    per_block = 128 // lane
    blocks = -(-count // per_block)
    first = index * blocks * per_block
    return [philox_bits(draw, first + s, lane) >> (lane - bits) for s, bits in enumerate(drawn)]
