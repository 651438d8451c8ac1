"""The floors of docs/architecture.md: a room sees its own floor and those below, nothing above.

The three implementations on floor 2 do not see each other, and `import lowfloat` stays light.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lowfloat"

#: Every room and its floor; docs/architecture.md draws the same picture.
FLOORS = {
    1: (
        "formats", "format_names", "format_text", "numeric_limits", "projection", "randomness",
        "exception_flags", "settings", "optable", "accumulators", "installation",
        "profile_rules", "windows",
    ),
    2: ("golden", "_native", "_native_reductions", "_native_vectors", "jit"),
    3: ("engine",),
    4: (
        "arrays", "casting", "functions", "reductions", "numpy_protocol", "comparing", "decimals",
        "array_text", "storage", "systems", "profiles", "profile_differences",
    ),
    5: ("vectors", "training", "testing", "plotting", "cli", "__main__"),
}  # fmt: skip
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}

#: What `import lowfloat` must not bring along.
HEAVY = ("numba", "mpmath", "torch", "jax", "matplotlib")


#: The doors in the walls of floor 2: elementary functions, and all but the hot operations, are those
#: of the C library in jit.
DOORS = {
    "jit/elementary.py": {"_native", "golden"},
    "jit/through_native.py": {"_native", "golden"},
}

#: The doors from floor 5 to floor 2: records and drawn codes, in which nothing is computed.
USES_DOORS = {"vectors": {"_native_vectors"}}


def sees(importer: str, imported: str) -> bool:
    """Whether a room may import another."""
    if importer == imported:
        return True
    if FLOOR_OF[importer] == FLOOR_OF[imported] == 2:
        return importer.startswith("_native") and imported.startswith("_native")
    return FLOOR_OF[imported] <= FLOOR_OF[importer]


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def lowfloat_imports(source: str, package: list[str]) -> set[str]:
    """The rooms that a module imports anywhere in its text; '' is the public face."""
    rooms = set()
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package[: len(package) - node.level + 1], base]).rstrip(".")
            names = [f"{base}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "lowfloat":
                rooms.add(parts[1] if len(parts) > 1 and parts[1] in FLOOR_OF else "")
    return rooms


def modules() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p != PACKAGE / "__init__.py"]


def test_every_module_has_a_floor() -> None:
    homeless = {room_of(path) for path in modules()} - FLOOR_OF.keys()
    assert not homeless, f"give {homeless} a floor here and in docs/architecture.md"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_sees_only_its_floor_and_those_below(path: Path) -> None:
    room = room_of(path)
    package = ["lowfloat", *path.relative_to(PACKAGE).parent.parts]
    doors = DOORS.get(path.relative_to(PACKAGE).as_posix(), set())
    for imported in lowfloat_imports(path.read_text(encoding="utf-8"), package) - doors:
        if imported:
            assert sees(room, imported), f"{room} must not see {imported}"
        elif FLOOR_OF[room] < 5:
            # The public face is above; ffi and lib of the compiled core belong to _native.
            text = path.read_text(encoding="utf-8")
            assert room.startswith("_native") or _is_data_only(text), (
                f"{room} must not see the public face"
            )


def _is_data_only(text: str) -> bool:
    """Whether `import lowfloat` appears outside docstrings only for the lazy front modules."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import) and any(a.name == "lowfloat" for a in node.names):
            return False
        if isinstance(node, ast.ImportFrom) and node.module == "lowfloat" and not node.level:
            names = {alias.name for alias in node.names}
            if not names <= FLOOR_OF.keys() | {"_core"}:
                return False
    return True


@pytest.mark.parametrize("room", FLOORS[5])
def test_uses_compute_through_the_public_names(room: str) -> None:
    for path in [p for p in modules() if room_of(p) == room]:
        package = ["lowfloat", *path.relative_to(PACKAGE).parent.parts]
        imported = lowfloat_imports(path.read_text(encoding="utf-8"), package) - {""}
        shortcuts = {name for name in imported if FLOOR_OF[name] in (2, 3)}
        shortcuts -= USES_DOORS.get(room, set())
        assert not shortcuts, f"{path.name} should use lf.{shortcuts}, not its modules"


def test_a_forbidden_import_is_caught() -> None:
    text = "from lowfloat import golden\nfrom lowfloat.arrays import Array\n"
    assert lowfloat_imports(text, ["lowfloat"]) == {"golden", "arrays"}
    assert lowfloat_imports("from ..golden import add\n", ["lowfloat", "jit"]) == {"golden"}
    assert not sees("jit", "golden")
    assert not sees("engine", "arrays")
    assert sees("arrays", "engine")


def test_no_module_is_named_like_a_public_function() -> None:
    import lowfloat as lf

    functions = {name for name in lf.__all__ if callable(getattr(lf, name))}
    assert not functions & {path.stem for path in PACKAGE.glob("*.py")}


def _python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_import_brings_nothing_heavy() -> None:
    loaded = _python("import sys, lowfloat; print(*sys.modules)").split()
    assert "lowfloat" in loaded
    assert not set(HEAVY) & set(loaded)


def test_the_training_core_imports_no_framework() -> None:
    loaded = _python("import sys, lowfloat.training; print(*sys.modules)").split()
    assert "lowfloat.training" in loaded
    assert not set(HEAVY) & set(loaded)


def _import_seconds() -> float:
    """Process CPU time of `import lowfloat` after NumPy."""
    code = (
        "import time, numpy; start = time.process_time(); import lowfloat; "
        "print(time.process_time() - start)"
    )
    return float(_python(code))


def test_import_takes_less_than_a_quarter_of_a_second() -> None:
    assert np.__version__
    best = float("inf")
    for attempt in range(15):
        best = min(best, _import_seconds())
        if attempt >= 4 and best < 0.25:
            return
        if attempt >= 4:
            time.sleep(1)  # a busy machine: processor time is inflated by its neighbours
    raise AssertionError(f"import lowfloat took {best:.3f} s beyond NumPy, at best")


def test_no_two_test_modules_share_a_name():
    """pytest imports test modules by their bare names: a second one of a name is not collected."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
