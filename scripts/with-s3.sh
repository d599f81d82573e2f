#!/usr/bin/env bash
# with-s3.sh COMMAND...: runs the command beside a private, throw-away server that speaks S3 (moto, from PyPI), named by
# AWS_ENDPOINT_URL, with the bucket `anchors`.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
. "$scripts/beside.sh"

[[ $# -gt 0 ]] || { echo "usage: $0 COMMAND..." >&2; exit 2; }
moto=${RAZAO_MOTO:-$("$scripts/moto-home.sh")}
home=$(mktemp -d /tmp/razao-s3.XXXXXX)

start() {
  port=$("$scripts/free-port.sh")
  # `setpriv` ties the server's life to this script's, even through kill -9.
  setpriv --pdeathsig KILL "$moto/bin/moto_server" -H 127.0.0.1 -p "$port" >"$home/log" 2>&1 &
  server=$!
  for _ in {1..600}; do
    kill -0 "$server" 2>/dev/null || return 1
    if curl -fsS -X PUT "http://127.0.0.1:$port/anchors" -o /dev/null 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  return 1
}

# Somebody may take a port between its choice and its use.
start || start || { cat "$home/log" >&2; exit 1; }
export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=razao AWS_SECRET_ACCESS_KEY=none-is-checked

run "$@"
