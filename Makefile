# `make help` lists the targets. CI runs `make test`, and nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup run run-cluster test build release static crash-test bench tsan coverage walks format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing (Debian and Ubuntu, with apt)
	@scripts/setup

run: setup ## Build, start the server and run the example jobs
	@scripts/run

run-cluster: setup ## Run a fleet on a private PostgreSQL: two servers, two workers, and jobs for them
	@scripts/run-cluster

test: setup ## Run every check that CI runs
	@scripts/check

build: setup ## Build everything for debugging, tests included
	swift build --build-tests

release: setup ## Build the optimised binary: .build/release/nightshift
	@scripts/release-build

static: setup ## Build a binary without Swift or SQLite libraries, and try it in a bare Debian
	@scripts/static-build
	@scripts/static-test

crash-test: release ## Kill the server for ten minutes and prove that nothing is lost (MINUTES=10 SEED=…)
	@scripts/release-build crash-worker
	@scripts/crash-test all --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

walks: build ## Do random things to the engine and to a model of it on both databases, and compare (WALKS=5000 SEED=…)
	@scripts/walks

bench: release ## Measure the speed, each figure beside its limit
	@Benchmarks/run

tsan: setup ## Run the engine's tests under the Thread Sanitizer; fails when it finds a race
	@scripts/thread-sanitizer

coverage: setup ## Run the tests and report the coverage of each file
	@scripts/coverage

format: ## Lay out all Swift code as .swift-format says
	swift format --in-place --parallel --recursive Sources Tests Snippets Package.swift

clean: ## Remove what was built
	rm -rf .build .build-*
