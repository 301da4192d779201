"""`python -m crayfish_flink`: submit and watch; `... watch JOB PIPELINE STOP_S`: only watch."""

import sys

from .driver import main, watch

if sys.argv[1:2] == ["watch"]:
    sys.exit(watch(sys.argv[2], sys.argv[3], float(sys.argv[4])))
sys.exit(main())
