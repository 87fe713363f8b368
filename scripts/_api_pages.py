"""The API reference as HTML, from docstrings by pdoc; a warning ends it."""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PACKAGES = ("converter", "converter.fast", "reference")
LAZY = ("converter", "converter.dilatednet", "converter.pycaffe")
"""Packages whose public names are imported at first use, which pdoc does not do."""


def main() -> int:
    """Write the pages; 0 where no warning came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "-o", "--output", type=Path, default=ROOT / "out" / "api", metavar="DIR", help="default: out/api"
    )
    write_pages(parser.parse_args().output)
    return 0


def write_pages(folder: Path) -> None:
    """The pages of both programs in a folder."""
    import pdoc

    for name in LAZY:
        package = importlib.import_module(name)
        for public in package.__all__:
            setattr(package, public, getattr(package, public))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        pdoc.pdoc(*PACKAGES, output_directory=folder)
    print(f"{folder}: {len(list(folder.rglob('*.html')))} pages; begin at converter.html")


if __name__ == "__main__":
    sys.exit(main())
