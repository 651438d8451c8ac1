"""An accumulator as the fields of the C library's ``lf_accumulator``."""

from __future__ import annotations

from typing import Any

from lowfloat.accumulators.fused import Fused, LateStart
from lowfloat.accumulators.grouped import FIRST, GROUPINGS, Grouped, Scaling
from lowfloat.accumulators.kinds import COMPENSATIONS, METHODS, Accumulator, FixedPoint, Kind
from lowfloat.accumulators.orders import ORDERS, Interleaved
from lowfloat.projection import ROUNDINGS

KINDS = ("Accumulator", "Exact", "FixedPoint", "Fused", "Grouped")
ALL_BITS = -1
NO_MINIMUM = -(1 << 31)
#: Enumerators of ``lf_grouping`` for subsums.
_SUBSUMS = {"runs": 1, "lanes": 3}


def fields_of(accumulator: Kind) -> dict[str, Any]:
    """Names of ``lf_accumulator`` and their values, those left out that are zero or null.

    Formats, projections and accumulators stand where the struct has pointers.

    Examples
    --------
    >>> import lowfloat as lf
    >>> found = fields_of(lf.accumulators.FixedPoint(32, lsb=-12))
    >>> found["kind"], found["bits"], found["lsb"]
    (2, 32, -12)
    """
    found: dict[str, Any] = {
        "kind": KINDS.index(type(accumulator).__name__),
        "minimum_exponent": NO_MINIMUM,
        **dict.fromkeys(("fraction_bits", "subsum_bits", "late_cutoff"), ALL_BITS),
        **_order(getattr(accumulator, "order", "sequential")),
    }
    if isinstance(accumulator, Grouped):
        found |= {
            "grouping": 1 + GROUPINGS.index(accumulator.by),
            "n": accumulator.n,
            "width": accumulator.width,
            "inner": accumulator.inner,
            "outer": accumulator.outer,
            **_scaling(accumulator.scaling),
        }
    elif isinstance(accumulator, FixedPoint):
        found |= {
            "bits": accumulator.bits,
            "lsb": accumulator.lsb,
            "saturates": int(accumulator.overflow == "saturate"),
        }
    else:
        found["projection"] = accumulator.projection  # type: ignore[attr-defined]
        found["format"] = accumulator.format
    if isinstance(accumulator, Accumulator):
        found |= _rounded(accumulator)
    elif isinstance(accumulator, Fused):
        found |= _fused(accumulator)
    return {name: value for name, value in found.items() if value is not None}


def _order(order: Any) -> dict[str, int]:
    if isinstance(order, Interleaved):
        return {"order": len(ORDERS), "order_n": order.n, "order_width": order.width}
    return {"order": ORDERS.index(order)}


def _rounded(accumulator: Accumulator) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if accumulator.compensation is not None:
        found["compensation"] = 1 + COMPENSATIONS.index(accumulator.compensation)
    product = accumulator.product
    if product is not None:
        found["product"] = METHODS.index(product.method)
        found["product_projection"] = product.projection
        found["product_format"] = product.format
    return found


def _scaling(scaling: Scaling | None) -> dict[str, Any]:
    if scaling is None:
        return {}
    if scaling.format is None:
        return {"scaling": 1}
    return {
        "scaling": 2 + FIRST.index(scaling.first),
        "scaling_format": scaling.format,
        "scaling_projection": scaling.projection,
    }


def _bits(bits: int | None) -> int:
    return ALL_BITS if bits is None else bits


def _fused(accumulator: Fused) -> dict[str, Any]:
    found: dict[str, Any] = {
        "terms": accumulator.terms,
        "fraction_bits": _bits(accumulator.fraction_bits),
        "alignment": ROUNDINGS.index(accumulator.alignment),
        "zeros_aligned": int(accumulator.zeros == "aligned"),
        "sorted": int(accumulator.addition == "sorted"),
    }
    if accumulator.minimum_exponent is not None:
        found["minimum_exponent"] = accumulator.minimum_exponent
    subsums = accumulator.subsums
    if subsums is not None:
        found |= {
            "subsums": _SUBSUMS[subsums.by],
            "subsum_n": subsums.n,
            "subsum_bits": _bits(subsums.fraction_bits),
            "subsum_alignment": ROUNDINGS.index(subsums.alignment),
            "subsum_scales": int(subsums.exponent == "scales"),
        }
    late = accumulator.start
    if isinstance(late, LateStart):
        found |= {
            "late": 1,
            "late_sum_bits": late.sum_bits,
            "late_start_bits": late.start_bits,
            "late_alignment": ROUNDINGS.index(late.alignment),
            "late_cutoff": _bits(late.cutoff),
        }
    return found
