#!/usr/bin/env bash
# Prints the folder of moto, a server that speaks S3.
set -euo pipefail
version=5.2.5
exec "$(dirname "$0")/python-home.sh" "moto-$version" "moto[server,s3]==$version"
