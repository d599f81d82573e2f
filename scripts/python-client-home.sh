#!/usr/bin/env bash
# Prints the folder of a Python environment with the client in clients/python and what its tests need: another one when the
# client needs something else.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
needs=$(sha256sum "$scripts/../clients/python/pyproject.toml" | cut -c1-16)
exec "$scripts/python-home.sh" "python-client-$needs" --editable "$scripts/../clients/python[tests]"
