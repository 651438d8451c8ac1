"""Directives that write tables and help texts from the data they describe, at build time."""

from __future__ import annotations

import argparse
import os
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import lowfloat as lf
from lowfloat.format_names import registry
from lowfloat.format_text import decimal, extremes, layout, specials
from lowfloat.functions import FLAG_WORDS
from lowfloat.optable import OPERATIONS


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
    """Every operation of the table: what it computes, when it objects, its flags, its source."""

    def run(self) -> list[nodes.Node]:
        lines = [
            "| operation | computes | exceptional cases | flags | rule | source |",
            "|---|---|---|---|---|---|",
        ]
        for op in OPERATIONS.values():
            flags = ", ".join(FLAG_WORDS[letter] for letter in op.flags) or "none"
            formula = op.formula.replace("|", "&#124;")
            cells = (f"`{op.name}`", formula, op.exceptions, flags, op.rule, op.source)
            lines.append("| " + " | ".join(cells) + " |")
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
    return {"version": lf.__version__, "parallel_read_safe": True}
