# Two commands on a fresh machine: `make run` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# rustup puts cargo here and on the PATH of new shells only.
export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
# Tools of `make check`, compiled once for every checkout.
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/razao/tools
BINARY := $(or $(CARGO_TARGET_DIR),target)/release/razao

.PHONY: help
help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Install what is missing, build, start Razão with the demo book (ARGS="--listen 127.0.0.1:9000")
	@exec $(BINARY) up --demo $(ARGS)

.PHONY: test
test: ## Install what is missing, run every test, with real Postgres and real Kafka
	@scripts/install-dependencies.sh build postgres kafka redis s3
	@scripts/with-postgres.sh scripts/with-kafka.sh scripts/with-keycloak.sh scripts/with-s3.sh bash -c 'scripts/test-kafka.sh && scripts/cargo-test.sh "$$@"' - $(ARGS)

.PHONY: build
build: ## Install what is missing and build the release binary
	@scripts/install-dependencies.sh build postgres
	cargo build --release --bin razao

.PHONY: kafka
kafka: ## Start a local Apache Kafka on 127.0.0.1:9092 until stopped (KAFKA_PORT, KAFKA_DATA)
	@scripts/install-dependencies.sh kafka
	@exec scripts/kafka.sh

.PHONY: bench
bench: build ## Measure this machine, beside pgbench on the same Postgres (ARGS=...)
	@PATH="$$(scripts/find-postgres.sh):$$PATH" exec $(BINARY) bench $(ARGS)

.PHONY: crash
crash: build ## Kill servers, Postgres and Kafka at random moments under load, then check that nothing was lost
	@scripts/install-dependencies.sh kafka
	CRASHES=$(or $(CRASHES),20) cargo test --release --package razao --test crash -- --nocapture

.PHONY: fuzz
fuzz: $(TOOLS)/bin/cargo-fuzz ## Feed the schedule engine with requests that the fuzzer grows (FUZZ_SECONDS=60)
	@scripts/install-dependencies.sh build
	@mkdir -p target/fuzz/corpus
	PATH="$(TOOLS)/bin:$$PATH" cargo fuzz run --sanitizer none --target-dir target/fuzz schedule_request \
		target/fuzz/corpus schemas/cases/schedules -- -dict=fuzz/schedule_request.dict -max_len=65536 \
		-timeout=5 -max_total_time=$(or $(FUZZ_SECONDS),60)

.PHONY: fuzz-pack
fuzz-pack: $(TOOLS)/bin/cargo-fuzz ## Feed the reader of auditors' packs with what the fuzzer grows (FUZZ_SECONDS=60)
	@scripts/install-dependencies.sh build
	@mkdir -p target/fuzz/corpus-pack
	PATH="$(TOOLS)/bin:$$PATH" cargo fuzz run --sanitizer none --target-dir target/fuzz pack \
		target/fuzz/corpus-pack -- -max_len=65536 -timeout=5 -max_total_time=$(or $(FUZZ_SECONDS),60)

.PHONY: fuzz-api
fuzz-api: build ## Send 10,000 requests drawn from the API document, and hold the server to it (FUZZ_REQUESTS=..., FUZZ_SEED=...)
	@scripts/install-dependencies.sh s3
	@BINARY=$(abspath $(BINARY)) scripts/fuzz-api.sh $(ARGS)

.PHONY: oracle
oracle: ## Try 20,000 random loans against the oracle, for the night (HISTORIES=...)
	@scripts/install-dependencies.sh build
	RAZAO_HISTORIES=$(or $(HISTORIES),20000) PROPTEST_CASES=$(or $(HISTORIES),20000) \
		cargo test --release --package domain --no-fail-fast --test oracle --test servicing_properties

.PHONY: check
check: fmt-check clippy doc test schemas-check deny machete typos ## Everything that CI checks, in its order

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: fmt-check
fmt-check:
	cargo fmt --all --check

.PHONY: clippy
clippy:
	@scripts/install-dependencies.sh build
	cargo clippy --workspace --all-targets -- -D warnings

# After clippy, whose compiled dependencies it shares.
.PHONY: doc
doc:
	@scripts/install-dependencies.sh build
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

.PHONY: schemas
schemas: ## Write the generated documents again: event schemas, problems, OpenAPI
	@scripts/install-dependencies.sh build
	scripts/write-schemas.sh
	scripts/write-clients.sh

.PHONY: schemas-check
schemas-check: schemas
	git diff --exit-code -- schemas docs/problems.md clients

.PHONY: deny
deny: $(TOOLS)/bin/cargo-deny ## Check the dependencies' licences, sources and duplicates
	$(TOOLS)/bin/cargo-deny --all-features check bans licenses sources

.PHONY: advisories
advisories: $(TOOLS)/bin/cargo-deny ## Check the dependencies against the RustSec advisories (needs the network)
	$(TOOLS)/bin/cargo-deny --all-features check advisories

.PHONY: machete
machete: $(TOOLS)/bin/cargo-machete ## Find dependencies that nothing uses
	$(TOOLS)/bin/cargo-machete

.PHONY: typos
typos: $(TOOLS)/bin/typos ## Find misspelt words
	$(TOOLS)/bin/typos

.PHONY: clean
clean: ## Remove what was built; the data in .razao stays
	cargo clean

$(TOOLS)/bin/cargo-deny: CRATE := cargo-deny@0.20.2
$(TOOLS)/bin/cargo-fuzz: CRATE := cargo-fuzz@0.13.2
$(TOOLS)/bin/cargo-machete: CRATE := cargo-machete@0.9.2
$(TOOLS)/bin/typos: CRATE := typos-cli@1.52.0
$(TOOLS)/bin/%:
	CARGO_TARGET_DIR=$(TOOLS)/target cargo install --quiet --locked --root $(TOOLS) $(CRATE)
	rm -rf $(TOOLS)/target
