#!/usr/bin/env bash
# with-kafka.sh COMMAND...: runs the command beside a private, throw-away Kafka broker named by KAFKA_BROKERS. With TLS
# and a login (`razao`, KAFKA_PASSWORD; trust KAFKA_CA) it is at KAFKA_TLS_BROKERS.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
. "$scripts/beside.sh"

[[ $# -gt 0 ]] || { echo "usage: $0 COMMAND..." >&2; exit 2; }
"$scripts/kafka-libs.sh" >/dev/null
home=$(mktemp -d /tmp/razao-kafka.XXXXXX)
: >"$home/log"

start() {
  port=$("$scripts/free-port.sh")
  tls_port=$("$scripts/free-port.sh")
  [[ $tls_port != "$port" ]] || return 1
  rm -rf "$home/data"
  # `setpriv` ties the broker's life to this script's, even through kill -9.
  KAFKA_PORT=$port KAFKA_TLS_PORT=$tls_port KAFKA_DATA=$home/data setpriv --pdeathsig KILL "$scripts/kafka.sh" >"$home/log" 2>&1 &
  server=$!
  for _ in {1..600}; do
    kill -0 "$server" 2>/dev/null || return 1
    grep -q 'Kafka Server started' "$home/log" && return 0
    sleep 0.1
  done
  return 1
}

export KAFKA_PASSWORD
KAFKA_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
# Somebody may take a port between its choice and its use.
start || start || { cat "$home/log" >&2; exit 1; }
export KAFKA_BROKERS=127.0.0.1:$port KAFKA_TLS_BROKERS=127.0.0.1:$tls_port KAFKA_CA=$home/data/ca.pem

run "$@"
