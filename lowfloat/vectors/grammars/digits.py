"""Digits of codes and back, by tables: whole columns at a time."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[Any]
Bytes = NDArray[np.uint8]
#: Bits of a digit by the letter of its base: hexadecimal and binary.
BITS = {"x": 4, "b": 1}
#: The longest runs of digits that one table entry holds.
_RUN = {"x": 4, "b": 8}
_INVALID = 0x8000
_UNSIGNED: dict[int, np.dtype[Any]] = {
    1: np.dtype("u1"),
    2: np.dtype("u2"),
    4: np.dtype("u4"),
    8: np.dtype("u8"),
}
assert sys.byteorder == "little", "codes and characters are viewed as little-endian words"


@cache
def _texts(base: str, digits: int) -> Any:
    """The characters of every number of that many digits, as one word each."""
    bits = BITS[base] * digits
    number = np.arange(1 << bits)
    alphabet = np.frombuffer(b"0123456789ABCDEF", np.uint8)
    shifts = [BITS[base] * (digits - 1 - k) for k in range(digits)]
    page = np.stack([alphabet[number >> s & (1 << BITS[base]) - 1] for s in shifts], axis=1)
    return np.ascontiguousarray(page).view(_UNSIGNED[digits]).ravel()


@cache
def _numbers(base: str) -> Any:
    """The number that two characters spell, by their 16-bit word; _INVALID for others."""
    digit = np.full(256, _INVALID, np.uint16)
    for characters in (b"0123456789abcdef", b"0123456789ABCDEF"):
        legal = characters[: 1 << BITS[base]]
        digit[np.frombuffer(legal, np.uint8)] = np.arange(len(legal))
    word = np.arange(1 << 16)
    first, second = digit[word & 255], digit[word >> 8]
    bad = (first | second) & _INVALID
    return (bad | first << BITS[base] & 0xFF | second & 0xFF).astype(np.uint16)


@cache
def runs(base: str, digits: int) -> tuple[tuple[int, int], ...]:
    """A field cut into runs of table size: the first digit of each, and how many.

    >>> runs("x", 7)
    ((0, 1), (1, 2), (3, 4))
    """
    found, end = [], digits
    while end:
        size = _RUN[base]
        while size > end:
            size //= 2
        found.append((end - size, size))
        end -= size
    return tuple(reversed(found))


def write_digits(page: Bytes, start: int, base: str, digits: int, codes: Codes) -> None:
    """Put the digits of a column of codes into the columns of a page from ``start`` on."""
    for first, size in runs(base, digits):
        bits = BITS[base] * (digits - first - size)
        width = BITS[base] * size
        number = _part(codes, bits, width)
        target = page[:, start + first : start + first + size].view(_UNSIGNED[size])[:, 0]
        # take is several times as fast as indexing with small integers.
        target[:] = _texts(base, size).take(number)


def _part(codes: Codes, shift: int, width: int) -> Any:
    """``width`` bits of every code from bit ``shift`` on."""
    size = codes.dtype.itemsize * 8
    if shift == 0 and width == size:
        return codes
    if width == 16 and shift % 16 == 0 and codes.flags.c_contiguous:
        return codes.view(np.uint16)[shift // 16 :: size // 16]
    return codes >> codes.dtype.type(shift) & codes.dtype.type((1 << width) - 1)


def read_digits(
    page: Bytes, start: int, base: str, digits: int, dtype: np.dtype[Any]
) -> tuple[Codes, bool]:
    """The codes that the columns of a page spell, and whether all characters are digits."""
    table, wrong = _numbers(base), np.uint16(0)
    parts: list[tuple[Codes, int]] = []
    end = start + digits
    if digits % 2:
        # A lone digit is read with a zero before it.
        pair = page[:, start].astype(np.uint16) << np.uint16(8) | np.uint16(ord("0"))
        parts.append((table.take(pair), digits - 1))
        start += 1
    for first in range(start, end, 2):
        words = page[:, first : first + 2].view(np.uint16)[:, 0]
        parts.append((table.take(words), end - first - 2))
    codes = np.zeros(len(page), dtype)
    for number, place in parts:
        if len(number):
            wrong |= np.bitwise_or.reduce(number)
        small = number.astype(dtype)
        codes = small if len(parts) == 1 else codes | small << dtype.type(BITS[base] * place)
    return codes, not wrong & _INVALID
