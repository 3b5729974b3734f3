#!/usr/bin/env bash
# Prints the interpreter that builds .venv: the first of python3.11, python3 and newer ones that is 3.11 or later.
set -euo pipefail
for name in python3.11 python3 python3.12 python3.13 python3.14; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        command -v "$name"
        exit 0
    fi
done
echo "himaya needs Python 3.11 or later and found none. On Debian 12: apt-get install python3.11" >&2
exit 1
