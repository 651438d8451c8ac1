"""The SystemVerilog package: formats, projections and one function for each operation, as text.

Numbers of operations and relations are read from the installed ``lowfloat.h``, so that package and
library are of one version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import lowfloat as lf
from lowfloat.accumulators.fields import fields_of
from lowfloat.accumulators.kinds import ONE
from lowfloat.format_names import registry
from lowfloat.formats import INFINITIES, NAN_CODES, SUBNORMALS
from lowfloat.optable import OPERATIONS, Operation
from lowfloat.projection import POLICY_PRESETS, ROUNDINGS
from lowfloat.vectors.rendering import render
from lowfloat.vectors.reserved_words import SYSTEM_VERILOG

_NAN_RULES = ("canonical", "first", "signaling_first")
_FLOAT_TO_INT = ("limits", "indefinite", "nan_zero")
_SIGNALING = "_signaling"
#: The numbers of ``step_t``, the one in its lowest bits first, as ``lowfloat_dpi_sums.c`` reads them.
STEP_NUMBERS = (
    "kind", "order", "compensation", "product", "order_n", "order_width", "bits", "lsb", "saturates",
    "alignment", "zeros_aligned", "sorted", "fraction_bits", "minimum_exponent", "terms", "subsums",
    "subsum_alignment", "subsum_scales", "late", "late_alignment", "grouping", "subsum_n",
    "subsum_bits", "late_sum_bits", "late_start_bits", "late_cutoff", "n", "width", "inner", "outer", "scaling",
)  # fmt: skip
_WORDS = {**dict.fromkeys(("format", "product_format"), 96),
          **dict.fromkeys(("projection", "product_projection"), 128)}  # fmt: skip
#: Steps of an accumulator, and bits of a vector of codes: as in ``lowfloat_dpi.h``.
STEPS, CODES_BITS = 8, 4096
#: Names that the package has, or may not have.
_TAKEN = SYSTEM_VERILOG | {"same", "exact"}
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def package_text(accumulators: Mapping[str, Any] | None = None) -> str:
    """The text of ``lowfloat_pkg.sv``, with more accumulators than ``exact``.

    Raises
    ------
    ValueError
        If a name is none, or taken, or an accumulator has too many steps.
    """
    text = _package_text({"exact": lf.accumulators.Exact(), **(accumulators or {})})
    for name in accumulators or {}:
        if not _IDENTIFIER.fullmatch(name):
            raise ValueError(f"{name!r} is no name in SystemVerilog: use letters, digits and _")
        others = text.replace(f" accumulator_t {name} = ", "")
        if name in _TAKEN or re.search(
            rf"\b(function automatic \w+|format_t|projection_t) {name}\b", others
        ):
            raise ValueError(f"{name!r} is taken in lowfloat_pkg: choose another name")
    return text


def _package_text(accumulators: Mapping[str, Any]) -> str:
    step_bits = 32 * len(STEP_NUMBERS) + sum(_WORDS.values())
    return _render(
        "lowfloat_pkg.sv",
        version=lf.__version__,
        formats="\n".join(_formats()),
        roundings=",\n".join(f"        {name}" for name in ROUNDINGS),
        policies="\n".join(_policies()),
        step_numbers="\n".join(f"        bit signed [31:0] {n};" for n in reversed(STEP_NUMBERS)),
        steps=STEPS,
        codes_bits=CODES_BITS,
        accumulator_bits=STEPS * step_bits,
        accumulators="\n".join(map(accumulator_literal, accumulators, accumulators.values())),
        one=format_literal(ONE),
        convert=enumerators("lf_operation")["LF_CONVERT"],
        operations="".join(_operations()),
        comparisons="".join(_comparisons()),
        predicates="".join(_predicates()),
    )


def function_names() -> set[str]:
    """The operations of the table that the package has."""
    numbers = enumerators("lf_operation") | enumerators("lf_function") | enumerators("lf_relation")
    return {
        name
        for name in OPERATIONS
        if _enumerator(name.removesuffix(_SIGNALING)) in numbers
        or name in lf.golden.comparison.PREDICATE_CLASSES
        or name in ("classify", "total_order", "is_sign_minus")
    }


def enumerators(enumeration: str) -> dict[str, int]:
    """The names of an enumeration of ``lowfloat.h`` and their values, which count from 0.

    Examples
    --------
    >>> enumerators("lf_saturation")["LF_SATURATION_FINITE"]
    1
    """
    header = Path(lf.get_include(), "lowfloat.h").read_text(encoding="utf-8")
    body = re.search(rf"enum {enumeration} \{{(.*?)\}};", header, re.DOTALL)
    if body is None:
        raise RuntimeError(f"lowfloat.h has no enumeration {enumeration}: install lowfloat again")
    names = re.findall(r"\bLF_\w+", re.sub(r"/\*.*?\*/", "", body[1], flags=re.DOTALL))
    return {name: number for number, name in enumerate(names)}


def _enumerator(name: str) -> str:
    return f"LF_{name.upper()}"


def _render(template: str, **values: Any) -> str:
    return render(__package__, template, values)


def format_fields(fmt: lf.Format) -> dict[str, int]:
    """The fields of ``format_t``."""
    return {
        "exponent_bits": fmt.exponent_bits,
        "mantissa_bits": fmt.mantissa_bits,
        "bias": fmt.bias,
        "is_signed": int(fmt.signed),
        "infinities": INFINITIES.index(fmt.infinities),
        "nan": NAN_CODES.index(fmt.nan),
        "negative_zero": int(fmt.negative_zero),
        "zero": int(fmt.zero),
        "subnormals": SUBNORMALS.index(fmt.subnormals),
    }


def policy_fields(policy: lf.Policy) -> dict[str, int]:
    """The fields of ``projection_t`` that a policy sets."""
    return {
        "tininess_before": int(policy.tininess == "before"),
        "nan_rule": _NAN_RULES.index(policy.nan),
        "default_nan_sign": policy.default_nan_sign,
        "daz": int(policy.daz),
        "ftz": int(policy.ftz),
        "saturation_hides_overflow": int(not policy.saturation_raises_overflow),
        "infinityless_max": int(policy.infinityless_overflow == "max"),
        "fma_nan_silent": int(not policy.fma_nan_invalid),
        "float_to_int": _FLOAT_TO_INT.index(policy.float_to_int),
        "quirks": sum(1 << bit for bit, turned in enumerate(policy.quirks) if turned),
    }


def format_literal(fmt: lf.Format) -> str:
    """A format as an assignment pattern of ``format_t``.

    Examples
    --------
    >>> format_literal(lf.float8_e5m2)[:48]
    "'{exponent_bits: 5, mantissa_bits: 2, bias: 15, "
    """
    return "'{" + ", ".join(f"{k}: {v}" for k, v in format_fields(fmt).items()) + "}"


def projection_literal(projection: lf.Projection) -> str:
    """A projection as an assignment pattern of ``projection_t``."""
    rule = projection.stochastic
    fields: dict[str, Any] = {
        "rounding": projection.rounding if rule is None else "stochastic",
        "saturation": f"saturation_{projection.saturation}",
        "variant": f"variant_{'a' if rule is None else rule.variant.lower()}",
        "random_bits": 0 if rule is None else rule.drawn_bits,
        "exact_tail": int(rule is not None and rule.bits is None),
        "reserved": 0,
        **policy_fields(projection.policy),
    }
    return "'{" + ", ".join(f"{k}: {v}" for k, v in fields.items()) + "}"


def _formats() -> Iterator[str]:
    for name, entry in registry().items():
        yield f"    localparam format_t {name} = {format_literal(entry.format)};"


def _policies() -> Iterator[str]:
    for name in POLICY_PRESETS:
        literal = projection_literal(lf.Projection(policy=lf.Policy(name)))
        yield f"    localparam projection_t {name} = {literal};"


def accumulator_literal(name: str, accumulator: Any) -> str:
    """An accumulator as a constant: a literal for every step, the first one in the lowest bits."""
    steps: list[dict[str, Any]] = []
    _add_steps(getattr(accumulator, "accumulator", accumulator), steps)
    if len(steps) > STEPS:
        raise ValueError(f"{name}: {accumulator!r} has {len(steps)} steps, more than {STEPS}")
    lines = [f"    // {accumulator!r}"]
    for number, step in enumerate(steps):
        numbers = [f"32'h{step.get(n, 0) & 0xFFFFFFFF:X}" for n in reversed(STEP_NUMBERS)]
        records = [
            projection_literal(step["product_projection"]), _format_or_none(step["product_format"]),
            projection_literal(step["projection"]), _format_or_none(step["format"]),
        ]  # fmt: skip
        fields = zip((*reversed(STEP_NUMBERS), *_RECORDS), (*numbers, *records), strict=True)
        text = ", ".join(f"{field}: {value}" for field, value in fields)
        lines.append(f"    localparam step_t {name}_step{number} = '{{{text}}};")
    joined = ", ".join(f"{name}_step{number}" for number in reversed(range(len(steps))))
    lines.append(f"    localparam accumulator_t {name} = accumulator_t'({{{joined}}});")
    return "\n".join(lines) + "\n"


_RECORDS = ("product_projection", "product_format", "projection", "format")


def _format_or_none(fmt: lf.Format | None) -> str:
    return "same" if fmt is None else format_literal(fmt)


def _add_steps(accumulator: Any, steps: list[dict[str, Any]]) -> int:
    """Add the steps of an accumulator, those within it after it; its number."""
    fields = fields_of(accumulator)
    number, own = len(steps), fields.get("projection", lf.Projection())
    steps.append({"format": None, "product_format": None, "projection": own,
                  "product_projection": lf.Projection(policy=lf.Policy(daz=own.policy.daz)),
                  **fields})  # fmt: skip
    if "scaling_format" in fields:  # a group has no format of its own
        steps[number]["format"] = fields["scaling_format"]
        steps[number]["projection"] = fields["scaling_projection"]
    for name in ("inner", "outer"):
        if name in fields:
            steps[number][name] = _add_steps(fields[name], steps)
    return number


def _operations() -> Iterator[str]:
    algebraic, elementary = enumerators("lf_operation"), enumerators("lf_function")
    for name, operation in OPERATIONS.items():
        enumerator = _enumerator(name)
        if operation.kind == "value" and enumerator in algebraic:
            yield _operation(operation, "lf_dpi_apply", algebraic[enumerator], 3)
        elif operation.kind == "value" and enumerator in elementary:
            yield _operation(operation, "lf_dpi_elementary", elementary[enumerator], 2)


def _operation(operation: Operation, imported: str, number: int, places: int) -> str:
    """A function of up to ``places`` operands; formats beyond the first are ``same`` by default."""
    letters = "xyz"[: operation.arity]
    other = [f"{letter}_format" for letter in letters[1:]]
    formats = other if operation.own_format else ["result_format", *other]
    given = ["format", *(f"either({name}, format)" for name in other), "format", "format"]
    return _render(
        "operation.sv",
        name=operation.name,
        formula=operation.formula,
        rule=operation.rule,
        number=number,
        arguments=", ".join(f"code_t {letter}" for letter in letters),
        formats="".join(f"format_t {name} = same, " for name in formats),
        operands=", ".join([*letters, "0", "0"][:places]),
        operand_formats=", ".join(given[:places]),
        result_format="format" if operation.own_format else "either(result_format, format)",
        **{"import": imported},
    )


def _comparisons() -> Iterator[str]:
    numbers = enumerators("lf_relation")
    for name, operation in OPERATIONS.items():
        number = numbers.get(_enumerator(name.removesuffix(_SIGNALING)))
        if number is not None:
            yield _render(
                "comparison.sv",
                name=name,
                formula=operation.formula,
                rule=operation.rule,
                number=number,
                signaling=int(name.endswith(_SIGNALING)),
            )


def _predicates() -> Iterator[str]:
    for name, classes in lf.golden.comparison.PREDICATE_CLASSES.items():
        operation = OPERATIONS[name]
        bits = sum(1 << n for n, kind in enumerate(lf.golden.CLASSES) if kind in classes)
        yield _render(
            "predicate.sv",
            name=name,
            formula=operation.formula,
            rule=operation.rule,
            classes=f"64'h{bits:X}",
        )
