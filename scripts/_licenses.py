"""Licenses of what the package needs at run time, and known vulnerabilities where pip-audit can ask for them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, requires
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PERMISSIVE = re.compile(r"\b(MIT|BSD|Apache|PSF|Python Software Foundation|HPND|ISC|Unlicense|0BSD|Zlib|CNRI)\b", re.I)
WEAK_COPYLEFT = re.compile(r"\bMPL|Mozilla\b", re.I)
"""Files under it may be used unchanged by a program of any license: tqdm's and certifi's."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def main() -> int:
    """Print a line a package; 1 where a license is none of those that may be used beside MIT."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found = {name: license_of(name) for name in sorted(closure(declared))}
    for name, text in found.items():
        print(f"{name:24} {text}")
    refused = [name for name, text in found.items() if not (PERMISSIVE.search(text) or WEAK_COPYLEFT.search(text))]
    if refused:
        print(f"licenses: {', '.join(refused)}: not permissive; look at them before they are used", file=sys.stderr)
    audit()
    return 1 if refused else 0


def closure(requirements: list[str]) -> set[str]:
    """Names of these packages and of all that they need, as far as they are installed."""
    waiting, found = list(requirements), set()
    while waiting:
        requirement = waiting.pop()
        match = _NAME.match(requirement)
        if match is None or "extra ==" in requirement:
            continue
        name = match.group().lower().replace("_", "-")
        try:
            needs = requires(name) or []
        except PackageNotFoundError:
            continue  # of another platform or Python
        if name not in found:
            found.add(name)
            waiting += needs
    return found


def license_of(name: str) -> str:
    """What a package's metadata say: the expression, else the classifiers, else the field's first line.

    The field comes last because older packages hold the license's whole text there.
    """
    about = metadata(name)
    classified = [
        line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or [] if line.startswith("License")
    ]
    field = (about.get("License") or "").strip().partition("\n")[0]
    return about.get("License-Expression") or ", ".join(classified) or field or "not stated"


def audit() -> None:
    """Known vulnerabilities, where pip-audit is installed and reaches its database; else why not."""
    if find_spec("pip_audit") is None:
        print("pip-audit: not installed, known vulnerabilities were not asked for")
        return
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--timeout", "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        print("pip-audit: no known vulnerability")
        return
    lines = (done.stdout + done.stderr).strip().splitlines()
    print(f"pip-audit: {lines[-1] if lines else 'no output'}")


if __name__ == "__main__":
    sys.exit(main())
