"""The way of a single case through a floating-point unit, step by step.

Fields and significands of the operands, alignment or product, normalisation, the bits that are
kept with guard, round and sticky bit, the decision, and what becomes of overflow and underflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

import lowfloat as lf
from lowfloat.exception_flags import FLAG_NAMES
from lowfloat.vectors.binary_text import LONGEST_BITS, aligned, binary, exponent_of
from lowfloat.vectors.explaining import exact_value, explain, operand_values
from lowfloat.vectors.sum_tracing import sum_steps
from lowfloat.vectors.units import OPERAND_NAMES, Integer, Unit

#: Where values of elementary functions are looked up: as many of their bits as a format can have.
WIDE = lf.float64

Step = tuple[str, str]


def trace(unit: Unit, inputs: Sequence[int]) -> list[Step]:
    """The steps of one case, as pairs of a name and a text.

    Parameters
    ----------
    unit : Unit
    inputs : sequence of int
        Operand codes, then random bits if the unit uses any.

    Raises
    ------
    ValueError
        If a code does not fit its port, or there are too many or too few.

    Examples
    --------
    >>> unit = lf.vectors.Unit.uniform("multiply", "float8_e4m3fn")
    >>> for name, text in trace(unit, (0x39, 0x3A))[2:6]:
    ...     print(f"{name}: {text}")
    product: 1.001 x 1.01 = 1.01101, exponents 0 + 0
    normalized: 1.01101 * 2^0, no shift
    kept: 1.011 | guard 0 | round 1 | sticky 0, last place 2^-3
    decision: P-5, nearest_even: the exact value is below the midpoint, so the kept bits stay
    """
    _demand_inputs(unit, inputs)
    steps = [_operand_step(unit, k, inputs[k]) for k in range(len(unit.operand_formats))]
    bits = inputs[len(unit.operand_formats) :]
    for name, width, drawn in zip(unit.random_names, unit.random_widths, bits, strict=True):
        steps.append((name, f"{drawn:0{width}b}"))
    if unit.operation == "dot":
        steps += sum_steps(unit, inputs)
    why = explain(unit, inputs)
    values = operand_values(unit, inputs)
    exact = None if values is None else _exact(unit, inputs, values)
    fmt = unit.result_format
    if values is not None and exact is not None:
        value, sticky = exact
        own, raw = _operation_steps(unit, values, value)
        steps += own
        if unit.operation in lf.golden.elementary.ELEMENTARY:
            steps += _function_steps(unit, value, sticky)
        if isinstance(fmt, lf.Format) and value:
            steps += _rounding_steps(fmt, value, sticky, raw, why.expected, why.rule)
        else:
            steps.append(("decision", why.rule))
    else:
        steps.append(("decision", why.rule))
    width = (fmt.width + 3) // 4
    names = [name.replace("_", " ") for bit, name in FLAG_NAMES.items() if why.flags & bit]
    raised = ", ".join(names) or "no flags"
    steps.append(("result", f"0x{why.expected:0{width}X}, {raised}"))
    return steps


def _demand_inputs(unit: Unit, inputs: Sequence[int]) -> None:
    if len(inputs) != len(unit.inputs):
        names = ", ".join(column.name for column in unit.inputs)
        raise ValueError(
            f"{unit.operation} takes {len(unit.inputs)} codes ({names}), not {len(inputs)}"
        )
    for code, column in zip(inputs, unit.inputs, strict=True):
        if not 0 <= code < 1 << column.width:
            raise ValueError(f"{column.name} {code:#x} does not fit in {column.width} bits")


def _operand_step(unit: Unit, k: int, code: int) -> Step:
    at, name = unit.operand_formats[k], unit.operand_names[k]
    if isinstance(at, Integer):
        negative = at.signed and code >> (at.width - 1)
        return name, f"{code:0{at.width}b} = {code - (1 << at.width) if negative else code}"
    value = lf.golden.decode(code, at)
    bits = f"{code:0{at.width}b}"
    cuts = (int(at.signed), int(at.signed) + at.exponent_bits)
    fields = " ".join(filter(None, (bits[: cuts[0]], bits[cuts[0] : cuts[1]], bits[cuts[1] :])))
    if value.kind != "finite":
        kind = (
            "infinity" if value.is_infinite else "signaling NaN" if value.signaling else "quiet NaN"
        )
        return name, f"{fields}  {'-' if value.sign else '+'}{kind}"
    sign = "-" if value.sign else "+"
    if not value.magnitude:
        return name, f"{fields}  {sign}0"
    exponent = max(exponent_of(value.magnitude), at.emin)
    subnormal = (code & at.magnitude_mask) < at.min_normal_code
    text = binary(value.magnitude / Fraction(2) ** exponent, at.mantissa_bits)
    flushed = "; read as zero (Q-3)" if subnormal and unit.projection.policy.daz else ""
    note = f", subnormal{flushed}" if subnormal else ""
    return name, f"{fields}  {sign}{text} * 2^{exponent}{note}"


def _exact(
    unit: Unit, inputs: Sequence[int], values: Sequence[Fraction]
) -> tuple[Fraction, bool] | None:
    """The exact value, or one cut off far below the last place and whether anything follows."""
    value = exact_value(unit, inputs)
    if value is not None:
        return value, False
    if unit.operation in lf.golden.elementary.ELEMENTARY:
        return _function_value(unit, inputs)
    if unit.operation not in ("sqrt", "rsqrt", "hypot") or not any(values):
        return None
    square = values[0] if unit.operation != "hypot" else values[0] ** 2 + values[1] ** 2
    if square < 0:
        return None
    square = 1 / square if unit.operation == "rsqrt" else square
    places = 2 * LONGEST_BITS + abs(exponent_of(square))
    scaled = square * Fraction(4) ** places
    root = isqrt(int(scaled))
    return Fraction(root, 1 << places), Fraction(root) ** 2 != scaled


def _function_value(unit: Unit, inputs: Sequence[int]) -> tuple[Fraction, bool] | None:
    """The first 53 bits of an elementary function's value, and whether anything follows."""
    fmt = unit.result_format
    assert isinstance(fmt, lf.Format)
    if fmt.mantissa_bits + 3 > WIDE.mantissa_bits or fmt.exponent_bits >= WIDE.exponent_bits:
        return None
    formats = tuple(at for at in unit.operand_formats if isinstance(at, lf.Format))
    policy = lf.Policy(daz=unit.projection.policy.daz)
    code, raised = getattr(lf.golden, unit.operation)(
        *inputs[: len(formats)], formats=formats, format=WIDE,
        projection=lf.Projection("toward_zero", policy=policy),
    )  # fmt: skip
    found = lf.golden.decode(code, WIDE)
    if found.kind != "finite" or raised & ~1:
        return None
    return found.signed, bool(raised & 1)


def _function_steps(unit: Unit, value: Fraction, sticky: bool) -> list[Step]:
    """The enclosure of a function's value, and the digits that decide below those that are kept."""
    fmt = unit.result_format
    if not sticky or not value or not isinstance(fmt, lf.Format):
        return []
    exponent = exponent_of(abs(value))
    last = Fraction(2) ** (exponent - WIDE.mantissa_bits)
    ends = (value, value + (last if value > 0 else -last))
    low, high = (float.hex(float(end)) for end in ends)
    place = max(exponent, fmt.emin) - fmt.mantissa_bits
    kept, rest = divmod(abs(value) / Fraction(2) ** place, 1)
    shown = place - (exponent - WIDE.mantissa_bits)
    digits = f"{int(rest * (1 << shown)):0{shown}b}"
    equal = len(digits[1:]) - len(digits[1:].lstrip(digits[1]))
    text = f"{int(kept):b} | {digits[0]} {digits[1:]}..., {equal} equal ones after the guard bit"
    return [("enclosure", f"between {low} and {high}"), ("digits", text)]


# -- the operation ----------------------------------------------------------------------------------


def _operation_steps(
    unit: Unit, values: Sequence[Fraction], exact: Fraction
) -> tuple[list[Step], int | None]:
    """What the operation does to significands, and the exponent before normalisation.

    Of operations that hardware does otherwise, or in many ways, there is nothing to say.
    """
    operation = unit.operation
    if operation in ("add", "subtract", "faa"):
        signs = (1, -1) if operation == "subtract" else (1,) * len(values)
        pairs = enumerate(zip(signs, values, strict=True))
        return _sum_steps([(OPERAND_NAMES[k], s * v) for k, (s, v) in pairs], exact)
    if operation == "multiply" and all(values):
        return _product_steps(values[0], values[1])
    if operation == "fma" and values[0] and values[1]:
        first, _ = _product_steps(values[0], values[1])
        then, top = _sum_steps([("product", values[0] * values[1]), ("c", values[2])], exact)
        return [*first, *then], top
    if operation == "divide" and all(values):
        (x, ex), (y, ey) = (_split(abs(v)) for v in values)
        text = f"{binary(x)} / {binary(y)} = {binary(x / y)}, exponents {ex} - {_signed(ey)}"
        return [("quotient", text)], ex - ey
    if operation == "sqrt" and values[0] > 0:
        e = exponent_of(values[0])
        odd = ", doubled because the exponent is odd" if e % 2 else ""
        return [
            ("radicand", f"{binary(values[0] / Fraction(4) ** (e // 2))} * 2^{e - e % 2}{odd}")
        ], None
    return [], None


def _signed(number: int) -> str:
    return f"({number})" if number < 0 else str(number)


def _split(x: Fraction) -> tuple[Fraction, int]:
    """Significand from 1 to 2, and exponent."""
    e = exponent_of(x)
    return x / Fraction(2) ** e, e


def _product_steps(x: Fraction, y: Fraction) -> tuple[list[Step], int]:
    (a, ea), (b, eb) = _split(abs(x)), _split(abs(y))
    text = f"{binary(a)} x {binary(b)} = {binary(a * b)}, exponents {ea} + {_signed(eb)}"
    return [("product", text)], ea + eb


def _sum_steps(
    terms: Sequence[tuple[str, Fraction]], exact: Fraction
) -> tuple[list[Step], int | None]:
    """The terms under one another, their points aligned to the largest exponent."""
    present = [(name, v) for name, v in terms if v]
    if not present:
        return [], None
    top = max(exponent_of(abs(v)) for _, v in present)
    scale = Fraction(2) ** top
    longest = max(len(binary(abs(v) / scale)) for _, v in present)
    steps = []
    for name, v in present:
        shift = top - exponent_of(abs(v))
        moved = f", shifted right by {shift}" if shift else ""
        steps.append((f"align {name}", f"{aligned(v / scale, longest)} * 2^{top}{moved}"))
    return [*steps, ("sum", f"{aligned(exact / scale, longest)} * 2^{top}")], top


# -- rounding ---------------------------------------------------------------------------------------


def _rounding_steps(
    fmt: lf.Format, exact: Fraction, sticky: bool, raw: int | None, code: int, rule: str
) -> list[Step]:
    size = abs(exact)
    exponent = exponent_of(size)
    lowest = max(exponent, fmt.emin)
    place = lowest - fmt.mantissa_bits
    kept, rest = divmod(size / Fraction(2) ** place, 1)
    guard, rest = divmod(rest * 2, 1)
    round_bit, rest = divmod(rest * 2, 1)
    below = int(bool(rest) or sticky)
    digits = f"{int(kept):0{fmt.mantissa_bits + 1}b}"
    text = f"{digits[0]}.{digits[1:]}" if fmt.mantissa_bits else digits
    bits = f"{text} | guard {guard} | round {round_bit} | sticky {below}, last place 2^{place}"
    reason, semicolon, more = rule.partition(";")
    outcome = "" if rule.startswith("P-8") else _outcome(fmt, code, int(kept), place)
    decision = reason + outcome + semicolon + more
    return [_normalize_step(size, exponent, lowest, raw), ("kept", bits), ("decision", decision)]


def _normalize_step(size: Fraction, exponent: int, lowest: int, raw: int | None) -> Step:
    text = f"{binary(size / Fraction(2) ** lowest)} * 2^{lowest}"
    if lowest > exponent:
        return "normalized", f"{text}, {lowest - exponent} places below the normal numbers"
    if raw is None:
        return "normalized", text
    shift = exponent - raw
    direction = (
        f"shifted {'right' if shift > 0 else 'left'} by {abs(shift)}" if shift else "no shift"
    )
    return "normalized", f"{text}, {direction}"


def _outcome(fmt: lf.Format, code: int, kept: int, place: int) -> str:
    """Whether the delivered magnitude is the kept one or the next."""
    value = lf.golden.decode(code, fmt)
    steps = value.magnitude / Fraction(2) ** place if value.kind == "finite" else None
    if steps == kept:
        return ", so the kept bits stay"
    return ", so the last place goes up by one" if steps == kept + 1 else ""
