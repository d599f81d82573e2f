#!/usr/bin/env bash
# python-home.sh NAME REQUIREMENT...: prints the folder of a Python environment of that name with what is required, after
# putting it there from PyPI the first time. The name tells versions apart.
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1
shift
home=$PWD/target/$name
if [[ ! -d $home ]]; then
  echo "$name: fetching it from PyPI, once" >&2
  mkdir -p target
  # Marked when complete, so that half an installation is never taken for one. It cannot be renamed: its scripts name it.
  python3 -m venv "$home.partial" >&2
  "$home.partial/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
  ln -sfn "$home.partial" "$home"
fi
echo "$home"
