#!/usr/bin/env bash
# Prints the folder of a Python environment with the client in clients/python and what its tests need, after making it the
# first time, and again when the client needs something else.
set -euo pipefail
cd "$(dirname "$0")/.."

needs=$(sha256sum clients/python/pyproject.toml | cut -c1-16)
home=$PWD/target/python-client-$needs
if [[ ! -d $home ]]; then
  echo "python-client: fetching what the Python client needs from PyPI, once" >&2
  mkdir -p target
  # Marked when complete, so that half an installation is never taken for one. It cannot be renamed: its scripts name it.
  python3 -m venv "$home.partial" >&2
  "$home.partial/bin/pip" install --quiet --disable-pip-version-check --editable 'clients/python[tests]' >&2
  ln -sfn "$home.partial" "$home"
fi
echo "$home"
