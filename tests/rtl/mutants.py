"""Wrong units, as data: one place of a right one changed, as designers have got it wrong."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import rtl_benches as rtl


class Mutant(NamedTuple):
    """A change in one file of a unit."""

    name: str
    operation: str
    rounding: str
    file: str
    old: str
    new: str

    def sources(self, folder: Path) -> list[Path]:
        """The unit's files with the changed one in a folder.

        Raises
        ------
        AssertionError
            If the text to change is not there exactly once.
        """
        files = []
        for path in rtl.sources(self.operation):
            if path.stem == self.file:
                text = path.read_text()
                assert text.count(self.old) == 1, f"{self.name}: {text.count(self.old)} places"
                path = folder / path.name
                path.write_text(text.replace(self.old, self.new))
            files.append(path)
        assert any(path.parent == folder for path in files), f"{self.name}: {self.file} is no part"
        return files


_NEAREST, _DOWN, _ZERO = "nearest_even", "toward_negative", "toward_zero"

MUTANTS = [
    Mutant("sticky: only the last bit that was shifted out", "multiply", _NEAREST,
           "fp_round", "lost = lost | shifted[0];", "lost = shifted[0];"),
    Mutant("sticky: bits below the window forgotten", "add", _NEAREST,
           "fp_round", "lost = sticky;", "lost = 1'b0;"),
    Mutant("tie: away from zero", "multiply", _NEAREST,
           "fp_round", "guard && (rest || last)", "guard"),
    Mutant("tie: to odd", "add", _NEAREST,
           "fp_round", "guard && (rest || last)", "guard && (rest || !last)"),
    Mutant("sign of zero: +0 when rounding down", "add", _DOWN,
           "fp_add", "x_sign : rm == 3'd2", "x_sign : 1'b0"),
    Mutant("sign of zero: of an underflow", "multiply", _NEAREST,
           "fp_round", "if (zero) code = {sign,", "if (zero) code = {1'b0,"),
    Mutant("subnormal shift: one place too few", "multiply", _NEAREST,
           "fp_round", "below = 1 - BIAS - e;", "below = -BIAS - e;"),
    Mutant("subnormal shift: stops before everything is out", "multiply", _NEAREST,
           "fp_round", "i < WIDTH + 1;", "i < MAN + 1;"),
    Mutant("overflow: the largest number instead of infinity", "multiply", _NEAREST,
           "fp_round", "stays ? TOP - 1'b1 : TOP", "TOP - 1'b1"),
    Mutant("overflow: infinity when rounding toward zero", "add", _ZERO,
           "fp_round", "SATURATE != 0 || rm == 3'd1", "SATURATE != 0"),
    Mutant("flag: an overflow is not inexact", "multiply", _NEAREST,
           "fp_round", "guard || rest || overflow;", "guard || rest;"),
    Mutant("flag: an exact subnormal underflows", "add", _NEAREST,
           "fp_round", "tiny && inexact && !overflow", "tiny && !overflow"),
    Mutant("tininess: before rounding", "multiply", _NEAREST,
           "fp_round", "!(below == 1 && carries)", "1'b1"),
    Mutant("tininess: after rounding to the subnormal grid", "multiply", _NEAREST,
           "fp_round", "|| !(below == 1 && carries)", "|| magnitude[EXP+MAN-1:MAN] == 0"),
    Mutant("NaN: a signaling one is quiet", "multiply", _NEAREST,
           "fp_unpack", "is_nan && !fraction[MAN-1];", "1'b0;"),
    Mutant("NaN: the sign of x86", "add", _NEAREST,
           "fp_add", "{2'b01, {EXP{1'b1}}}", "{2'b11, {EXP{1'b1}}}"),
    Mutant("NaN: zero times infinity is zero", "multiply", _NEAREST,
           "fp_mul", "x_nan || y_nan || invalid)", "x_nan || y_nan)"),
    Mutant("bias: one less for subnormal operands", "multiply", _NEAREST,
           "fp_unpack", "exponent = 1 - BIAS;", "exponent = -BIAS;"),
    Mutant("stuck bit: of the product", "multiply", _NEAREST,
           "fp_mul", "x_significand * y_significand;",
           "(x_significand * y_significand) & ~(1 << (MAN - 1));"),
    Mutant("stuck bit: of the aligned addend", "add", _NEAREST,
           "fp_sum", "aligned = {minor,", "aligned = {minor & ~{{(WIDTH - 1) {1'b0}}, 1'b1},"),
    Mutant("borrow: bits lost from a subtrahend", "add", _ZERO,  # RNE cannot tell
           "fp_sum", "wide - aligned - lost;", "wide - aligned;"),
    Mutant("swap: equal exponents are not compared", "add", _NEAREST,
           "fp_sum", "&& y_significand > x_significand", "&& 1'b0"),
    Mutant("carry: of a product's leading bit", "fma", _NEAREST,
           "fp_mac", "b_exponent + raw[WIDTH-1];", "b_exponent + 1;"),
    Mutant("double rounding: an addend one place short", "fma", _NEAREST,
           "fp_sum", "aligned = {minor, {(WIDTH + 3) {1'b0}}};",
           "aligned = {minor & ~{{(WIDTH - 1) {1'b0}}, 1'b1}, {(WIDTH + 3) {1'b0}}};"),
]  # fmt: skip
