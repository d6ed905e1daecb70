# The few commands of this repository; `make help` lists them. Each installs what the machine lacks first
# (tests/setup/machine.sh), and CI runs the same recipes. Nothing is built here by make itself: cargo does.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test build fix lint bench soak e2e e2e-short reference kubernetes-up kubernetes-down kubernetes-smoke generate image

setup := tests/setup
environment := . $(setup)/environment.sh
# Arguments for the program that run, bench or soak starts: make run ARGS="--data-dir=/tmp/store"
ARGS ?=
SCENARIO ?=

help: ## List the commands
	@grep -hE '^[a-z0-9-]+: ## ' $(MAKEFILE_LIST) | sed 's/^\([a-z0-9-]*\): ## /\1\t/' | expand -t 20 | sed 's/^/make /'

run: ## Build the server and run it in the foreground (ARGS="..." for its flags)
	@$(setup)/prepare.sh build
	@$(environment); cargo build --locked -p holdfast; exec "$$CARGO_TARGET_DIR/debug/holdfast" $(ARGS)

test: ## Check, test and compare everything, as CI does
	@$(setup)/test.sh

build: ## Build the release binary; the last line is its path
	@$(setup)/prepare.sh build
	@$(environment); cargo build --locked --release -p holdfast; echo "$$CARGO_TARGET_DIR/release/holdfast"

fix: ## Format, and apply what clippy can put right
	@$(setup)/fix.sh

lint: ## Check without changing anything: format, tidy, clippy, documentation, dependencies
	@$(setup)/lint.sh

bench: ## Measure against etcd on this machine (ARGS="--help" for the options)
	@$(setup)/bench.sh $(ARGS)

soak: ## Kill a node under load for a long time and look for lost writes (ARGS="..." for its options)
	@$(setup)/soak.sh $(ARGS)

e2e: ## Run all scenarios on a real Kubernetes (SCENARIO=D3 for one, ARGS="--list" to see them)
	@tests/e2e/run.sh $(SCENARIO) $(ARGS)

e2e-short: ## Run the scenarios that every change is tested with, in 15 minutes at most
	@tests/e2e/run.sh --short --parallel 2 $(ARGS)

reference: ## Build etcd and its tools, which tests and bench compare with
	@$(setup)/prepare.sh test
	@$(environment); $(setup)/reference-tools.sh

generate: ## Write anew what follows from the resources and the chart: crds/, deploy/, all fields
	@$(setup)/prepare.sh build
	@$(environment); $(setup)/generate.sh

image: ## Build the images of server and operator with docker or buildah (ARGS=--prebuilt compiles here)
	@$(setup)/image.sh $(ARGS)

kubernetes-up: ## Start a Kubernetes of several nodes that stores in Holdfast; needs root
	@$(setup)/prepare.sh kubernetes
	@$(environment); [ -n "$${HOLDFAST_BIN:-}" ] || cargo build --locked -p holdfast; tests/kubernetes/cluster.sh up

kubernetes-down: ## End that Kubernetes and remove all that it had
	@tests/kubernetes/cluster.sh down

kubernetes-smoke: ## Try what tests rely on in that Kubernetes: pods, volumes, drain, loss of a node
	@tests/kubernetes/smoke.sh
