.DEFAULT_GOAL := help
.PHONY: help run

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-zA-Z_-]*:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The runtime takes make's place in the shell, so that SIGTERM reaches it; `go run` would not pass it on.
run: ## set up all it needs and serve the whole bundle on http://localhost:8080; Ctrl-C stops it
	@scripts/compile && exec "$${DATA_DIR:-.data}/bin/run"

.PHONY: test lint bench cover

# The program is built and then exec'd, and not `go run`, which would not pass SIGTERM on.
tester = go build -buildvcs=false -o .build/ ./scripts/test && exec .build/test

test: ## build, vet and test everything with a PostgreSQL of its own; PKG=./functions/post RUN=TestDelete for less
	@$(tester) $(if $(RUN),-run '$(RUN)') $(PKG)

BENCH ?= .
bench: ## run the benchmarks; BENCH=Feed PKG=./shared/store for fewer
	@$(tester) -bench '$(BENCH)' $(PKG)

cover: test ## test, and write .build/cover.html, which shows each line that no test runs
	@go tool cover -html=.build/cover.out -o .build/cover.html
	@go tool cover -func=.build/cover.out | tail -1

# The one place that names the linter's version. It is built here, as its authors' builds are made with other versions of Go.
GOLANGCI = v2.15.0
golangci = .bin/golangci-lint-$(GOLANGCI)

lint: $(golangci) ## golangci-lint with .golangci.yml, and whether go.mod is tidy
	@go mod tidy -diff
	@$(golangci) run ./...

$(golangci):
	@echo "building golangci-lint $(GOLANGCI): this takes some minutes, once"
	@GOBIN="$(CURDIR)/.bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@mv .bin/golangci-lint $@

.PHONY: build render

build: ## binaries and zips of every function, for Lambda and for hosts (ARCH=arm64), into .build/release, with their SHA-256
	@go run ./scripts/build $(if $(ARCH),-arch $(ARCH))

# What `sam build` calls for each function of template.yaml.
build-%:
	@go run ./scripts/build -function $* -artifacts "$(ARTIFACTS_DIR)"

OUT ?= .build/rendered
render: ## nginx's configuration and systemd's units into OUT; RENDER='-cert … -key …', see RENDER=-help
	@go run ./scripts/render -out "$(OUT)" $(RENDER)

.PHONY: demo stress

demo: ## fill a running bundle with people, posts and what they say to each other; BASE_URL=http://localhost:8080 SEED=1
	@go build -buildvcs=false -o .build/ ./scripts/demo && exec .build/demo

stress: ## many clients at once while the functions are killed, then verify every promise; OPERATIONS=100000 CLIENTS=64 KILLS=5 SEED=1 RACE=on
	@go build -buildvcs=false -o .build/ ./scripts/stress && exec .build/stress

.PHONY: deploy rollback status supervise

deploy: ## put one function onto a host that serves: FUNCTION=post HOST=user@host [MIGRATE=1]; or HOST=local ROOT=folder
	@go run ./scripts/deploy -function "$(FUNCTION)" -host "$(HOST)" -root "$(ROOT)" $(if $(MIGRATE),-migrate)

rollback: ## go back to the release before: FUNCTION=post HOST=user@host
	@go run ./scripts/deploy -rollback -function "$(FUNCTION)" -host "$(HOST)" -root "$(ROOT)"

status: ## what runs on HOST=user@host, since when, and whether it is ready
	@go run ./scripts/deploy -status -host "$(HOST)" -root "$(ROOT)"

supervise: ## make ROOT=folder of this machine a host for HOST=local; LISTEN=127.0.0.1:8080 puts nginx before it
	@go build -o .build/ ./scripts/supervise && exec .build/supervise -root "$(ROOT)" -listen "$(LISTEN)"

.PHONY: test-deploy

test-deploy: ## deploy one function 50 times under load through nginx, and count what is lost; TRIAL='-deploys 10' for less
	@go run ./scripts/testdeploy $(TRIAL)

.PHONY: bench-cold

bench-cold: ## how long each function takes from exec to its first answer, and its memory at rest
	@go run ./scripts/benchcold
