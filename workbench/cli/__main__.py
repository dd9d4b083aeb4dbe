"""`python -m workbench.cli` is `workbench`. The guard is for worker processes, which import this module again."""

import sys

from workbench.cli import main

if __name__ == "__main__":
    sys.exit(main())
