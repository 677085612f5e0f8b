"""`python -m lab` is the `lab` command."""

import os
import sys

# As for the `lab` script, nothing is imported from where the user stands, which may be a stranger's run; but for a
# source tree that is run in place.
if sys.path and sys.path[0] == os.getcwd() != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):
    del sys.path[0]

from lab.cli import main

if __name__ == "__main__":
    sys.exit(main())
