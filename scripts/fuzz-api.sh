#!/usr/bin/env bash
# fuzz-api.sh [ARGUMENT...]: starts a private, throw-away server with a small book, and lets schemathesis send it at least
# FUZZ_REQUESTS requests (10,000) drawn from its API document. Fails where the server breaks, or answers anything but what
# the document says. BINARY names the server's program, FUZZ_SEED repeats a run; ARGUMENTs go to `schemathesis run`.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
. "$scripts/beside.sh"
ending=TERM # the server ends its PostgreSQL

binary=${BINARY:?names the program of the server}
requests=${FUZZ_REQUESTS:-10000}
tool=$("$scripts/schemathesis-home.sh")
home=$(mktemp -d /tmp/razao-fuzz-api.XXXXXX)
FUZZ_TODAY=2026-03-10
FUZZ_SEED=${FUZZ_SEED:-$RANDOM}

# Tokens are asked for, so that it is noticed where they are not. Nothing else limits who sends ten thousand requests.
RAZAO_REQUIRE_TOKEN=true RAZAO_DATA_DIR=$home/data "$binary" up --listen 127.0.0.1:0 --today $FUZZ_TODAY >"$home/log" 2>&1 &
server=$!
for _ in {1..1200}; do
  kill -0 "$server" 2>/dev/null || { cat "$home/log" >&2; exit 1; }
  if [[ -s $home/data/razao.addr ]] && curl -fsS "$(<"$home/data/razao.addr")/health/ready" -o /dev/null 2>/dev/null; then break; fi
  sleep 0.1
done
FUZZ_SERVER=$(<"$home/data/razao.addr")
roles=()
for role in integrator operator approver finance auditor admin; do roles+=(--role "$role"); done
FUZZ_TOKEN=$("$binary" token "${roles[@]}" --subject fuzz --lifetime 86400 --data-dir "$home/data")
export FUZZ_SERVER FUZZ_TOKEN FUZZ_TODAY FUZZ_SEED PYTHONPATH=$scripts/fuzz-api PYTHONDONTWRITEBYTECODE=1
"$binary" demo --loans 15 --until $FUZZ_TODAY --server "$FUZZ_SERVER" --token "$FUZZ_TOKEN" >"$home/demo" 2>&1 || { cat "$home/demo" >&2; exit 1; }

# So many cases of each operation in the phases that draw them at random: half of all, at least. The tool's own cases of
# what lies at the edges of the document are as many again, by the document's size.
operations=$("$tool/bin/python" - "$FUZZ_SERVER" <<'PYTHON'
import json, sys, urllib.request
document = json.load(urllib.request.urlopen(sys.argv[1] + "/openapi.json"))
print(sum(len(item) for item in document["paths"].values()))
PYTHON
)
each=$(((requests / 2 + operations - 1) / operations))

cd "$scripts/fuzz-api" # its settings are found there
status=0
"$tool/bin/st" run "$FUZZ_SERVER/openapi.json" --seed "$FUZZ_SEED" --max-examples "$each" --continue-on-failure \
  --request-timeout 30 --generation-database none --no-color --phases "${FUZZ_PHASES:-examples,coverage,fuzzing,stateful}" \
  "$@" 2>&1 | tee "$home/report" || status=1

sent=$(sed -nE 's/^ +([0-9]+) generated.*/\1/p' "$home/report")
echo "fuzz-api: ${sent:-0} requests with the seed $FUZZ_SEED"
if ((status == 0 && ${sent:-0} < requests)); then
  echo "fuzz-api: fewer than $requests requests were sent" >&2
  status=1
fi
# What the tool does not see: whatever the server itself calls an error.
if grep -E '"level":"ERROR"|panicked' "$home/log" >&2; then
  echo "fuzz-api: the server logged errors" >&2
  status=1
fi
kill -TERM "$server" && wait "$server" || status=1
server=''
exit "$status"
