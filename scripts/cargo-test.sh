#!/usr/bin/env bash
# cargo-test.sh [ARGUMENT...]: `cargo test` over the workspace, closed by one line that adds up its many results.
set -euo pipefail
cd "$(dirname "$0")/.."

add_up() {
  local line programs=0 passed=0 failed=0 ignored=0
  local result='^test result: [a-zA-Z]+\. ([0-9]+) passed; ([0-9]+) failed; ([0-9]+) ignored'
  while IFS= read -r line; do
    printf '%s\n' "$line"
    if [[ $line =~ $result ]]; then
      programs=$((programs + 1)) passed=$((passed + BASH_REMATCH[1]))
      failed=$((failed + BASH_REMATCH[2])) ignored=$((ignored + BASH_REMATCH[3]))
    fi
  done
  printf '\n%d tests passed, %d failed, %d ignored, in %d test programs\n' "$passed" "$failed" "$ignored" "$programs"
}

# The same random cases each time, so that a failure can be repeated; `make oracle` draws others.
export PROPTEST_RNG_SEED="${PROPTEST_RNG_SEED:-1}"
cargo test --workspace --no-fail-fast "$@" | add_up
