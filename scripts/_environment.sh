# Sourced by the scripts: goes to the project's root and makes .venv with what is asked for, once.
# Only what is missing is installed, so that a second run needs no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
PYTHON=$ROOT/.venv/bin/python

find_python() {
    for name in python3.13 python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "scripts: no Python 3.11 or newer found; install one and run this again" >&2
    exit 2
}

# ensure EXTRAS: installs the project with these extras (comma-separated, may be empty) unless that was done already.
ensure() {
    local extras=$1 stamp
    [ -x "$PYTHON" ] || "$(find_python)" -m venv "$ROOT/.venv"
    stamp=$ROOT/.venv/installed-$(cat pyproject.toml constraints.txt | cksum | tr ' ' -)-${extras:-plain}
    [ -e "$stamp" ] && return
    echo "installing into .venv (once): the project${extras:+ with $extras}" >&2
    "$PYTHON" -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
    "$PYTHON" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".${extras:+[$extras]}"
    touch "$stamp"
}
