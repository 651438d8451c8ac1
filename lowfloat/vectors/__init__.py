"""Test vectors for RTL units: operands, the expected result and the expected flags, as text.

Vectors are in TestFloat's grammar, one case per line; a manifest beside the file says what the
columns mean and which file it describes.
"""

from lowfloat.vectors.cases import VECTOR_OPERATIONS, Unit
from lowfloat.vectors.checking import Mismatch, Report, check
from lowfloat.vectors.manifest import read_manifest
from lowfloat.vectors.reading import Table, VectorFileError, read
from lowfloat.vectors.testbenches import Constant, Handshake, Interface, write_testbench
from lowfloat.vectors.writing import Written, write, write_to

__all__ = [
    "VECTOR_OPERATIONS",
    "Constant",
    "Handshake",
    "Interface",
    "Mismatch",
    "Report",
    "Table",
    "Unit",
    "VectorFileError",
    "Written",
    "check",
    "read",
    "read_manifest",
    "write",
    "write_testbench",
    "write_to",
]
