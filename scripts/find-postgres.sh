#!/usr/bin/env bash
# Prints the folder of the newest installed PostgreSQL server's programs, or fails when there is none of version 15 or later.
# Debian and Ubuntu keep `initdb` and `postgres` off the PATH, one folder a version.
set -euo pipefail
shopt -s nullglob

oldest=15
found=0 folder=
# As `razao` itself, this one and no other where it is named.
if [[ -n ${RAZAO_POSTGRES_BIN:-} ]]; then
  set -- "$RAZAO_POSTGRES_BIN/initdb"
else
  set -- "$(command -v initdb || true)" /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb \
    /opt/homebrew/opt/postgresql@*/bin/initdb /usr/local/pgsql/bin/initdb
fi
for candidate in "$@"; do
  # A link on the PATH may lie apart from its siblings (postgres, pg_ctl, pgbench).
  candidate=$(readlink -f "$candidate") || continue
  [[ -x $candidate && -x ${candidate%/*}/postgres ]] || continue
  major=$("$candidate" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
  if ((major > found)); then found=$major folder=${candidate%/*}; fi
done

if ((found < oldest)); then
  if ((found > 0)); then
    echo "find-postgres: PostgreSQL $oldest or later is needed; the newest here is $found, in $folder" >&2
  else
    echo "find-postgres: no PostgreSQL server programs (initdb, postgres) on the PATH or under /usr/lib/postgresql" >&2
  fi
  exit 1
fi
echo "$folder"
