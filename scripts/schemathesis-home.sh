#!/usr/bin/env bash
# Prints the folder of schemathesis, which tries an API by its document.
set -euo pipefail
version=4.32.5
exec "$(dirname "$0")/python-home.sh" "schemathesis-$version" "schemathesis==$version"
