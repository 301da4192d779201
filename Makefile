# The usual commands; each is a line that calls the controller. `crayfish --help` has all of them.
#   make bench EXP=input-rate [PROFILE=laptop] [SP=flink] [RUNTIME=python] [TOOL=onnx] [MODEL=ffnn] [REPS=2] [TARGET=swarm] [KAFKA=HOST:PORT] [ARGS="..."]

EXP ?= input-rate
PROFILE ?= laptop
CRAYFISH := .venv/bin/crayfish
CHOICES := --profile $(PROFILE) $(if $(SP),--sp $(SP)) $(if $(RUNTIME),--runtime $(RUNTIME)) $(if $(TOOL),--tool $(TOOL)) \
	$(if $(MODEL),--model $(MODEL)) $(if $(REPS),--reps $(REPS)) $(if $(KAFKA),--kafka "$(KAFKA)") $(ARGS)

.PHONY: help bench plan report doctor images ls perf test lint unit e2e lock clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

bench: setup ## run an experiment: make bench EXP=input-rate
	$(CRAYFISH) run "$(EXP)" $(CHOICES) $(if $(TARGET),--target $(TARGET))

plan: setup ## show what would run, and how long
	$(CRAYFISH) plan "$(EXP)" $(CHOICES)

report: setup ## write a report anew: make report DIR=results/...
	$(CRAYFISH) report "$(DIR)"

doctor: setup ## what is there, what is missing, how to mend it
	$(CRAYFISH) doctor

images: setup ## build the images that are missing or out of date
	$(CRAYFISH) images

ls: setup ## processors, tools, models, profiles, experiments
	$(CRAYFISH) ls

perf: setup ## our producer against Kafka's own performance tool
	$(CRAYFISH) perf

test: setup ## everything that CI checks
	$(MAKE) -j2 --output-sync=target lint unit
	$(MAKE) e2e

lint: setup ## ruff and mypy
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

unit: setup ## unit and contract tests: no engine needed
	.venv/bin/pytest -n auto --maxprocesses 4 --durations=8 tests/unit tests/contract

e2e: setup ## real containers
	$(CRAYFISH) images
	.venv/bin/pytest --durations=8 tests/e2e

lock: ## resolve all dependencies anew
	scripts/lock

clean: ## remove what crayfish left running, and its caches
	-$(CRAYFISH) down
	rm -rf .cache .venv .mypy_cache .ruff_cache .pytest_cache

.PHONY: setup
setup:
	@scripts/bootstrap
