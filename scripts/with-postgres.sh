#!/usr/bin/env bash
# with-postgres.sh COMMAND...: runs the command beside a private, throw-away PostgreSQL named by DATABASE_URL.
# The server keeps nothing, so it may skip fsync; what is claimed about durability is tested against `razao up`.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
. "$scripts/beside.sh"
ending=QUIT

[[ $# -gt 0 ]] || { echo "usage: $0 COMMAND..." >&2; exit 2; }
programs=$("$scripts/find-postgres.sh")
home=$(mktemp -d /tmp/razao-postgres.XXXXXX) # short: a Unix socket's path may have 107 characters

# PostgreSQL refuses to run as root. `setpriv` also ties the server's life to this script's, even through kill -9.
drop=(setpriv --pdeathsig QUIT)
if [[ $(id -u) == 0 ]]; then
  user=$(id -un postgres 2>/dev/null || echo nobody)
  drop+=(--reuid "$user" --regid "$(id -g "$user")" --clear-groups)
fi

# Any local user can reach a port of 127.0.0.1, hence a password; md5 because hundreds of test pools log in.
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "$password" >"$home/password"
if [[ $(id -u) == 0 ]]; then chown -R "$user" "$home"; fi
if ! (
  cd "$home" # the server's user may not enter the caller's folder
  exec "${drop[@]}" "$programs/initdb" --pgdata data --username postgres --pwfile password \
    --auth-local trust --auth-host md5 --encoding UTF8 --locale C --no-sync >initdb.log 2>&1
); then
  cat "$home/initdb.log" >&2
  exit 1
fi

# Every database that a test drops is a checkpoint: without wal_keep_size it takes away what a replica still has to read.
start() {
  port=$("$scripts/free-port.sh")
  (
    cd "$home"
    exec "${drop[@]}" "$programs/postgres" -D data -c listen_addresses=127.0.0.1 -c "port=$port" \
      -c "unix_socket_directories=$home" -c max_connections=300 -c shared_buffers=256MB -c max_wal_size=4GB \
      -c wal_keep_size=1GB -c fsync=off -c full_page_writes=off -c timezone=UTC -c logging_collector=off
  ) >"$home/log" 2>&1 &
  server=$!
  for _ in {1..600}; do
    kill -0 "$server" 2>/dev/null || return 1
    "$programs/pg_isready" -q -h 127.0.0.1 -p "$port" && return 0
    sleep 0.05
  done
  return 1
}

# Somebody may take the port between its choice and its use.
start || start || start || { cat "$home/log" >&2; exit 1; }
export DATABASE_URL="postgres://postgres:$password@127.0.0.1:$port/postgres"

run "$@"
