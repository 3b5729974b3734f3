#!/usr/bin/env bash
# Writes requirements/base.txt (what himaya needs to run), requirements/dev.txt (that, plus tests and checks) and
# requirements/build.txt (what makes a wheel of it).
#
# Every package is locked by version and by the sha256 of every published file, so that another platform can
# install it too. The files hold no addresses: where packages come from is the choice of who installs.
# LOCK_ARGS is handed to the resolver, for example LOCK_ARGS="--upgrade-package duckdb" or LOCK_ARGS=--upgrade.
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9 # the resolver; kept out of the product's own environment
PYTHON=${PYTHON:-$(tools/find_python.sh)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$PYTHON" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet "uv==$UV_VERSION"

compile() { # $1: the file to write; the rest: what to resolve
    local out=$1
    shift
    # shellcheck disable=SC2086  # LOCK_ARGS is a list of words on purpose
    "$scratch/venv/bin/uv" pip compile --quiet --system-certs --no-config --universal --python-version 3.11 \
        --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
        ${LOCK_ARGS:-} --output-file "$out" "$@"
    if grep -nE '://|^-' "$out"; then
        echo "lock: $out holds an address or an option; it is not kept" >&2
        exit 1
    fi
}

# The development lock comes first: what runs in production is exactly what was tested.
mkdir -p requirements
cp requirements/dev.txt "$scratch/dev.txt" 2>/dev/null || true
compile "$scratch/dev.txt" pyproject.toml --extra storage --extra spark --extra postgres --extra pdf --group pyproject.toml:dev
compile "$scratch/base.txt" pyproject.toml --constraint "$scratch/dev.txt"
compile "$scratch/build.txt" --group pyproject.toml:build --constraint "$scratch/dev.txt"
cp "$scratch/dev.txt" "$scratch/base.txt" "$scratch/build.txt" requirements/
for name in base dev build; do
    echo "lock: $(grep -c '==' requirements/$name.txt) packages in $name.txt"
done
