"""`python -m converter`, and `dilatednet`: the process of one command."""

import gc
import sys

from converter.cli import main

_OBJECTS = 50_000


def run() -> None:
    """Run the command line, and end the process with its exit code.

    Importing makes tens of thousands of objects and no garbage: Python's collector, left at its 700, would look through
    them again and again, and once more at the end, for a sixth of the time that a short command takes.
    """
    gc.set_threshold(_OBJECTS)
    try:
        sys.exit(main())
    finally:
        gc.freeze()


if __name__ == "__main__":
    run()
