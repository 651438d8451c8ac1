"""``lowfloat train``: recipes of low-precision training on real data, against float32."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import fill
from typing import Any

from lowfloat.cli.options import Subparsers, natural, new_parser, parsed
from lowfloat.cli.progress import ProgressLine
from lowfloat.cli.text import aligned

EXAMPLES = """\
  lowfloat train fp8_unscaled s2fp8 --workload images --seeds 3
  lowfloat train fp8_scaled --scaler static:8192 --workload translation --out runs
  lowfloat train float32 --roles "w=e4m3fn:pow2,a=e4m3fn:pow2,e=e5m2:sr,g=e5m2:sr"
  lowfloat train --list

float32 always runs too, to compare with. Data is downloaded once, from Debian and PyPI packages.
A run that was interrupted goes on when it is started again, bit for bit as if it had not stopped."""


def add_parser(subparsers: Subparsers) -> None:
    """Add ``train``."""
    parser = new_parser(subparsers, "train", "train small networks in low precision", EXAMPLES, run)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="see --list")
    parser.add_argument("--list", action="store_true", help="print recipes and workloads")
    parser.add_argument("--workload", default="images", metavar="W",
                        help="images, translation or recommendation")  # fmt: skip
    parser.add_argument("--seeds", type=natural, default=1, metavar="N", help="seeds 0 to N - 1")
    parser.add_argument("--scaler", metavar="S", help="another loss scaler: none, static:1024, "
                        "dynamic:65536, threshold:32768")  # fmt: skip
    parser.add_argument("--roles", metavar="R", help="other roles, as in lowfloat.training.Roles")
    parser.add_argument("--fraction", type=parsed(float), default=1.0, metavar="F",
                        help="only this share of the training steps")  # fmt: skip
    parser.add_argument("--threads", type=natural, default=1, metavar="N",
                        help="of PyTorch; other numbers may give other bits in its GEMMs")  # fmt: skip
    parser.add_argument("--data", metavar="DIR", help="folder of the data packages")
    parser.add_argument("--out", default="lowfloat-train", metavar="DIR",
                        help="where runs go (default ./lowfloat-train)")  # fmt: skip
    parser.add_argument("--report", metavar="FILE",
                        help="write the page of reproduced tables from all runs in --out")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Train, and print the table."""
    if arguments.list:
        _list()
        return 0
    if not arguments.recipes and not arguments.report:
        raise ValueError("name a recipe, or --list them")
    _need_torch()
    if arguments.recipes:
        _train(arguments)
    if arguments.report:
        from lowfloat.training.workloads import reproduction

        Path(arguments.report).write_text(reproduction.page(Path(arguments.out)))
        print(f"wrote {arguments.report}")
    return 0


def _list() -> None:
    from lowfloat.training import RECIPES, workloads

    print("Recipes:")
    for recipe in RECIPES.values():
        print(f"\n{recipe.name}")
        for text in (recipe.source, recipe.flow):
            print(fill(text, 96, initial_indent="    ", subsequent_indent="    "))
        print(f"    roles: {recipe.roles}\n    loss scale: {recipe.scaler}")
    print("\nWorkloads (--workload):\n")
    print("\n".join(f"{name:16}{title}" for name, title in workloads.TITLES.items()))


def _need_torch() -> None:
    try:
        import torch
    except ImportError:
        raise ImportError(
            "lowfloat train needs PyTorch: pip install torch (its CPU build is enough)"
        ) from None
    del torch


def _recipes(arguments: argparse.Namespace) -> list[Any]:
    from lowfloat.training import recipe

    changes = {k: v for k in ("scaler", "roles") if (v := getattr(arguments, k)) is not None}
    chosen = [recipe("float32")]
    for name in dict.fromkeys(arguments.recipes):
        found = recipe(name)
        if changes:
            words = "-".join(str(v).replace("/", "_") for v in changes.values())
            found = found.but(name=f"{name}-{words}", **changes)
        found.make_scaler()
        if found not in chosen:
            chosen.append(found)
    return chosen


def _train(arguments: argparse.Namespace) -> None:
    import torch

    from lowfloat.training import workloads
    from lowfloat.training.workloads import reporting
    from lowfloat.training.workloads.running import Run

    recipes = _recipes(arguments)
    if arguments.seeds < 1:
        raise ValueError("--seeds must be at least 1")
    torch.set_num_threads(max(1, arguments.threads))
    workload = workloads.load(arguments.workload, arguments.data, arguments.fraction)
    print(workload.summary)
    outcomes = []
    for recipe in recipes:
        for seed in range(arguments.seeds):
            training = Run(workload, recipe, seed, arguments.out)
            outcomes.append(training.train(_steps_line(f"{recipe.name}, seed {seed}")))
    heads, rows = reporting.table(outcomes, workload.measure)
    print("\n" + "\n".join(aligned([heads, *rows], range(1, len(heads)))))
    _picture(arguments, workload, [recipe.name for recipe in recipes])


def _picture(arguments: argparse.Namespace, workload: Any, names: list[str]) -> None:
    """The losses of seed 0, where matplotlib is installed."""
    from lowfloat.training.workloads import reporting

    found = reporting.losses(arguments.out)
    curves = {n: found[key] for n in names if (key := f"{workload.name}-{n}-0") in found}
    path = Path(arguments.out) / f"{workload.name}.png"
    try:
        reporting.picture(path, curves, f"{workload.name}: training loss, seed 0")
    except ImportError as error:
        print(error, file=sys.stderr)
    else:
        print(f"\nruns in {arguments.out}; picture: {path}")


def _steps_line(title: str) -> Callable[[int, int, float], None]:
    """Steps done, the time left and the loss, on one line of standard error."""
    line = ProgressLine(f"{title:<32}", kept=True)
    return lambda step, steps, loss: line(step, steps, f" loss {loss:.4f}")
