#!/usr/bin/env bash
# Prints the folder of moto, a server that speaks S3, after putting it there from PyPI the first time.
set -euo pipefail
cd "$(dirname "$0")/.."

version=5.2.5
home=$PWD/target/moto-$version
if [[ ! -d $home ]]; then
  echo "moto: fetching moto $version from PyPI, once" >&2
  mkdir -p target
  # Marked when complete, so that half an installation is never taken for one. It cannot be renamed: its scripts name it.
  python3 -m venv "$home.partial" >&2
  "$home.partial/bin/pip" install --quiet --disable-pip-version-check "moto[server,s3]==$version" >&2
  ln -sfn "$home.partial" "$home"
fi
echo "$home"
