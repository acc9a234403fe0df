"""``python -m rtdiff``."""

import sys

from rtdiff.cli import main

sys.exit(main())
