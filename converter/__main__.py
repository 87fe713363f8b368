"""`python -m converter` is the `dilatednet` command."""

import sys

from converter.cli import main

sys.exit(main())
