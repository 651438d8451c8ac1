"""Self-checking testbenches, generated: a folder with the cases and a Makefile that runs them."""

from lowfloat.vectors.testbenches.folder import KINDS, write_testbench
from lowfloat.vectors.testbenches.interface import Constant, Handshake, Interface

__all__ = ["KINDS", "Constant", "Handshake", "Interface", "write_testbench"]
