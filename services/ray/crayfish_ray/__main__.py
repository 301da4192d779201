"""`python -m crayfish_ray`: drive one run; `... node ARGUMENTS`: be a node (`ray start`)."""

import sys

if sys.argv[1:2] == ["node"]:
    from .node import main as node

    sys.exit(node(sys.argv[2:]))

from .driver import main

sys.exit(main())
