"""Say how many prototxts below a folder read and build, and which types and fields stand in the way."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.corpus.pages import as_json, as_markdown, as_text
from scripts.corpus.survey import survey_folder


def main() -> int:
    """Read, build, print; 0 whatever was found, 2 where the folder is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="looked through for *.prototxt and *.pbtxt, folders below included")
    parser.add_argument("--failures", action="store_true", help="also name each file that does not build, and why")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the report as a page of markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write it as JSON, with every net in each phase")
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is no folder")
    found = survey_folder(arguments.folder)
    print(as_text(found, failures=arguments.failures))
    for path, text in ((arguments.markdown, as_markdown), (arguments.json, as_json)):
        if path is not None:
            path.write_text(text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
