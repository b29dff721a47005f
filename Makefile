# Here and not in .SHELLFLAGS, which macOS's make 3.81 does not know.
SHELL := bash -eu -o pipefail
.SHELLFLAGS := -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
ARGS ?=
AGAINST ?=
IMAGES ?=
CLUSTER ?=
REQUIRE_ENGINE ?=
TRIGLOT_TAG ?=
QUICK ?=
SEED ?=
SECONDS ?= 60

# Go, Node, buf and the Temporal CLI come as wheels: .venv/bin is the only toolchain that is needed.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export GOTOOLCHAIN := local
export CGO_ENABLED := 0

# What tests and docker compose read.
export IMAGES REQUIRE_ENGINE
comma := ,
export COMPOSE_ENV_FILES := .env$(if $(IMAGES),$(comma)$(IMAGES))
export COMPOSE_FILE := docker-compose.yml$(if $(CLUSTER),:deploy/cluster/docker-compose.yml)

VENV := .venv/.installed
NODE_MODULES := typescript/node_modules/.package-lock.json
GO_MODULES := build/.go-modules
GO_SOURCES := $(shell find go -name '*.go' -o -name '*.s' 2>/dev/null)
TYPESCRIPT_SOURCES := $(shell find typescript/src typescript/payload-converter/src -name '*.ts' -o -name asconfig.json 2>/dev/null)
GO_BINARIES := build/.go-built
TYPESCRIPT_BUILD := build/.typescript-built

NUMBA := .venv/.numba-installed
PYTHON_CODE := python/src python/tests tests docs/images deploy
AUDIT_TOOLS := build/audit/.installed
PYTEST := pytest -c python/pyproject.toml --rootdir .

.PHONY: help
help: ## print this help
	@awk 'BEGIN {FS = ":.*## "; print "Triglot: one contract, three languages, one durable workflow.\n\nUsage: make TARGET [ARGS=...]"} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

##@ Run

.PHONY: demo
demo: build ## one report on the default data, start to verdict (ARGS="--scenarios 1M --json")
	@triglot demo $(ARGS)

.PHONY: race
race: build ## three languages on one queue, killed at will, and a verdict (ARGS="--kill go@20%")
	@triglot race $(ARGS)

.PHONY: dev
dev: build ## the same stack in the foreground with the Web UI, until Ctrl-C
	@triglot dev $(ARGS)

.PHONY: bench
bench: build $(NUMBA) ## languages and SDKs side by side, fourteen minutes (QUICK=1: a good minute; ARGS="--section kernel")
	@triglot bench run $(if $(QUICK),--quick) $(ARGS)

.PHONY: doctor
doctor: ## list the tools that were found against those that are needed
	@command -v $(PYTHON) > /dev/null || { echo "doctor: there is no $(PYTHON); install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -m venv --help > /dev/null 2>&1 || { echo "doctor: $(PYTHON) has no venv module; install it (Debian: python3-venv)" >&2; exit 1; }
	@$(MAKE) --silent setup
	@triglot doctor

##@ Build

.PHONY: setup
setup: $(VENV) $(NODE_MODULES) $(GO_MODULES) ## install what the locks name: .venv, node_modules, Go modules

.PHONY: build
build: setup $(GO_BINARIES) $(TYPESCRIPT_BUILD) ## compile the Go and TypeScript workers

.PHONY: generate
generate: setup ## compile proto/ into every language, publish schemas, renew tables in docs
	@python -m triglot.contract.generate
	@python -m triglot.contract.option_page
	@cp proto/temporal/v1/temporal.proto python/src/triglot/contract/include/temporal/v1/
	@python -m triglot.risk.schemas
	@python python/tests/risk/input_table.py
	@go -C go generate ./internal/kernel

.PHONY: pictures
pictures: build ## take the pictures of the docs anew; needs Chromium
	@python docs/images/take.py

.PHONY: update-locks
update-locks: $(VENV) ## renew every lock, then install from them in a clean folder
	@deploy/update-locks

.PHONY: clean
clean: ## delete what was built and installed, and what the containers stored; keep the runs in .triglot
	@if [[ ! -d .triglot/secrets ]]; then :; \
	elif [[ -x .venv/bin/python ]] && docker info > /dev/null 2>&1; then python -m triglot.cli.containers clean; \
	else echo "clean: what containers stored stays: that needs .venv (make setup) and a container engine" >&2; fi
	rm -rf .venv build go/bin typescript/dist typescript/payload-converter/dist typescript/node_modules

##@ Containers

ENGINE = @{ docker compose version && docker buildx version && docker info; } > /dev/null 2>&1 || \
  { echo "make $@ needs a container engine with docker's plugins compose and buildx; make dev needs none" >&2; exit 1; }

.PHONY: up
up: $(VENV) ## build the images, start the stack in containers, wait until it is ready (ARGS="--scale simulation=3", COMPOSE_PROFILES=polyglot)
	$(ENGINE)
	@$(MAKE) images
	@python -m triglot.cli.containers up $(ARGS)

.PHONY: down
down: $(VENV) ## stop and remove the containers; keep what they stored
	@python -m triglot.cli.containers down

.PHONY: logs
logs: ## the containers' logs (ARGS="--follow simulation")
	$(ENGINE)
	@docker compose --profile '*' logs $(ARGS)

.PHONY: ps
ps: ## the containers and their health
	$(ENGINE)
	@docker compose --profile '*' ps --all $(ARGS)

.PHONY: images
images: ## build the workers' images (IMAGES=deploy/offline/images.env: on stand-ins)
	$(ENGINE)
	@[[ -f $(or $(IMAGES),.env) ]] || { echo "images: there is no file $(IMAGES)" >&2; exit 1; }
	@set -a; source ./.env; source $(or $(IMAGES),./.env); TRIGLOT_TAG=$(or $(TRIGLOT_TAG),$$TRIGLOT_TAG); \
	  TRIGLOT_VERSION=$$(sed -n 's/^version = "\(.*\)"/\1/p' python/pyproject.toml) TRIGLOT_REVISION=$$(git describe --always --dirty --abbrev=40 --exclude '*' 2> /dev/null || true); \
	  docker buildx bake --load --file deploy/docker-bake.hcl || \
	  { echo "images: the build failed; where no image registry can be reached, deploy/offline/README.md helps" >&2; exit 1; }

##@ Check

.PHONY: check
check: check-python check-go check-typescript check-contract check-input check-names check-locks check-workflows licences ## formatters, linters, types, contract, freshness, names, locks, licences

.PHONY: check-python
check-python: setup
	ruff format --config python/pyproject.toml --check $(PYTHON_CODE)
	ruff check --config python/pyproject.toml $(PYTHON_CODE)
	mypy --config-file python/pyproject.toml

.PHONY: check-go
check-go: setup
	@unformatted=$$("$$(go env GOROOT)/bin/gofmt" -l go tests); [[ -z "$$unformatted" ]] || { echo "gofmt: $$unformatted" >&2; exit 1; }
	go -C go vet ./...
	go -C go vet -tags purego ./internal/kernel
	go -C go tool staticcheck ./...
	go -C go tool workflowcheck ./...

.PHONY: check-typescript
check-typescript: setup
	npm --prefix typescript run --silent check

.PHONY: check-contract
check-contract: setup ## lint, breaking changes (AGAINST=COMMIT: since that commit too), freshness
	python -m triglot.contract.generate --lint
	python -m triglot.contract.breaking $(addprefix --against=,$(AGAINST))
	python -m triglot.contract.generate --check || { echo "run make generate, and commit what it writes" >&2; exit 1; }
	python -m triglot.contract.option_page --check

.PHONY: check-input
check-input: setup
	python -m triglot.risk.schemas --check
	python python/tests/risk/input_table.py --check

.PHONY: check-names
check-names: $(VENV) ## names of queues and Temporal types stand in the contract alone
	@python -m triglot.contract.spelling .

.PHONY: check-locks
check-locks:
	@git grep -nIE 'https?://' -- 'python/requirements*.txt' '*package-lock.json' '*go.sum' && { echo "a lock names a host" >&2; exit 1; } || [[ $$? == 1 ]] # more is an error of git's

.PHONY: check-workflows
check-workflows: setup
	@cd go && go tool actionlint -shellcheck= -pyflakes=

.PHONY: licences
licences: setup ## compare the licences of what the locks name with deploy/licences.toml
	@python deploy/licences.py

.PHONY: audit
audit: licences audit-python audit-go audit-typescript ## licences, and known vulnerabilities of what the locks name; needs the internet

.PHONY: audit-python
audit-python: $(AUDIT_TOOLS)
	@build/audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
	  $(addprefix -r ,$(wildcard python/requirements*.txt))

.PHONY: audit-go
audit-go: setup
	@go -C go tool govulncheck ./...

.PHONY: audit-typescript
audit-typescript: setup
	@cd typescript && npm audit --omit=dev

.PHONY: format
format: setup ## format everything that is written by hand
	ruff format --config python/pyproject.toml $(PYTHON_CODE)
	ruff check --config python/pyproject.toml --fix $(PYTHON_CODE)
	"$$(go env GOROOT)/bin/gofmt" -w go tests
	npm --prefix typescript run --silent format
	buf format -w proto

##@ Test

.PHONY: test
test: build $(NUMBA) ## unit tests in three languages, and what crosses them (REQUIRE_ENGINE=1: containers too, or fail)
	go -C go test ./...
	npm --prefix typescript test
	$(PYTEST) python/tests tests $(ARGS)

.PHONY: walkthrough
walkthrough: build ## act out docs/walkthrough.md in a scratch copy, and time each step (ARGS=docs/extending.md)
	@python tests/walkthrough/run.py $(ARGS)

.PHONY: record-histories
record-histories: setup ## record a history of every path beside the older ones, which stay (ARGS="approved rejected")
	@PYTHONPATH=python/tests/workflow:tests python tests/replay/record.py $(ARGS)

.PHONY: fuzz
fuzz: build ## compare the languages over random messages (SEED=7 SECONDS=60)
	@PYTHONPATH=tests/conformance python -m fuzz $(if $(SEED),--seed $(SEED)) --seconds $(SECONDS) $(ARGS)

.PHONY: mutants
mutants: build ## remove one safeguard at a time and see its test turn red
	@python tests/mutants/run.py $(ARGS)

# Each stamp is younger than what it was made from, so an unchanged tree costs nothing.

$(VENV): python/requirements.txt python/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Triglot needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@echo "setup: .venv from python/requirements.txt" >&2
	@[[ -x .venv/bin/python ]] || $(PYTHON) -m venv .venv
	@python -m pip install --quiet --disable-pip-version-check --require-hashes -r python/requirements.txt
	@python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e python
	@touch $@

# For rows of the benchmark, which say so where there is no Numba for this system, and for their tests.
$(NUMBA): python/requirements-bench.txt | $(VENV)
	@echo "setup: Numba from python/requirements-bench.txt" >&2
	@if python -m pip install --quiet --disable-pip-version-check --require-hashes -r python/requirements-bench.txt; then touch $@; \
	else echo "bench: Numba cannot be installed; its row will say so" >&2; fi

$(AUDIT_TOOLS): python/requirements-audit.txt | $(VENV)
	@echo "setup: build/audit from python/requirements-audit.txt" >&2
	@[[ -x build/audit/bin/python ]] || $(PYTHON) -m venv build/audit
	@build/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r python/requirements-audit.txt
	@touch $@

$(NODE_MODULES): typescript/package-lock.json | $(VENV)
	@echo "setup: typescript/node_modules from typescript/package-lock.json" >&2
	@cd typescript && npm ci --silent
	@touch $@

$(GO_MODULES): go/go.mod go/go.sum tests/json_contract/go/go.mod tests/json_contract/go/go.sum | $(VENV)
	@echo "setup: Go modules from go/go.sum" >&2
	@go -C go mod download
	@go -C tests/json_contract/go mod download
	@mkdir -p $(@D) && touch $@

$(GO_BINARIES): $(GO_MODULES) $(GO_SOURCES)
	@echo "build: go/bin" >&2
	@go -C go build -o bin/ ./cmd/...
	@mkdir -p $(@D) && touch $@

$(TYPESCRIPT_BUILD): $(NODE_MODULES) $(TYPESCRIPT_SOURCES) typescript/tsconfig.json typescript/payload-converter/tsconfig.json
	@echo "build: typescript/dist, typescript/payload-converter/dist" >&2
	@npm --prefix typescript run --silent build
	@mkdir -p $(@D) && touch $@
