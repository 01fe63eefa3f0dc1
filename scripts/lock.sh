#!/bin/sh
# Write the locks. The widest is resolved; the others are cut from it, so that all of them agree.
set -eu
if ! command -v uv >/dev/null 2>&1; then
    echo "make lock needs uv; nothing else in this project does." >&2
    exit 1
fi
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
        --no-emit-index-url --no-emit-find-links "$@"
}
compile pyproject.toml --extra embedded --group dev --output-file requirements-dev.lock "$@"
compile pyproject.toml --extra embedded --group build -c requirements-dev.lock --output-file requirements.lock
compile pyproject.toml -c requirements-dev.lock --output-file requirements-prod.lock
compile --group pyproject.toml:build -c requirements-dev.lock --output-file requirements-build.lock
