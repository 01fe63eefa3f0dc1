#!/bin/sh
# Usage: venv.sh LOCK STAMP...   Make .venv when it is missing, install LOCK and this project into it, touch the stamps.
set -eu
lock=$1
shift

usable() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if ! usable .venv/bin/python; then
    found=
    for candidate in ${PYTHON:-} python3.12 python3.13 python3.11 python3.14 python3; do
        if usable "$candidate"; then found=$candidate && break; fi
    done
    if [ -z "$found" ]; then
        echo "Relance needs Python 3.11 or later with its venv module (Debian: python3-venv); PYTHON=/path/to/python names one." >&2
        exit 1
    fi
    "$found" -m venv --clear .venv
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1
echo "Installing $lock into .venv"
.venv/bin/python -m pip install --quiet --require-hashes -r "$lock"
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
# pip compiles what it installs, not what stays in the clone: the first start should not pay for it.
.venv/bin/python -m compileall -q src migrations || true
touch "$@"
