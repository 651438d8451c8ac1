"""Directives that write tables and help texts from the data they describe, at build time."""

from __future__ import annotations

import argparse
import os
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import lowfloat as lf
from lowfloat import vectors
from lowfloat.accumulators.presets import every_preset
from lowfloat.format_names import registry
from lowfloat.format_text import decimal, extremes, layout, specials
from lowfloat.functions import FLAG_WORDS
from lowfloat.optable import OPERATIONS
from lowfloat.profile_rules import Rule
from lowfloat.profiles import registry as profiles
from lowfloat.projection import POLICY_CHOICES
from lowfloat.vectors.classes import in_order


class FormatTable(SphinxDirective):
    """Every named format of formats.toml: layout, extremes, special codes."""

    def run(self) -> list[nodes.Node]:
        lines = [
            "| name | layout | bias | largest | smallest | special codes |",
            "|---|---|--:|--:|--:|---|",
        ]
        for entry in registry().values():
            fmt, x = entry.format, extremes(entry.format)
            cells = (
                f"`{entry.name}`", f"`{layout(fmt)}`", fmt.bias, decimal(x.max),
                decimal(x.min_positive, 4), specials(fmt),
            )  # fmt: skip
            lines.append("| " + " | ".join(map(str, cells)) + " |")
        return self.parse_text_to_nodes("\n".join(lines))


class FormatSources(SphinxDirective):
    """Each named format's other names, its note, and where it is defined."""

    def run(self) -> list[nodes.Node]:
        lines = []
        for entry in registry().values():
            aliases = ", ".join(f"`{name}`" for name in entry.aliases)
            note = f"{entry.note[0].upper()}{entry.note[1:]}. " if entry.note else ""
            lines += [f"`{entry.name}`", f": {note}Also {aliases}. Source: {entry.source}.", ""]
        return self.parse_text_to_nodes("\n".join(lines))


class OperationTable(SphinxDirective):
    """Every operation of the table: what it computes, where, when it objects, flags, source."""

    def run(self) -> list[nodes.Node]:
        lines = [
            "| operation | computes | domain | exceptional cases | flags | rule | source |",
            "|---|---|---|---|---|---|---|",
        ]
        for op in OPERATIONS.values():
            flags = ", ".join(FLAG_WORDS[letter] for letter in op.flags) or "none"
            formula = op.formula.replace("|", "&#124;")
            cells = (f"`{op.name}`", formula, op.domain, op.exceptions, flags, op.rule, op.source)
            lines.append("| " + " | ".join(cells) + " |")
        return self.parse_text_to_nodes("\n".join(lines))


class PolicyTable(SphinxDirective):
    """Every knob of a policy and its choices; the default is the first."""

    def run(self) -> list[nodes.Node]:
        lines = ["| knob | choices, the default first | |", "|---|---|---|"]
        for knob, choices in POLICY_CHOICES.items():
            written = ", ".join(f"`{choice!r}`" for choice in choices)
            slow = any(any(lf.Policy(**{knob: choice}).quirks) for choice in choices)
            lines.append(f"| `{knob}` | {written} | {'*' if slow else ''} |")
        return self.parse_text_to_nodes("\n".join(lines))


class PresetTable(SphinxDirective):
    """Every preset of lf.accumulators: what it is, and how that is known."""

    def run(self) -> list[nodes.Node]:
        lines = ["| preset | accumulator | known as |", "|---|---|---|"]
        for preset in every_preset():
            unknown = f": {preset.unknown}" if preset.maturity == "unsettled" else ""
            cells = (f"`{preset.name}`", f"`{preset.accumulator!r}`", preset.maturity + unknown)
            lines.append("| " + " | ".join(cells) + " |")
        return self.parse_text_to_nodes("\n".join(lines))


class ProfileTables(SphinxDirective):
    """Every profile of profiles.toml: what it is, and its rule for each format."""

    def run(self) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        for profile in profiles().values():
            section = nodes.section(ids=[f"profile-{profile.name}"])
            section += nodes.title(text=profile.name)
            sources = ", ".join(profile.sources or ["any format"])
            note = f" {profile.note}" if profile.note else ""
            lines = [f"{profile.title}. From {sources}.{note}", ""]
            lines += ["| into | overflow | NaN | otherwise | source |", "|---|---|---|---|---|"]
            for name, rule in profile.rules.items():
                cells = (f"`{name}`", *_rule_cells(name, rule))
                lines.append("| " + " | ".join(cells) + " |")
            section.extend(self.parse_text_to_nodes("\n".join(lines)))
            found.append(section)
        return found


def _rule_cells(name: str, rule: Rule) -> tuple[str, ...]:
    """What one rule says, in words."""
    fmt = None if name == "p3109" else lf.format(name)
    beyond = "the largest number"
    if rule.saturation == "none" and rule.infinityless_overflow != "max" and fmt is not None:
        beyond = "infinity" if fmt.infinity_code is not None else beyond
        beyond = "NaN" if beyond != "infinity" and fmt.nan_code is not None else beyond
    elif fmt is None:
        beyond = "infinity, or the largest number"
    nan = " and ".join(map(hex, rule.nan)) if isinstance(rule.nan, tuple) else rule.nan
    if fmt is not None and fmt.nan_code is None and rule.nan == "canonical":
        nan = "the largest number"
    words = [rule.rounding.replace("_", " ")] if rule.rounding != "nearest_even" else []
    words += [f"by way of {rule.through}"] if rule.through else []
    words += ["zero is the least number"] if rule.zero else []
    words += ["signs are dropped"] if rule.negative else []
    words += ["no -0"] if not rule.negative_zero else []
    words += [
        f"between {_short_hex(low)} and {_short_hex(high)}: {code:#04x}"
        for low, high, code in rule.between
    ]
    for source, changes in rule.special.items():
        words += [f"from {source}: {', '.join(f'{k} {v}' for k, v in changes.items())}"]
    differs = f" **Deviation**: {rule.differs}." if rule.differs else ""
    return beyond, nan, "; ".join(words) or "-", rule.source.replace("|", "&#124;") + differs


def _short_hex(x: float) -> str:
    return lf.array(x, "float64").to_strings("hexadecimal").item()


class ClassTable(SphinxDirective):
    """Every class of test cases: what it exercises, for which operations, its source."""

    def run(self) -> list[nodes.Node]:
        operations = ("add", "multiply", "divide", "sqrt", "fma", "convert", "to_integer",
                      "from_integer", "less")  # fmt: skip
        results = {"convert": "float8_e4m3fn", "to_integer": "int16"}
        units = {
            name: vectors.Unit.uniform(
                name, "int32" if name == "from_integer" else "float16",
                "float16" if name == "from_integer" else results.get(name),
            )
            for name in operations
        }  # fmt: skip
        units["dot"] = vectors.Unit.dot(4, "float8_e4m3fn", "float32")
        lines = ["| class | cases | among these operations, for | source |", "|---|---|---|---|"]
        for entry in in_order(vectors.CLASSES):
            fit = [name for name, unit in units.items() if entry.applies(unit)]
            for_all = "all" if len(fit) == len(units) else ", ".join(f"`{name}`" for name in fit)
            lines.append(f"| `{entry.name}` | {entry.text} | {for_all} | {entry.source} |")
        return self.parse_text_to_nodes("\n".join(lines))


class GrammarTable(SphinxDirective):
    """Every grammar of vectors, with a line of a float16 multiplier's."""

    def run(self) -> list[nodes.Node]:
        unit = vectors.Unit.uniform("multiply", "float16")
        lines = [
            "| grammar | files | what it is | record of a float16 multiplier |",
            "|---|---|---|---|",
        ]
        for grammar in vectors.GRAMMARS.values():
            record = grammar.describe(unit).get(
                "record", "arrays " + ", ".join("ab") + ", result, flags"
            )
            record = record.replace("\n", " ⏎ ").strip(" ⏎")
            files = ", ".join(f"`{suffix}`" for suffix in grammar.suffixes)
            lines.append(f"| `{grammar.name}` | {files} | {grammar.text} | `{record}` |")
        return self.parse_text_to_nodes("\n".join(lines))


class CommandHelp(SphinxDirective):
    """What `lowfloat --help` and every subcommand's `--help` print."""

    def run(self) -> list[nodes.Node]:
        from lowfloat.cli.main import build_parser

        os.environ["COLUMNS"] = "88"
        parser = build_parser()
        found: list[nodes.Node] = [_help(parser)]
        for name, subparser in _subparsers(parser).items():
            section = nodes.section(ids=[f"lowfloat-{name}"])
            section += nodes.title(text=f"lowfloat {name}")
            section += _help(subparser)
            found.append(section)
        return found


def _help(parser: argparse.ArgumentParser) -> nodes.literal_block:
    text = parser.format_help()
    return nodes.literal_block(text, text, language="none")


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, Any]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("format-table", FormatTable)
    app.add_directive("format-sources", FormatSources)
    app.add_directive("command-help", CommandHelp)
    app.add_directive("operation-table", OperationTable)
    app.add_directive("preset-table", PresetTable)
    app.add_directive("profile-tables", ProfileTables)
    app.add_directive("class-table", ClassTable)
    app.add_directive("grammar-table", GrammarTable)
    app.add_directive("policy-table", PolicyTable)
    return {"version": lf.__version__, "parallel_read_safe": True}
