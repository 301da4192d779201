"""`python -m crayfish_flink`: submit and watch; `... watch JOB PIPELINE`: watch a submitted job."""

import sys

from .driver import main, watch

sys.exit(watch(sys.argv[2], sys.argv[3]) if sys.argv[1:2] == ["watch"] else main())
