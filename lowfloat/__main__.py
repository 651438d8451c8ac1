"""``python -m lowfloat``: the command line."""

import sys

from lowfloat.cli.main import main

sys.exit(main())
