"""The C library and its SystemVerilog package, for simulators with DPI-C."""

from lowfloat.vectors.dpi.folder import write_dpi, write_library

__all__ = ["write_dpi", "write_library"]
