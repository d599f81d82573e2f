#!/usr/bin/env bash
# Prints the folder of schemathesis, which tries an API by its document, after putting it there from PyPI the first time.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.32.5
home=$PWD/target/schemathesis-$version
if [[ ! -d $home ]]; then
  echo "schemathesis: fetching schemathesis $version from PyPI, once" >&2
  mkdir -p target
  # Marked when complete, so that half an installation is never taken for one. It cannot be renamed: its scripts name it.
  python3 -m venv "$home.partial" >&2
  "$home.partial/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" >&2
  ln -sfn "$home.partial" "$home"
fi
echo "$home"
