#!/usr/bin/env bash
# Prints a TCP port of 127.0.0.1 on which nobody listens. It stays below 32768, where Linux begins to pick the near ends
# of outgoing connections, so that none of those takes it before its user does.
set -euo pipefail

for _ in {1..100}; do
  port=$((20000 + RANDOM % 12000))
  if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    echo "$port"
    exit 0
  fi
done
echo "free-port: 100 ports were taken" >&2
exit 1
