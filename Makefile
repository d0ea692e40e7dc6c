# The daily verbs. Every one of them installs the Debian packages that it misses, and does nothing that is already done.
JOBS ?= $(shell nproc)
SEED ?=
SEEDS ?= $(if $(SEED),1,200)
FUZZ_SECONDS ?= 60
RUNS ?= 1
IMAGE ?= milena:0.1.0
OPERATOR_IMAGE ?= milena-operator:0.1.0
NEXT_IMAGE ?= milena:0.2.0
DOCKER_BUILD_FLAGS ?=
ARGS ?=

DEPS := .ci/install-deps
STAGE := @.ci/stage
CTEST := ctest --output-on-failure --no-tests=error --schedule-random -j $(JOBS)
# Not unit_peer: all that happens there is handed from thread to thread inside gRPC's library, which Debian compiles without
# instrumentation, so that ThreadSanitizer takes each call for a race.
THREADED := unit_env_posix unit_shard unit_server unit_operator_kube
# Of libraries that were compiled without it, ThreadSanitizer sees half of what orders their accesses.
SYMBOLIZER := external_symbolizer_path=/usr/bin/llvm-symbolizer-19
# What only the number of cases can find is found without a sanitizer, and operator_faults runs the same code as
# operator_crash; whether two runs are the same is no question for one.
ASAN_FEWER := MILENA_TEST_PERCENT=10
ASAN_WITHOUT := two_processes_agree|operator_crash
ASAN := ASAN_OPTIONS=$(SYMBOLIZER) UBSAN_OPTIONS=$(SYMBOLIZER) LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp
TSAN := TSAN_OPTIONS=$(SYMBOLIZER):ignore_noninstrumented_modules=1:suppressions=$(CURDIR)/tests/tsan.supp
TSAN_TESTS := test_kcat.py test_lifecycle.py test_hostile.py
SPACE := $(subst ,, )
CPP := git ls-files -co --exclude-standard -z '*.h' '*.cc'

.NOTPARALLEL:
.PHONY: help build run cluster cluster-down test test-asan test-tsan test-arm64 sim sim-planted faults fuzz bench lint crds format image image-next e2e clean \
        install-test configure build-asan build-tsan build-arm64 build-next lint-conventions lint-format build-tests test-core test-protocol test-packaging test-integration

help: ## this table
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

build: configure ## compile the broker and the operator into `build/bin`
	$(STAGE) build cmake --build build -j $(JOBS) --target milena milena-operator

run: build ## start one broker on port 9092 with its data in `./data`; `ARGS='…'` is passed on
	build/bin/milena broker $(ARGS)

cluster: build ## start three brokers on this machine; `CLUSTER_PORT`, `CLUSTER_DIR`, `CLUSTER_NODES` change where and how many
	@deploy/cluster.py up

cluster-down: ## stop the brokers that `make cluster` has started
	@deploy/cluster.py down

test: install-test lint build test-core test-protocol test-packaging test-integration ## lint, unit, property and simulation tests, and real clients against the broker

test-asan: build-asan ## the unit, property and simulation tests under AddressSanitizer and UBSan
	$(STAGE) 'asan: unit, property, simulation' env $(ASAN) $(ASAN_FEWER) $(CTEST) --test-dir build/asan -E '$(ASAN_WITHOUT)'

test-tsan: install-test build-tsan ## the threaded modules' tests and a short run of real clients under ThreadSanitizer
	$(STAGE) 'tsan: unit' env $(TSAN) $(CTEST) --test-dir build/tsan -R "^($(subst $(SPACE),|,$(THREADED)))$$"
	$(STAGE) 'tsan: real clients' env MILENA=$(CURDIR)/build/tsan/bin/milena $(TSAN) tests/integration/run $(TSAN_TESTS)

test-arm64: build-arm64 ## the unit tests of base and wire, cross-compiled for arm64 and run under emulation
	$(STAGE) 'arm64: unit tests of base and wire' $(CTEST) --test-dir build/arm64

sim: configure ## simulate `SEEDS=…` lives of a broker, and of a cluster, among faults, or those of `SEED=…`
	$(STAGE) 'sim: build' cmake --build build -j $(JOBS) --target sim cluster_sim
	build/bin/sim --seeds $(SEEDS) $(if $(SEED),--seed $(SEED))
	build/bin/cluster_sim --jobs $(JOBS) --seeds $(SEEDS) $(if $(SEED),--seed $(SEED))

sim-planted: configure ## plant bugs into the broker and see that the simulations find them
	$(STAGE) 'sim-planted: build' cmake --build build -j $(JOBS) --target planted_programs
	$(STAGE) 'sim-planted: bugs are found' tests/sim/planted/run.py build/bin --jobs $(JOBS) $(ARGS)

faults: install-test build ## harm clusters of real brokers in network namespaces, each scenario `RUNS=…` times; `ARGS=--help`
	$(STAGE) 'faults: real brokers, real clients' tests/faults/run --runs $(RUNS) $(ARGS)

fuzz: ## feed hostile bytes to every fuzz target for `FUZZ_SECONDS=…` each
	@$(DEPS) build sanitizers
	$(STAGE) fuzz tests/fuzz/run $(FUZZ_SECONDS)

bench: install-test ## measure against real Kafka in the same run; JSON goes to `docs/measurements/`
	tests/bench/run $(ARGS)

lint: lint-conventions lint-format ## check layers, names, sizes and format

crds: configure ## generate the custom resource definitions in `crds/` from the operator's types
	$(STAGE) crds sh -c 'cmake --build build -j $(JOBS) --target milena-crds && build/bin/milena-crds crds'

format: install-test ## let clang-format lay out every C++ file
	$(CPP) | xargs -0 -n 20 -P $(JOBS) clang-format-19 -i

image: ## build the container images `IMAGE=…` and `OPERATOR_IMAGE=…` and start each once
	@$(DEPS) image
	$(STAGE) image .ci/image $(IMAGE) $(OPERATOR_IMAGE) $(DOCKER_BUILD_FLAGS)

image-next: ## build the broker's image `NEXT_IMAGE=…` as the version after this one, for tests of upgrades
	$(STAGE) image-next docker build $(DOCKER_BUILD_FLAGS) --target next --tag $(NEXT_IMAGE) .

e2e: install-test ## run the end-to-end tests on the Kubernetes of `KUBECONFIG`, which has the images; `ARGS=…` goes to pytest
	$(STAGE) 'e2e: a real Kubernetes' tests/e2e/run $(ARGS)

clean: ## remove everything that was built
	rm -rf build

install-test:
	@$(DEPS) test

lint-conventions: install-test
	@$(DEPS) build
	$(STAGE) 'lint: conventions' python3 tests/tidy.py

lint-format: install-test
	$(STAGE) 'lint: format' sh -c "$(CPP) | xargs -0 -n 20 -P $(JOBS) clang-format-19 --dry-run -Werror"

configure:
	@$(DEPS) build
	@cmake --preset dev >/dev/null

build-asan:
	@$(DEPS) build sanitizers
	$(STAGE) 'asan: build' sh -c 'cmake --preset asan >/dev/null && cmake --build build/asan -j $(JOBS) --target test_programs'

build-tsan:
	@$(DEPS) build sanitizers
	$(STAGE) 'tsan: build' sh -c 'cmake --preset tsan >/dev/null && cmake --build build/tsan -j $(JOBS) --target milena $(THREADED)'

build-arm64:
	@$(DEPS) build arm64
	$(STAGE) 'arm64: build' sh -c 'cmake --preset arm64 >/dev/null && cmake --build build/arm64 -j $(JOBS) --target test_programs'

build-next: build
	@cmake --build build -j $(JOBS) --target milena-next

build-tests: install-test configure
	$(STAGE) 'build: tests' cmake --build build -j $(JOBS)

test-core: build-tests
	$(STAGE) 'unit, property, simulation' $(CTEST) --test-dir build

test-protocol: build-tests
	$(STAGE) 'protocol: every byte as Kafka writes it' tests/protocol/run.sh build/bin/wire_oracle

test-packaging: install-test
	$(STAGE) 'packaging: chart, manifests, alerts, dashboards' tests/packaging/run

test-integration: install-test build-next
	$(STAGE) 'integration: real clients, compared with real Kafka' tests/integration/run
