"""`python -m crayfish_spark`: the driver of one run."""

import sys

from .driver import main

sys.exit(main())
