#!/usr/bin/env bash
# Writes the documents that are generated from the code: event schemas, problems, OpenAPI.
set -euo pipefail
cd "$(dirname "$0")/.."

# A fixture that exists is never written again: it is what was released.
UPDATE_EXPECT=1 cargo test --quiet --package domain --test it event_schemas
# After the schemas, from which it follows.
UPDATE_EXPECT=1 cargo test --quiet --package domain --test it event_document
UPDATE_EXPECT=1 cargo test --quiet --package problems
# Beside the old one first: a failing build must not leave an empty document.
cargo run --quiet --bin razao -- openapi >schemas/openapi.json.new
mv schemas/openapi.json.new schemas/openapi.json
