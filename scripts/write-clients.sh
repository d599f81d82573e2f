#!/usr/bin/env bash
# Writes the types and operations of the clients from the API document, schemas/openapi.json.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHONDONTWRITEBYTECODE=1 python3 scripts/clients/write.py
