"""The child's side: runs one part and writes each finding as a line of JSON."""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import asdict

from converter.pytorch.process_settings import apply_process_settings
from scripts.gpu_check.findings import Setting


def main() -> int:
    """`worker PART SETTING`: all that others print goes to the error stream."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    apply_process_settings()
    name, given = sys.argv[1:3]
    for finding in importlib.import_module(f"scripts.gpu_check.checks.{name}").run(Setting(**json.loads(given))):
        print(json.dumps(asdict(finding)), file=answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
