# "make" lists the targets. Nothing but Go and make is needed for "make run" and "make test".

STATICCHECK_VERSION = v0.8.2
FUZZTIME            = 10s
ARGS                =
BENCHTIME           = 50ms
ROUNDS              = 8
DOCS                = ../../docs
MUTATIONS           =
JOBS                = 2

# Each module stands on its own, whatever go.work there is.
export GOWORK = off

MODULES     := $(shell find . -name go.mod -not -path './.tmp/*' -not -path '*/testdata/*' | sed 's,/go\.mod$$,,' | sort)
TMP         := $(CURDIR)/.tmp
# A tool that was built with an older Go cannot read newer code, so that the name says both versions.
STATICCHECK  = $(TMP)/bin/staticcheck-$(STATICCHECK_VERSION)-$(shell go env GOVERSION)

# each runs a command in every module and stops at the first failure.
each = @set -eu; for dir in $(MODULES); do echo "== $$dir: $(1)"; (cd "$$dir" && $(1)); done

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

# Gin links a library for MessagePack that takes half a minute to build. The demo and the first tests do without.
quick = GOFLAGS="$(GOFLAGS) -tags=nomsgpack"

.PHONY: run
run: ## Run the demo; ARGS="..." are its arguments
	@$(quick) go -C examples run ./demo $(ARGS)

.PHONY: test
test: ## Run the library's tests and the quick ones of the examples: what a fresh clone has to pass
	$(quick) go test ./...
	$(quick) go -C examples test . ./demo ./prometheus

# What has to pass before each commit. The engines, the vendors' libraries and the long runs have targets of their own.
.PHONY: check
check: fmt vet static tidy ## Check formatting, vet, staticcheck and go.mod, then race, allocations, command and instructions
	@$(MAKE) --no-print-directory race allocations command instructions

# The race detector needs cgo and a C compiler; building runtime/cgo with it tells whether they are there and work.
.PHONY: race
race: ## Run the library's tests with the race detector, where it works
	@set -eu; \
	race=-race; \
	if ! why=$$(go build -race runtime/cgo 2>&1); then \
		race=; export CGO_ENABLED=0; \
		echo '**********************************************************************'; \
		echo '** NO RACE DETECTOR: it needs cgo and a C compiler. The tests run   **'; \
		echo '** without it, and data races will not be found.                    **'; \
		echo '**********************************************************************'; \
		echo "$$why"; \
	fi; \
	echo "== go test $$race"; \
	go test $$race -shuffle=on -count=1 ./...; \
	echo "== examples: go test $$race"; \
	go -C examples test $$race -shuffle=on -count=1 . ./demo ./prometheus

# The race detector allocates too, and is too slow for every bit.
.PHONY: allocations
allocations: ## Hold allocations, every bit of what is signed, and what a capture can be changed to
	@echo '== allocations'
	@go test -count=1 -run Allocates ./core ./core/provider/... ./internal/adaptertest
	@echo '== every bit of what is signed, and what a capture can be changed to'
	@go test -count=1 -run 'NoChangedBitVerifies|WhoeverCaptured' ./core/provider

# SQLite, translated from C to one Go package, runs without the race detector: it has no goroutine of its own, and is four
# times slower under it. Its driver and everything of ours stay under the detector. Each engine is started by its tests.
.PHONY: engines
engines: ## Run stores, limiters, the inbox and examples on Redis, PostgreSQL, MariaDB, SQLite and NATS
	cd internal/storetests && go test -race -gcflags=modernc.org/sqlite/lib=-race=false -shuffle=on -count=1 ./...
	cd core/inbox/riverinbox && go test -race -gcflags=modernc.org/sqlite/lib=-race=false -shuffle=on -count=1 ./...
	cd examples && go test -race -gcflags=modernc.org/sqlite/lib=-race=false -shuffle=on -count=1 ./cluster ./queue ./river

# Not a timed test: valgrind counts, and a busy machine changes nothing. Without valgrind it says that it did not run.
.PHONY: instructions
instructions: ## Hold what each path takes in instructions, as a multiple of the hash of its body
	@echo '== instructions'
	@go vet -tags instructions ./core
	@go test -tags instructions -count=1 -v -run TestInstructions ./core

.PHONY: fmt
fmt:
	@echo '== gofmt'
	@set -eu; files=$$(find . -name '*.go' -not -path './.tmp/*' -exec gofmt -l {} +); \
	if [ -n "$$files" ]; then echo "not formatted; run gofmt -w on:"; echo "$$files"; exit 1; fi

.PHONY: vet
vet:
	$(call each,go vet ./...)
	cd cmd/sallyport && go vet -tags full ./...

.PHONY: static
static: $(STATICCHECK)
	$(call each,$(STATICCHECK) ./...)
	cd cmd/sallyport && $(STATICCHECK) -tags full ./...

.PHONY: tidy
tidy:
	$(call each,go mod tidy -diff)

$(STATICCHECK):
	@echo "== install staticcheck $(STATICCHECK_VERSION)"
	@mkdir -p $(TMP)/bin
	@GOBIN=$(TMP)/bin go install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION)
	@mv $(TMP)/bin/staticcheck $@

# A copy, so that go.mod keeps its floors.
.PHONY: newest
newest: ## Run the tests with every dependency at its newest, in a copy
	@set -eu; \
	copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; trap 'exit 1' HUP INT TERM; \
	for entry in * .[!.]*; do \
		case $$entry in .git|.tmp) ;; *) cp -R "$$entry" "$$copy" ;; esac; \
	done; \
	for dir in $(MODULES); do \
		echo "== $$dir: newest dependencies"; \
		(cd "$$copy/$$dir" && export GOTOOLCHAIN=auto && go get -u -t ./... && go mod tidy && go test -shuffle=on -count=1 ./...); \
	done

.PHONY: interop
interop: ## Let the vendors' own SDKs verify what we sign, and sign what we verify
	cd internal/interop && go test -count=1 ./...

# Twice: without the drivers of databases, as it is installed by default, and with them.
.PHONY: command
command: ## Run the tests of the sallyport command, against the example of each router too
	cd cmd/sallyport && go test -count=1 ./... && go test -tags full -count=1 -skip TestTheExampleOfEachRouter .

# Debian's chromium. Without it the tests say loudly that they did not run.
.PHONY: browser
browser: ## Run the tests of the inspector in Chromium
	cd internal/browser && go test -count=1 ./...

.PHONY: screenshots
screenshots: ## Write the pictures of docs/inspector.md
	cd internal/browser && SALLYPORT_REQUIRE_ENGINES=1 SALLYPORT_SCREENSHOTS="$(CURDIR)/docs/inspector" go test -count=1 -run Screenshots .

.PHONY: benchtest
benchtest: ## Run the tests of internal/bench
	cd internal/bench && go test -count=1 ./...

# A replace directive keeps "go install" from working: docs/releasing.md says how a release does without.
.PHONY: release
release: ## Publish the modules to a proxy of files, as a release would, and install programs from there
	@go run ./internal/release

.PHONY: bench
bench: ## Measure next to every peer and write docs/performance.md and its tables; BENCHTIME=5ms ROUNDS=3 DOCS= only tries
	@cd internal/bench && go run -overlay overlay.json . -time $(BENCHTIME) -rounds $(ROUNDS) -docs "$(DOCS)"

.PHONY: microbench
microbench: ## Run every package's own benchmarks
	$(call each,go test -run '^$$' -bench . -benchmem ./...)

.PHONY: fuzz
fuzz: ## Fuzz every target for FUZZTIME (10s)
	@set -eu; \
	for dir in $(MODULES); do \
		grep -rqs '^func Fuzz' --include='*_test.go' "$$dir" || continue; \
		list=$$(cd "$$dir" && go test -list '^Fuzz' ./...); \
		targets=$$(echo "$$list" | awk '/^Fuzz/ { name[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2 "=" name[i]; n = 0 }'); \
		for target in $$targets; do \
			echo "== $${target%=*}: $${target#*=}"; \
			(cd "$$dir" && go test -run '^$$' -fuzz "^$${target#*=}\$$" -fuzztime $(FUZZTIME) "$${target%=*}"); \
		done; \
	done

# Half an hour and more. What survives is a test that is missing; MUTATIONS=expression picks some by name or file, and JOBS
# are tried at the same time.
.PHONY: mutate
mutate: ## Break the code in every way that internal/mutate knows; each has to make a test fail
	@go run ./internal/mutate -jobs $(JOBS) -only '$(MUTATIONS)'

# Half an hour and more; "make engines" does the same with fewer rounds.
.PHONY: crash
crash: ## Kill receivers 200 times and more on each store, and count what was run
	SALLYPORT_REQUIRE_ENGINES=1 SALLYPORT_CRASH_ROUNDS=200 SALLYPORT_HISTORIES=10000 go -C examples test -count=1 -v -timeout 20m -run 'Nothing' ./cluster
	cd internal/storetests && SALLYPORT_REQUIRE_ENGINES=1 SALLYPORT_CRASH_ROUNDS=200 SALLYPORT_HISTORIES=10000 go test -count=1 -timeout 90m -skip AnAppThatIsKilled ./...
	cd internal/storetests && SALLYPORT_REQUIRE_ENGINES=1 SALLYPORT_CRASH_ROUNDS=200 go test -count=1 -v -timeout 60m -run AnAppThatIsKilled ./killtests
	cd core/inbox/riverinbox && SALLYPORT_REQUIRE_ENGINES=1 SALLYPORT_CRASH_ROUNDS=200 go test -count=1 -v -timeout 20m -run Killed .

# Some minutes; "make test" tries some changes of each kind.
.PHONY: onecapture
onecapture: ## Change captured deliveries of every sender in every way, and in pairs of ways, that need no secret
	SALLYPORT_ONECAPTURE=full go test -count=1 -timeout 30m -run 'WhoeverCaptured|NoConnectionMakes' ./core/provider

.PHONY: unproved-work
unproved-work: ## Measure what the worst body costs each family of senders before it is refused; write docs/unproved-work.md
	SALLYPORT_WRITE_UNPROVED_WORK="$(CURDIR)/docs/unproved-work.md" go test -run '^$$' -bench UnprovedWork -benchtime 1x ./core/provider

.PHONY: docs
docs: ## Write the pages on senders from the entries, identities of new ones, and the tables of routers
	@go test -count=1 -run TestIdentitiesNeverChange ./core/provider -add-identities
	@go test -count=1 -run TestStoredEntriesNeverChange ./core/journal -add-members
	@go run ./core/internal/docgen/cmd pages docs/providers
	@go run ./core/internal/docgen/cmd > docs/providers.md.tmp && mv docs/providers.md.tmp docs/providers.md
	@go run ./core/internal/docgen/cmd routers
	@go run ./core/internal/docgen/cmd one-capture > docs/one-capture.md.tmp && mv docs/one-capture.md.tmp docs/one-capture.md

.PHONY: catalogue
catalogue: ## List the senders whose facts are the oldest, the least sure and the least proved
	@go run ./core/internal/docgen/cmd catalogue

.PHONY: cover
cover: ## Measure the tests' coverage; the report is .tmp/cover.html
	@mkdir -p $(TMP)
	@go test -count=1 -coverpkg=./... -coverprofile=$(TMP)/cover.out ./...
	@go tool cover -html=$(TMP)/cover.out -o $(TMP)/cover.html
	@go tool cover -func=$(TMP)/cover.out | tail -n 1
