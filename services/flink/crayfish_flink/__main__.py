"""`python -m crayfish_flink`: submit and watch; `... watch JOB`: watch a submitted job."""

import sys

from .driver import main, watch

sys.exit(watch(sys.argv[2]) if sys.argv[1:2] == ["watch"] else main())
