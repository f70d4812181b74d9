# The developer manual, as verbs. `make help` lists them; docs/development.md says what is behind each.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
export PYTHONDONTWRITEBYTECODE := 1

JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60

# Debian 12 packages by purpose. `command:package` is installed only where no such command is found.
DEPS_BUILD := g++:g++ cmake:cmake ninja:ninja-build ccache:ccache python3:python3 ca-certificates \
  libboost1.81-dev libssl-dev nlohmann-json3-dev libspdlog-dev libfmt-dev prometheus-cpp-dev libyaml-cpp-dev \
  libcli11-dev libsqlite3-dev libpq-dev libhiredis-dev zlib1g-dev flite1-dev libpocketsphinx-dev libsphinxbase-dev \
  pocketsphinx-en-us libwebrtc-audio-processing-dev
DEPS_TEST := catch2 postgresql-15 redis-tools curl:curl jq:jq node:nodejs npm:npm
DEPS_LINT := clang-format-19 clang-tidy-19 catch2
DEPS_FUZZ := clang-19 libclang-rt-19-dev

# The packages of the end-to-end tests, installed again when their lock file changes.
E2E_MODULES := $(patsubst %,tests/e2e/node_modules/.%,$(notdir $(wildcard tests/e2e/package-lock.json)))

INSTALL := bash cmake/install_packages.sh

.PHONY: help deps build run test asan tsan lint format fuzz bench bench-webhooks docs clean
.PHONY: deps-test deps-lint deps-fuzz build-dev build-asan build-tsan

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install the missing Debian packages that Trunkline is built with
	@$(INSTALL) $(DEPS_BUILD)

build: deps ## release build: build/release/trunkline
	@cmake --preset release -DTRUNKLINE_TESTS=OFF >/dev/null
	@cmake --build --preset release -j $(JOBS)

run: build ## build, start on 127.0.0.1:8080 and place one simulated call of each provider (HOST, PORT, DATA_DIR)
	@HOST="$${HOST:-127.0.0.1}" exec build/release/trunkline serve --demo

test: deps-test build-dev $(E2E_MODULES) ## unit, integration and end-to-end tests
	@python3 tests/run.py build/dev unit integration fuzz e2e

asan: deps-test build-asan ## unit, integration and fuzz corpora under AddressSanitizer and UBSan
	@python3 tests/run.py build/asan unit integration fuzz --patience 5

tsan: deps-test build-tsan ## the same under ThreadSanitizer
	@python3 tests/run.py build/tsan unit integration fuzz --patience 10

lint: deps-lint ## clang-format, clang-tidy and the direction of includes
	@cmake --preset dev >/dev/null
	@python3 tests/lint.py build/dev

format: deps-lint ## rewrite the sources as clang-format wants them
	@python3 tests/lint.py --format

fuzz: deps-fuzz ## run each fuzz target for FUZZ_SECONDS (60)
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS) --target fuzzers
	@python3 tests/fuzz/run.py build/fuzz --seconds $(FUZZ_SECONDS)

bench: build ## relay benchmark beside its baselines; docs/performance.md says how to read it
	@bench/run

bench-webhooks: build ## webhooks on Postgres and Redis beside a Node service; needs wrk and node
	@bench/webhooks

docs: deps-test ## write the pages anew that the code generates: configuration, call states
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev -j $(JOBS) --target unit_config unit_calls
	@TRUNKLINE_UPDATE_REFERENCE=1 build/dev/tests/unit_config "the committed reference is what the table says"
	@TRUNKLINE_UPDATE_REFERENCE=1 build/dev/tests/unit_calls "the committed transition tables are what apply() does"

clean: ## remove everything that was built
	rm -rf build tests/e2e/node_modules

deps-test: deps
	@$(INSTALL) $(DEPS_TEST)

deps-lint: deps
	@$(INSTALL) $(DEPS_LINT)

deps-fuzz: deps
	@$(INSTALL) $(DEPS_FUZZ)

build-dev build-asan build-tsan: build-%:
	@cmake --preset $* >/dev/null
	@cmake --build --preset $* -j $(JOBS)

tests/e2e/node_modules/.package-lock.json: tests/e2e/package-lock.json
	npm ci --prefix tests/e2e --no-audit --no-fund
