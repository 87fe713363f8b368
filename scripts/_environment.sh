# Sourced by the scripts: goes to the project's root and makes .venv (or VENV, by CONSTRAINTS) with what is asked for, once.
# Only what is missing is installed, so that a second run needs no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
VENV=${VENV:-.venv}
CONSTRAINTS=${CONSTRAINTS:-constraints.txt}
PYTHON=$ROOT/$VENV/bin/python

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
# What builds the project is installed beside it, so that nothing is fetched again when only the project changed.
ensure() {
    local extras=$1 sum stamp
    [ -x "$PYTHON" ] || "$(find_python)" -m venv "$ROOT/$VENV"
    sum=$(cat pyproject.toml "$CONSTRAINTS" | cksum | tr ' ' -)
    stamp=$ROOT/$VENV/installed-$sum-${extras:-plain}
    [ -e "$stamp" ] && return
    [ -z "$extras" ] && compgen -G "$ROOT/$VENV/installed-$sum-*" >/dev/null && return
    echo "installing into $VENV (once): the project${extras:+ with $extras}" >&2
    "$PYTHON" -m pip install --quiet --disable-pip-version-check -c "$CONSTRAINTS" torch hatchling editables
    "$PYTHON" -m pip install --quiet --disable-pip-version-check -c "$CONSTRAINTS" --no-build-isolation \
        -e ".${extras:+[$extras]}"
    touch "$stamp"
}
