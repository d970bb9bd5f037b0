"""`python -m stagelab` is `stagelab`."""

import sys

from stagelab.cli import main

sys.exit(main())
