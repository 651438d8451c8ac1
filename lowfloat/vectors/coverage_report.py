"""A coverage report: what was met, what was missed, what cannot be met and why; text, JSON, HTML."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import lowfloat as lf
from lowfloat.vectors.closing import Goal, share_of
from lowfloat.vectors.coverage import Coverage

#: Bins that a report lists by name; it counts the others.
LISTED = 500
NO_PROOF = "none that a bin which was not met cannot be: the unit is too wide to compute every case"
#: What is known of bins that have a class of cases.
CROSSED = (
    "bins of a class are observed: a class has random parts, and what it cannot reach is not proved; "
    "the proof is of bins without the class"
)


def report_of(coverage: Coverage, goal: Goal) -> dict[str, Any]:
    """Everything that a report says, as plain data.

    Examples
    --------
    >>> import lowfloat as lf
    >>> unit = lf.vectors.Unit.uniform("add", "float4_e2m1fn")
    >>> reached = lf.vectors.reach_coverage(unit)
    >>> report = report_of(reached.coverage, reached.goal)
    >>> report["share"], report["bins"]["missed"], report["bins"]["unreachable"] > 0
    (1.0, 0, True)
    """
    met = coverage.hits.keys()
    missed = sorted(goal.bins - met)
    outside = sorted(met - goal.bins) if goal.bins else []
    unknown = coverage.bin_count - len(goal.bins | met)
    return {
        "unit": str(coverage.unit),
        "lowfloat_version": lf.__version__,
        "cases": coverage.cases,
        "share": share_of(goal, coverage),
        "proof": goal.proof,
        "proved": goal.proved,
        "bins": {
            "cross_product": coverage.bin_count,
            "expected": len(goal.bins),
            "met": len(met),
            "missed": len(missed),
            "met_beyond_expected": len(outside),
            "unreachable" if goal.proved else "unknown": unknown,
        },
        "missed": [
            {**coverage.name(number), **_example(coverage, goal, number)}
            for number in missed[:LISTED]
        ],
        "unreachable": _unreachable(coverage, goal),
        "dimensions": _dimensions(coverage, goal),
        "classes": _classes(coverage),
        "crossed": _crossed(coverage),
        "hits": [
            {
                **coverage.name(number),
                "cases": count,
                "example": _codes(coverage, coverage.witnesses[number]),
            }
            for number, count in sorted(coverage.hits.items(), key=lambda item: (item[1], item[0]))
        ],
    }


def _codes(coverage: Coverage, inputs: Sequence[int]) -> str:
    columns = coverage.unit.inputs
    return " ".join(f"{code:0{c.hex_digits}X}" for code, c in zip(inputs, columns, strict=True))


def _example(coverage: Coverage, goal: Goal, number: int) -> dict[str, str]:
    if number not in goal.witnesses:
        return {}
    return {"reached_by": _codes(coverage, goal.witnesses[number])}


def _unreachable(coverage: Coverage, goal: Goal) -> dict[str, Any]:
    """The unreachable bins, gathered by the first dimensions: operand classes and result class."""
    if not goal.proved:
        return {}
    names = [d.name for d in coverage.dimensions]
    kept = [k for k, name in enumerate(names) if name not in ("flags", "boundary", "position")]

    def projected(number: int) -> tuple[str, ...]:
        values = list(coverage.name(number).values())
        return tuple(values[k] for k in kept)

    reachable = {projected(number) for number in goal.bins}
    every: set[tuple[str, ...]] = set()
    sizes = [d.values for d in coverage.dimensions]
    legal = coverage.legal_values
    grids: list[tuple[str, ...]] = [()]
    for k in kept:
        grids = [(*row, sizes[k][value]) for row in grids for value in legal[k]]
    every.update(grids)
    never = sorted(every - reachable)
    return {
        "proof": goal.proof,
        "by": [names[k] for k in kept],
        "combinations": len(every),
        "never": len(never),
        "listed": [" ".join(row) for row in never[:LISTED]],
    }


def _dimensions(coverage: Coverage, goal: Goal) -> dict[str, dict[str, dict[str, int]]]:
    """For every value of every dimension: cases, bins met, bins expected."""
    cases: dict[str, Counter[str]] = {d.name: Counter() for d in coverage.dimensions}
    met: dict[str, Counter[str]] = {d.name: Counter() for d in coverage.dimensions}
    expected: dict[str, Counter[str]] = {d.name: Counter() for d in coverage.dimensions}
    for number, count in coverage.hits.items():
        for name, value in coverage.name(number).items():
            cases[name][value] += count
            met[name][value] += 1
    for number in goal.bins:
        for name, value in coverage.name(number).items():
            expected[name][value] += 1
    return {
        d.name: {
            value: {"cases": cases[d.name][value], "met": met[d.name][value],
                    "expected": expected[d.name][value]}
            for value in d.values if cases[d.name][value] or expected[d.name][value]
        }
        for d in coverage.dimensions
    }  # fmt: skip


def _classes(coverage: Coverage) -> dict[str, dict[str, int]]:
    """For every class of cases: cases, bins met, and bins that no other class met."""
    times = Counter(number for bins in coverage.classes.values() for number in bins)
    return {
        name: {
            "cases": bins.total(),
            "met": len(bins),
            "alone": sum(times[number] == 1 for number in bins),
        }
        for name, bins in coverage.classes.items()
    }


def _crossed(coverage: Coverage) -> dict[str, Any]:
    """Bins with the class of cases as one more dimension: those met, and by each value of the others."""
    values: dict[str, dict[str, dict[str, int]]] = {}
    for name, bins in coverage.classes.items():
        counts: dict[str, Counter[str]] = {d.name: Counter() for d in coverage.dimensions}
        for number, cases in bins.items():
            for dimension, value in coverage.name(number).items():
                counts[dimension][value] += cases
        values[name] = {dimension: dict(counter) for dimension, counter in counts.items()}
    return {
        "met": sum(map(len, coverage.classes.values())),
        "known_by": CROSSED,
        "cases": values,
        "bins": [
            {"class": name, **coverage.name(number), "cases": cases}
            for name, bins in coverage.classes.items()
            for number, cases in sorted(bins.items())
        ],
    }


def combined(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The reports of several units as one; bins of one unit are not those of another.

    Examples
    --------
    >>> import lowfloat as lf
    >>> units = [lf.vectors.Unit.uniform(name, "float4_e2m1fn") for name in ("add", "multiply")]
    >>> reached = [lf.vectors.reach_coverage(unit) for unit in units]
    >>> both = combined([report_of(r.coverage, r.goal) for r in reached])
    >>> both["share"], both["proved"], len(both["units"])
    (1.0, True, 2)
    """
    expected = sum(report["bins"]["expected"] for report in reports)
    missed = sum(report["bins"]["missed"] for report in reports)
    return {
        "lowfloat_version": lf.__version__,
        "cases": sum(report["cases"] for report in reports),
        "share": (expected - missed) / expected if expected else 0.0,
        "proved": all(report["proved"] for report in reports),
        "bins": {"expected": expected, "missed": missed},
        "units": list(reports),
    }


def _totals(report: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row for every unit and one for all of them."""

    def row(name: str, one: dict[str, Any]) -> tuple[str, ...]:
        bins = one["bins"]
        known = f"{100 * one['share']:.2f} %" if bins["expected"] else "unknown"
        proof = "proved" if one["proved"] else "no proof"
        met = f"{bins['expected'] - bins['missed']:,} of {bins['expected']:,} bins"
        return name, f"{one['cases']:,} cases", met, known, proof

    units = [row(one["unit"], one) for one in report["units"]]
    return [*units, row("all units", report)]


# -- three forms ------------------------------------------------------------------------------------


def as_text(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    if "units" in report:
        widths = [max(map(len, column)) for column in zip(*_totals(report), strict=True)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
            for row in _totals(report)
        ]
        return "\n".join([*lines, "", *map(as_text, report["units"])])
    bins = report["bins"]
    left = "unreachable" if report["proved"] else "unknown"
    lines = [f"coverage of {report['unit']}", f"  cases        {report['cases']:,}"]
    if bins["expected"]:
        met = bins["expected"] - bins["missed"]
        lines += [
            f"  expected     {bins['expected']:,} bins: {report['proof']}",
            f"  met          {met:,} of them, {100 * report['share']:.2f} %",
        ]
    else:
        lines += [
            f"  expected     unknown: {report['proof']}",
            f"  met          {bins['met']:,} bins",
        ]
    if not report["proved"]:
        lines.append(f"  proof        {NO_PROOF}")
    lines.append(f"  {left:<11}  {bins[left]:,} of {bins['cross_product']:,} in the cross product")
    if bins["met_beyond_expected"]:
        lines.append(
            f"  beyond       {bins['met_beyond_expected']:,} bins were met that were not expected"
        )
    if len(report["classes"]) > 1:
        lines.append(
            f"  with class   {report['crossed']['met']:,} bins met, observed without proof"
        )
    width = max(map(len, ("class of cases", *report["classes"]))) + 2
    lines.append(f"  {'class of cases':<{width}} {'cases':>11} {'bins met':>10} {'it alone':>9}")
    lines += [
        f"    {name:<{width - 2}} {c['cases']:>11,} {c['met']:>10,} {c['alone']:>9,}"
        for name, c in report["classes"].items()
    ]
    if report["missed"]:
        lines.append(f"  missed {bins['missed']:,}")
        lines += [
            "    " + ", ".join(f"{k} {v}" for k, v in row.items()) for row in report["missed"]
        ]
    return "\n".join(lines) + "\n"


def as_json(report: dict[str, Any]) -> str:
    """The report for programs."""
    return json.dumps(report, indent=1) + "\n"


_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color: #1c2733; background: #fff; }
h1 { font-size: 1.35rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
table { border-collapse: collapse; } td, th { padding: .15rem .9rem .15rem 0; text-align: left; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th { border-bottom: 1px solid #9aa7b4; font-weight: 600; }
.bar { background: #e4e9ee; width: 12rem; height: .7rem; display: inline-block; }
.bar i { background: #2f7d5b; height: 100%; display: block; }
.bar.part i { background: #b3541e; }
.big { font-size: 2rem; font-weight: 600; }
details > div { max-height: 30rem; overflow: auto; } code { font-size: .92em; }
.tables { display: flex; flex-wrap: wrap; gap: 1.5rem 3rem; }
"""


def as_html(report: dict[str, Any]) -> str:
    """The report as one page without scripts or other files."""
    if "units" not in report:
        return _page(f"Coverage of {report['unit']}", _section(report))
    heads = [
        ("unit", False),
        ("cases", True),
        ("met of the expected", True),
        ("", True),
        ("", True),
    ]
    rows = [[html.escape(str(cell)) for cell in row] for row in _totals(report)]
    body = ["<h1>Coverage</h1>", _table(heads, rows), *map(_section, report["units"])]
    return _page(f"Coverage of {len(report['units'])} units", "\n".join(body))


def _section(report: dict[str, Any]) -> str:
    """The report of one unit, without the frame of a page."""
    bins = report["bins"]
    left = "unreachable" if report["proved"] else "unknown"
    facts = [
        ("cases", f"{report['cases']:,}"),
        ("bins expected", f"{bins['expected'] or 'unknown'}; {report['proof']}"),
        ("missed", f"{bins['missed']:,}"),
        *([] if report["proved"] else [("proof", NO_PROOF)]),
        (left, f"{bins[left]:,} of {bins['cross_product']:,} bins of the cross product"),
    ]
    share = (
        f'<p><span class="big">{100 * report["share"]:.2f} %</span> of the expected bins '
        f"{_bar(bins['expected'] - bins['missed'], bins['expected'])}</p>"
    )
    body = [
        f"<h1>Coverage of {html.escape(report['unit'])}</h1>",
        share if bins["expected"] else "",
        _table([("", False), ("", False)], [(name, html.escape(text)) for name, text in facts]),
        "<h2>Dimensions</h2>",
        f'<div class="tables">{"".join(_dimension(n, v) for n, v in report["dimensions"].items())}</div>',
        "<h2>Classes of cases</h2>",
        _table(
            [("class", False), ("cases", True), ("bins met", True), ("it alone", True)],
            [(html.escape(n), f"{c['cases']:,}", f"{c['met']:,}", f"{c['alone']:,}")
             for n, c in report["classes"].items()],
        ),
        _crossed_tables(report),
        f"<h2>Missed: {bins['missed']:,}</h2>",
        _bins(report["missed"]) if report["missed"] else "<p>None.</p>",
    ]  # fmt: skip
    never = report["unreachable"]
    if never:
        rows = "".join(f"<li><code>{html.escape(row)}</code></li>" for row in never["listed"])
        body.append(
            f"<h2>Unreachable</h2><p>{html.escape(never['proof'])}. Of the {never['combinations']:,} "
            f"combinations of {html.escape(', '.join(never['by']))}, {never['never']:,} never occur."
            f"</p><details><summary>the first of them</summary><div><ol>{rows}</ol></div></details>"
        )
    body.append(
        f"<h2>Met: {bins['met']:,}</h2><p>The rarest first.</p>"
        f"<details><summary>bins</summary><div>{_bins(report['hits'][:LISTED])}</div></details>"
    )
    return "\n".join(body)


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>\n{body}\n"
        "</body></html>\n"
    )


def _crossed_tables(report: dict[str, Any]) -> str:
    """Cases of every class for every value of flags, result and boundary: empty cells stand out."""
    cases = report["crossed"]["cases"]
    if len(cases) < 2:
        return ""
    tables = []
    for dimension, values in report["dimensions"].items():
        if len(values) < 2:
            continue
        heads = [(html.escape(dimension), False), *((html.escape(v), True) for v in values)]
        rows = [
            [html.escape(name), *(f"{n:,}" if (n := own[dimension].get(v)) else "&middot;" for v in values)]
            for name, own in cases.items()
        ]  # fmt: skip
        tables.append(f"<div>{_table(heads, rows)}</div>")
    return (
        f"<h2>Classes crossed with bins: {report['crossed']['met']:,} met</h2><p>"
        f"{html.escape(report['crossed']['known_by']).capitalize()}. Cases of every class:</p>"
        f'<details><summary>by dimension</summary><div class="tables">{"".join(tables)}</div></details>'
    )


def _bar(part: int, whole: int) -> str:
    share = 100 * part / whole if whole else 100.0
    kind = "bar" if part >= whole else "bar part"
    return f'<span class="{kind}"><i style="width:{share:.1f}%"></i></span>'


def _table(heads: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells that are HTML already; a head says whether its column has numbers."""
    marks = [' class="n"' if number else "" for _, number in heads]
    head = "".join(f"<th{m}>{name}</th>" for (name, _), m in zip(heads, marks, strict=True))
    lines = [
        "<tr>"
        + "".join(f"<td{m}>{cell}</td>" for cell, m in zip(row, marks, strict=True))
        + "</tr>"
        for row in rows
    ]
    top = f"<tr>{head}</tr>" if any(name for name, _ in heads) else ""
    return f"<table>{top}{''.join(lines)}</table>"


def _dimension(name: str, values: dict[str, dict[str, int]]) -> str:
    rows = [
        (html.escape(value), f"{v['cases']:,}", f"{v['met']:,} of {v['expected']:,}",
         _bar(v["met"], v["expected"]))
        for value, v in values.items()
    ]  # fmt: skip
    heads = [(html.escape(name), False), ("cases", True), ("bins", True), ("", False)]
    return f"<div>{_table(heads, rows)}</div>"


def _bins(rows: Sequence[dict[str, Any]]) -> str:
    heads = [(html.escape(name), name == "cases") for name in rows[0]] if rows else [("", False)]
    return _table(heads, [[html.escape(str(cell)) for cell in row.values()] for row in rows])


FORMS = {".txt": as_text, ".json": as_json, ".html": as_html}
