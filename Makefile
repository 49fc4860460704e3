# Needs make, Go and a POSIX shell; every other tool is either pinned here and
# built by Go, or looked for and, where it is missing, said so.

GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT := .cache/bin/golangci-lint-$(GOLANGCI_LINT_VERSION)

HELM_VERSION := v3.22.0
CYCLONEDX_VERSION := v1.10.0
GOVULNCHECK_VERSION := v1.9.0

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BENCH ?= .
BENCHCOUNT ?= 6
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
FUZZTIME ?= 10s
SOAK ?= 5m
MINUTES ?= 60
RATE ?= 300

REPLICAS ?= 1
export VERSION REPLICAS TRACING HELM_VERSION CYCLONEDX_VERSION GOVULNCHECK_VERSION

.DEFAULT_GOAL := help
.PHONY: deploy deploy-check release help run build generate generate-check test lint fmt latency check fuzz soak bench bench-compare bench-peers bench-soak bench-smoke \
	docs library test-hostile test-browser test-stack soak-short rules scripts pages pages-check clients up down compose-test clean

help: ## Say what there is to make.
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Run everything in one process: the services on 8001-8003, the gateway on 8000 (ARGS="--addr=:9000": with these flags).
	@echo "building..."
	@go build -trimpath -ldflags "-X main.version=$(VERSION)" -o tributary .
	@exec ./tributary dev $(ARGS)

build: ## Build the one binary, ./tributary.
	go build -trimpath -ldflags "-X main.version=$(VERSION)" -o tributary .

generate: ## Generate the code that follows from the GraphQL schema.
	go run ./cmd/trib generate
	go generate ./...

generate-check: ## Fail when generated code is not what would be generated; changes nothing.
	scripts/generate-check.sh

test: ## Run all tests that need Go and nothing else, in random order and under the race detector.
	scripts/test.sh $$(go list ./... | grep -vE '/(test/(browser|clients|soak)|grafana|prometheus)$$')

test-hostile: ## Try what strangers may send and readers of the log may do to a gateway, and all faults and statuses of services; without the race detector, which takes several times the memory and the time.
	REDIS_SERVER=$$(scripts/redis-server.sh) go test -shuffle=on ./test/e2e -run Hostile
	go test -shuffle=on -skip 'TwoHops|Isolation' ./resolvers

library: ## Run the tests of the library in a copy without the shop, without the race detector and with all cases, and make projects as the pages say.
	go test -count=1 -timeout 30m ./test/e2e -run TestLibrary -library
	go test -count=1 -timeout 30m -p 1 ./docs ./cmd/trib -projects

test-browser: ## Try the pages in a browser, where one is found.
	scripts/test.sh ./test/browser

test-stack: ## Try dashboards, alert rules and what they are made of, where Prometheus is found.
	scripts/test.sh ./grafana ./prometheus

lint: $(GOLANGCI_LINT) ## Check the Go code (.golangci.yml says for what, and why) and go.mod.
	$(GOLANGCI_LINT) run ./...
	go mod tidy -diff

fmt: $(GOLANGCI_LINT) ## Format the Go code.
	$(GOLANGCI_LINT) fmt ./...

latency: ## Measure two hops, bystanders of a hanging service and attacks, and count allocations, one after the other; without the race detector, which would count too.
	go test -p 1 -run 'TwoHops|Isolation|Allocations|AnAttackCosts' -v ./gateway/app ./resolvers ./gateway/engine

check: lint scripts rules generate-check pages-check test test-hostile library test-browser test-stack clients soak-short latency ## All that a change must pass.

docs: ## Write anew what is generated in README.md and docs/.
	go test ./test/e2e -run README -update-readme
	go test ./gateway/app -run MetricsPage -update-metrics
	go test ./gateway/fault -update
	go test ./cmd/trib/internal/directive -update

fuzz: ## Run every fuzz target for FUZZTIME (10s).
	scripts/fuzz.sh $(FUZZTIME)

soak: ## Run the gateway under random faults for SOAK (5m), and see that it ends as it began.
	go test -race -count=1 -v -timeout 0 ./test/soak -soak $(SOAK)

soak-short: ## Run the gateway under random faults for some seconds.
	scripts/test.sh ./test/soak

bench: ## Run the benchmarks (BENCH=regexp) BENCHCOUNT (6) times; benchstat gives medians and spread.
	@mkdir -p .cache
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(BENCHCOUNT) ./... | tee .cache/bench.txt
	go run $(BENCHSTAT) .cache/bench.txt

bench-compare: ## Put Tributary beside baselines and peers, and write bench/RESULTS.md.
	scripts/bench-compare.sh

bench-peers: ## Install the peers of bench-compare that Node.js runs, where npm is found.
	scripts/bench-peers.sh

bench-soak: ## Ask a gateway steadily for MINUTES (60), RATE (300) requests a second, and tell each minute what it takes.
	scripts/bench-compare.sh soak -minutes $(MINUTES) -rate $(RATE)

bench-smoke: ## See that bench-compare still runs.
	scripts/bench-compare.sh smoke

pages: ## Build what browsers are shown (web/) anew; needs npm. The result is committed.
	scripts/pages.sh build

pages-check: ## Fail when the built pages are not what npm would build; without npm, say so.
	scripts/pages.sh check

rules: ## Check subjects of commits, names of tests and words, and, where promtool is found, check and unit-test the Prometheus rules.
	scripts/words.sh
	scripts/rules.sh

scripts: ## Check the shell scripts, where shellcheck is found.
	scripts/shellcheck.sh

clients: ## Try the gateway with clients and audits of others, where npm is found.
	scripts/clients.sh

up: ## Start the whole stack in Docker (REPLICAS=2: two gateways, TRACING=1: with Jaeger) and wait until it is healthy.
	./start_with_monitoring.sh

down: ## Stop the stack; its volumes stay.
	docker compose -f compose/compose.yaml --profile '*' down --remove-orphans

compose-test: ## Run the stack in Docker, break it, and see that it holds.
	scripts/compose-test.sh

deploy: ## Write anew what deploy/ takes from elsewhere: rules, dashboards, the kustomize base.
	scripts/deploy.sh update

deploy-check: ## Lint and render the chart, and decode what it renders; builds helm where none is on PATH.
	scripts/deploy.sh check

release: ## Build binaries for linux and darwin with checksums, an SBOM and a vulnerability check, into dist/.
	scripts/release.sh

clean: ## Remove what was built here.
	rm -rf tributary .cache dist

# Built by the Go that is here, so that it knows the same language version.
$(GOLANGCI_LINT):
	@echo "building golangci-lint $(GOLANGCI_LINT_VERSION), once; a few minutes"
	@mkdir -p .cache/bin
	@GOFLAGS= GOBIN="$(CURDIR)/.cache/bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@mv .cache/bin/golangci-lint $@
