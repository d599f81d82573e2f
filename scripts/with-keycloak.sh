#!/usr/bin/env bash
# with-keycloak.sh COMMAND...: runs the command beside a private, throw-away Keycloak at KEYCLOAK_URL, with the realm of
# `keycloak/lender.json` and the administrator `admin`, KEYCLOAK_PASSWORD.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
. "$scripts/beside.sh"

[[ $# -gt 0 ]] || { echo "usage: $0 COMMAND..." >&2; exit 2; }
program=$("$scripts/keycloak-home.sh")
home=$(mktemp -d /tmp/razao-keycloak.XXXXXX)

# It writes into its own folder, so each run has a copy; the jars are linked.
cp -rl "$program" "$home/keycloak"
mkdir -p "$home/keycloak/data/import"
cp "$scripts/keycloak/lender.json" "$home/keycloak/data/import/"
export KEYCLOAK_PASSWORD
KEYCLOAK_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')

start() {
  port=$("$scripts/free-port.sh")
  # `setpriv` ties its life to this script's, even through kill -9.
  JAVA_OPTS_APPEND='-Xms64m -Xmx384m' KC_BOOTSTRAP_ADMIN_USERNAME=admin KC_BOOTSTRAP_ADMIN_PASSWORD=$KEYCLOAK_PASSWORD \
    setpriv --pdeathsig KILL "$home/keycloak/bin/kc.sh" start-dev --db=dev-mem --http-host=127.0.0.1 \
    "--http-port=$port" --import-realm >"$home/log" 2>&1 &
  server=$!
  for _ in {1..1800}; do
    kill -0 "$server" 2>/dev/null || return 1
    grep -q 'Listening on:' "$home/log" && return 0
    sleep 0.1
  done
  return 1
}

# Somebody may take the port between its choice and its use.
start || start || { cat "$home/log" >&2; exit 1; }
export KEYCLOAK_URL=http://127.0.0.1:$port

run "$@"
