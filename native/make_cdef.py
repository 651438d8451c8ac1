"""Write the declarations of headers for cffi's parser, which takes plain C only.

Kept are all lines but preprocessor directives and what they guard for C++; of the directives,
LF_ABI_VERSION, which cffi reads as an integer constant. Added is the one function that C calls in
Python.
"""

import re
import sys
from pathlib import Path

*headers, output = map(Path, sys.argv[1:])
text = "".join(header.read_text(encoding="utf-8") for header in headers)
plain_c = re.sub(r"#ifdef __cplusplus\n(.*\n)*?#endif\n", "", text)
lines = [x for x in plain_c.splitlines() if not re.match(r"#(?!define LF_ABI_VERSION )", x)]
lines.append('extern "Python" int32_t lf_tell_python(void *context, uint64_t steps);')
output.write_text("\n".join(lines) + "\n", encoding="utf-8")
