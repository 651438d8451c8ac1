"""What `lowfloat dpi` writes, used from C; the simulators are in tests/rtl."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import lowfloat as lf
from lowfloat.cli.main import main
from lowfloat.optable import OPERATIONS
from lowfloat.vectors.dpi.package import enumerators, function_names, package_text


def test_the_folder_is_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dpi", "--out", str(tmp_path)]) == 0
    names = {Path(line).name for line in capsys.readouterr().out.splitlines()}
    assert names == {path.name for path in tmp_path.iterdir()}
    assert {
        "lowfloat.h",
        "lowfloat_dpi.h",
        "liblowfloat.a",
        "lowfloat_pkg.sv",
        "lowfloat.pc",
    } <= names


def test_the_package_has_every_operation_once() -> None:
    text = package_text()
    assert "@{" not in text
    for name in OPERATIONS:
        assert text.count(f"function automatic outcome_t {name}(") == 1, name
    assert function_names() == OPERATIONS.keys()


def test_numbers_are_those_of_the_header() -> None:
    assert enumerators("lf_operation")["LF_CONVERT"] == 0
    assert enumerators("lf_relation")["LF_UNORDERED"] == 6
    with pytest.raises(RuntimeError, match="no enumeration"):
        enumerators("lf_nothing")


def run_c(folder: Path, options: list[str], environment: dict[str, str] | None = None) -> str:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    command = [compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "example.c", "-o", "example"]
    subprocess.run([*command, *options], cwd=folder, check=True)
    environment = {**os.environ, **(environment or {})}
    done = subprocess.run(
        [folder / "example"], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout


def test_the_c_example_links_with_either_library(tmp_path: Path) -> None:
    lf.vectors.write_dpi(tmp_path)
    static = run_c(tmp_path, ["-I.", "liblowfloat.a", "-pthread", "-lm"])
    assert static == "2a x 2a = 1c, flags 01\n"
    (tmp_path / "liblowfloat.a").unlink()
    assert (
        run_c(tmp_path, ["-I.", "-L.", "-llowfloat"], {"LD_LIBRARY_PATH": str(tmp_path)}) == static
    )


@pytest.mark.parametrize("place", ["folder", "installed"])
def test_pkg_config_finds_the_library(place: str, tmp_path: Path) -> None:
    if shutil.which("pkg-config") is None:
        pytest.skip("pkg-config is not installed")
    lf.vectors.write_dpi(tmp_path)
    path = tmp_path if place == "folder" else Path(lf.get_library(), "pkgconfig")
    done = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "lowfloat"],
        capture_output=True, text=True, check=True, env={**os.environ, "PKG_CONFIG_PATH": str(path)},
    )  # fmt: skip
    library = tmp_path if place == "folder" else Path(lf.get_library())
    output = run_c(tmp_path, done.stdout.split(), {"LD_LIBRARY_PATH": str(library)})
    assert output == "2a x 2a = 1c, flags 01\n"


@pytest.mark.parametrize(
    "name", ["module", "always", "multiply", "float16", "rounded", "exact", "dot", "9x", "a b"]
)
def test_names_that_no_accumulator_can_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"taken|no name"):
        lf.vectors.write_dpi(tmp_path / "dpi", {name: lf.Accumulator("e6m9")})
    assert not (tmp_path / "dpi").exists()


def test_the_package_has_the_accumulators_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--accumulator", "half=Accumulator('e6m9')"]
    assert main(["dpi", *given, "--out", str(tmp_path)]) == 0
    text = (tmp_path / "lowfloat_pkg.sv").read_text()
    assert "// Accumulator('e6m9')" in text
    assert "localparam accumulator_t half = " in text
    assert main(["dpi", *given, *given, "--out", str(tmp_path)]) == 2
    assert "two accumulators have one name" in capsys.readouterr().err
    assert main(["dpi", "--accumulator", "half", "--out", str(tmp_path)]) == 2
    assert "write NAME=TEXT" in capsys.readouterr().err
