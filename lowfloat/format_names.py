"""Names of formats: the registry read from spec/formats.toml, the grammar, and P3109's rule.

All names of one format give the same object (rule D-9 of spec/semantics.md).
"""

from __future__ import annotations

import difflib
import re
import tomllib
from functools import cache
from typing import Any, NamedTuple

from lowfloat.formats import Format, default_bias
from lowfloat.installation import installed_folder

_GRAMMAR = re.compile(r"(?:float\d+_)?e(\d+)m(\d+)(?:b(-?\d+))?(fnuz|fnu|fn|fu|f|u)?")
_P3109 = re.compile(r"binary(\d+)p(\d+)(?:([su])([ef]))?")


class Entry(NamedTuple):
    """One named format of formats.toml."""

    name: str
    format: Format
    aliases: tuple[str, ...]
    note: str
    source: str


def spec_text(file: str) -> str:
    """The text of a file of spec/, as installed with the package."""
    return (installed_folder() / "spec" / file).read_text(encoding="utf-8")


@cache
def registry() -> dict[str, Entry]:
    """Every named format of spec/formats.toml, by its first name, in the file's order."""
    table = tomllib.loads(spec_text("formats.toml"))["format"]
    entries = {}
    for name, fields in table.items():
        aliases = tuple(fields.pop("aliases", ()))
        note, source = fields.pop("note", ""), fields.pop("source")
        entries[name] = Entry(name, Format(**fields), aliases, note, source)
    return entries


@cache
def _by_name() -> dict[str, Format]:
    names: dict[str, Format] = {}
    for entry in registry().values():
        for name in (entry.name, *entry.aliases):
            if name in names:
                raise ValueError(f"formats.toml defines the name {name!r} twice")
            names[name] = entry.format
    return names


@cache
def _by_format() -> dict[Format, Entry]:
    found: dict[Format, Entry] = {}
    for entry in registry().values():
        found.setdefault(entry.format, entry)
    return found


def entry_of(fmt: Format) -> Entry | None:
    """The formats.toml entry of a format, or None."""
    return _by_format().get(fmt)


def _grammar_fields(e: int, m: int, bias: int | None, suffix: str) -> dict[str, Any]:
    """The fields that a grammar suffix stands for (semantics.md 1.3)."""
    signed = "u" not in suffix or suffix == "fnuz"
    fields: dict[str, Any] = {"signed": signed}
    if suffix in ("", "u"):
        if e > 0:
            fields |= {"infinities": "ieee", "nan": "ieee"} if m else {"infinities": "top"}
    elif suffix == "fn":
        fields |= {"nan": "all_ones"}
    elif suffix == "fnuz":
        fields |= {"nan": "negative_zero"}
    elif suffix == "fnu":
        fields |= {"nan": "top"}
        if m == 0:
            fields |= {"zero": False, "subnormals": "normal"}
    if bias is None:
        bias = default_bias(e) + int(suffix == "fnuz")
    return {"exponent_bits": e, "mantissa_bits": m, "bias": bias, **fields}


def _p3109_fields(k: int, p: int, signed: bool, extended: bool) -> dict[str, Any]:
    """The fields of IEEE P3109 Binary{K}p{P}{s|u}{e|f} (Interim Report v4.0, 4.14)."""
    if k < 3 or not 1 <= p <= (k - 1 if signed else k):
        top = "K - 1" if signed else "K"
        raise ValueError(f"P3109 has K >= 3 and 1 <= P <= {top}; got K = {k}, P = {p} (rule D-9)")
    return {
        "exponent_bits": k - p if signed else k - p + 1,
        "mantissa_bits": p - 1,
        "bias": (1 << (k - p - 1)) if signed else (1 << (k - p)),
        "signed": signed,
        "infinities": "top" if extended else "none",
        "nan": "negative_zero" if signed else "top",
    }


def p3109_format(k: int, p: int, signed: bool, extended: bool) -> Format:
    """The P3109 format Binary{K}p{P}{s|u}{e|f}.

    >>> p3109_format(8, 4, True, False).name
    'float8_e4m3fnuz'
    """
    return Format(**_p3109_fields(k, p, signed, extended))


def parse(text: str) -> Format:
    """The format that a name stands for: formats.toml, then the grammar, then P3109.

    Raises
    ------
    ValueError
        If no format has that name; the message offers the nearest names.
    """
    name = text.strip().lower()
    found = _by_name().get(name)
    if found is not None:
        return found
    if match := _GRAMMAR.fullmatch(name):
        e, m, bias, suffix = match.groups()
        fmt = Format(**_grammar_fields(int(e), int(m), int(bias) if bias else None, suffix or ""))
        stated = re.match(r"float(\d+)_", name)
        if stated and int(stated[1]) != fmt.width:
            raise ValueError(f"{text!r} says {stated[1]} bits but its fields make {fmt.width}")
        return fmt
    if match := _P3109.fullmatch(name):
        k, p, sign, domain = match.groups()
        # Drafts before v4.0 let Binary8p4 stand for Binary8p4se.
        return p3109_format(int(k), int(p), (sign or "s") == "s", (domain or "e") == "e")
    near = difflib.get_close_matches(name, _by_name(), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "see `lowfloat formats`"
    raise ValueError(
        f"no format is named {text!r}; {hint} Any e<E>m<M>[b<bias>][fn|fnuz|fnu|f|u|fu] "
        "and P3109's binary<K>p<P><s|u><e|f> are names too."
    )


def name_of(fmt: Format) -> str:
    """The first name of a format: formats.toml, else the grammar, else P3109, else its fields."""
    if entry := entry_of(fmt):
        return entry.name
    e, m = fmt.exponent_bits, fmt.mantissa_bits
    for suffix in ("", "fn", "fnuz", "fnu", "f", "u", "fu"):
        for bias in (None, fmt.bias):
            name = f"e{e}m{m}" + ("" if bias is None else f"b{bias}") + suffix
            if name in _by_name():
                continue
            if _try(_grammar_fields(e, m, bias, suffix)) is fmt:
                return name
    return p3109_name(fmt) or f"custom_e{e}m{m}b{fmt.bias}"


def p3109_name(fmt: Format) -> str | None:
    """The name that P3109 gives a format; None for a format that is none of P3109's.

    >>> import lowfloat as lf
    >>> p3109_name(lf.float8_e4m3fnuz), p3109_name(lf.float8_e4m3fn)
    ('binary8p4sf', None)
    """
    p = fmt.mantissa_bits + 1
    k = fmt.exponent_bits + (p if fmt.signed else p - 1)
    for letter in ("e", "f"):
        sign = "s" if fmt.signed else "u"
        legal = k >= 3 and 1 <= p <= (k - 1 if fmt.signed else k)
        if legal and _try(_p3109_fields(k, p, fmt.signed, letter == "e")) is fmt:
            return f"binary{k}p{p}{sign}{letter}"
    return None


def _try(fields: dict[str, Any]) -> Format | None:
    try:
        return Format(**fields)
    except ValueError:
        return None


def format(x: Any) -> Format:
    """The format that ``x`` stands for.

    Parameters
    ----------
    x : Format, str, numpy.dtype, or an ml_dtypes or torch dtype
        Names are those of formats.toml, ``e{E}m{M}[b{bias}][fn|fnuz|fnu|f|u|fu]``, and
        P3109's ``binary{K}p{P}{s|u}{e|f}``.

    Raises
    ------
    ValueError
        If no format has the name; the nearest names are offered.
    TypeError
        If ``x`` is of a type that names no format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.format("ocp_e4m3") is lf.format("float8_e4m3fn") is lf.float8_e4m3fn
    True
    >>> import numpy as np
    >>> lf.format(np.float16).name
    'float16'

    Source: semantics.md, section 1.3.
    """
    if isinstance(x, Format):
        return x
    if isinstance(x, str):
        return parse(x)
    name = _dtype_name(x)
    if name is not None and name in _by_name():
        return _by_name()[name]
    what = f"dtype {name}" if name else repr(x)
    raise TypeError(
        f"{what} names no floating-point format: give a name, a Format or a floating dtype"
    )


def _dtype_name(x: Any) -> str | None:
    """The name of a NumPy, ml_dtypes or torch dtype (or array scalar type), else None."""
    if type(x).__module__ == "torch":
        return str(x).removeprefix("torch.")
    dtype = getattr(x, "dtype", x) if isinstance(x, type) else x
    name = getattr(dtype, "name", None)
    if isinstance(name, str):
        return name
    return x.__name__ if isinstance(x, type) else None
