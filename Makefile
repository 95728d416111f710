.DEFAULT_GOAL := help
.PHONY: help run reload

# These variables become part of commands, so they have to be plain words. They are read with `value`, because make
# would run a $(shell …) in them, here as well as when it passes them on to a command.
words = FUNCTION HOST HOSTS ROOT TO LISTEN ID MIGRATE REVOKE ARCH URL
plain := A B C D E F G H I J K L M N O P Q R S T U V W X Y Z a b c d e f g h i j k l m n o p q r s t u v w x y z \
	0 1 2 3 4 5 6 7 8 9 . _ - @ : / + ~ [ ]
$(foreach word,$(words),$(eval rest := $$(value $(word)))\
	$(if $(filter HOSTS,$(word)),$(eval rest := $$(subst $$() ,,$$(rest))))\
	$(if $(filter -%,$(firstword $(rest))),$(error $(word) must not begin with a hyphen))\
	$(foreach c,$(plain),$(eval rest := $$(subst $(c),,$$(rest))))\
	$(if $(rest),$(error $(word) must be one word of letters, digits and . _ - @ : / + ~ [ ])))

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z][a-zA-Z_-]*:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The shell runs the program with exec, so that SIGTERM reaches it; `go run` does not pass SIGTERM on.
# The same holds for the commands below that build before they run.
run: ## set up everything and serve the bundle on http://localhost:8080, until Ctrl-C; PORT=8081 DATA_DIR=.data2
	@scripts/compile && exec "$${DATA_DIR:-.data}/bin/run"

reload: ## build the functions again, or FUNCTION=post alone; the make run that serves them restarts what has changed
	@scripts/compile reload $(FUNCTION)

.PHONY: test lint microbench fuzz cover

tester = go build -buildvcs=false -o .build/ ./scripts/test && exec .build/test

test: ## build, vet and test everything, with a PostgreSQL of its own; PKG=./functions/post RUN=TestDelete for a part
	@$(tester) $(if $(RUN),-run '$(RUN)') $(PKG)

BENCH ?= .
microbench: ## run the micro-benchmarks, with their allocations; BENCH=Feed PKG=./shared/store for a part
	@$(tester) -bench '$(BENCH)' $(PKG)

TIME ?= 10m
fuzz: ## run each fuzz target for TIME=10m, one after the other, and name the inputs that fail; PKG=./shared/router for a part
	@$(tester) -fuzz '$(TIME)' $(PKG)

cover: test ## run make test, and write .build/cover.html, which shows the lines that no test runs
	@go tool cover -html=.build/cover.out -o .build/cover.html
	@go tool cover -func=.build/cover.out | tail -1

# This is the only place with the linter's version. It is built from source, because the released
# binaries are built with other versions of Go.
GOLANGCI = v2.15.0
golangci = .bin/golangci-lint-$(GOLANGCI)

lint: $(golangci) ## run golangci-lint with .golangci.yml, and check that go.mod is tidy
	@go mod tidy -diff
	@$(golangci) run ./...

$(golangci):
	@echo "building golangci-lint $(GOLANGCI): this takes some minutes, the first time only"
	@GOBIN="$(CURDIR)/.bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@mv .bin/golangci-lint $@

.PHONY: build render

build: ## build all functions for Lambda and for hosts (ARCH=arm64) into .build/release, and print their SHA-256
	@go run ./scripts/build $(if $(ARCH),-arch $(ARCH))

# `sam build` runs this target for each function of template.yaml.
build-%:
	@go run ./scripts/build -function $* -artifacts "$(ARTIFACTS_DIR)"

OUT ?= .build/rendered
render: ## write nginx.conf and the systemd units into OUT; RENDER='-cert … -key …', RENDER=-help lists the flags
	@go run ./scripts/render -out "$(OUT)" $(RENDER)

.PHONY: libraries openapi

libraries: ## write the libraries of the pages, uplot.* and swagger-ui.* in functions/*/page, from the npm packages in the lock files
	@scripts/install npm && scripts/library backoffice functions/backoffice/page && scripts/library docs functions/docs/page

openapi: ## write functions/docs/openapi.json, the OpenAPI document of all functions, from their routes
	@go run ./scripts/openapi

.PHONY: check

# With DATABASE_URL a program works on a bundle of its own on that database, unless a running one is named.
onDatabase = $(if $(value DATABASE_URL),go build -buildvcs=false -o .build/ ./scripts/bundled && exec .build/bundled $(1),exec)

checker = CGO_ENABLED=0 go build -buildvcs=false -trimpath -o .build/minifb-check ./scripts/conformance

check: ## check whether a server is a minifb: URL=http://localhost:8080 CHECK='-admin ID:PASSWORD -run REGEXP', CHECK=-help lists the flags; or DATABASE_URL=… without URL
	@$(checker) && $(if $(URL)$(value BASE_URL),exec,$(call onDatabase,-admin)) .build/minifb-check $(CHECK) $(URL)

.PHONY: mutants

mutants: ## plant faults in front of the bundle, one at a time, and count how many make check notices; MUTANTS='-run REGEXP'
	@go build -buildvcs=false -o .build/ ./scripts/mutants && exec .build/mutants $(MUTANTS)

.PHONY: demo stress

demo: ## fill a running bundle with users, posts, comments and reactions; BASE_URL=http://localhost:8080 SEED=1; or DATABASE_URL=…
	@go build -buildvcs=false -o .build/ ./scripts/demo && $(if $(value BASE_URL)$(value PORT),exec,$(call onDatabase)) .build/demo

stress: ## send concurrent requests while functions are killed, then check the data; OPERATIONS=100000 CLIENTS=64 KILLS=5 SEED=1 RACE=on DATABASE_URL=…
	@go build -buildvcs=false -o .build/ ./scripts/stress && exec .build/stress

.PHONY: chaos

chaos: ## break PostgreSQL, its disk, its clock and a function under load; RATE=100 SECONDS=10 FAULTS=disk,slow FRONT=gateway
	@go build -buildvcs=false -o .build/ ./scripts/chaos && exec .build/chaos

.PHONY: failover

failover: ## kill a primary of PostgreSQL under load, and promote its standby; RATE=100 SECONDS=10 PROMOTE_AFTER=2 SYNC=off FRONT=gateway
	@go build -buildvcs=false -o .build/ ./scripts/failover && exec .build/failover

.PHONY: test-citus
# The path may have any characters, so the shell reads it from the environment.
export CITUS
test-citus: ## build Citus and check minifb on a coordinator and two workers: CITUS=folder of its source; STEPS=store,check,stress,worker,latency RUN=TestName OPERATIONS=20000 ROUNDS=60
	@go build -buildvcs=false -o .build/ ./scripts/testcitus && exec .build/testcitus

.PHONY: admin

admin: ## list the administrators; ID=ann.1 makes one, ID=ann.1 REVOKE=1 takes the role away; DATABASE_URL for other databases
	@go run ./scripts/admin -id "$(ID)" $(if $(REVOKE),-revoke)

.PHONY: deploy rollback releases status retire drain undrain supervise

deployer = go run ./scripts/deploy -host "$(or $(HOSTS),$(HOST))" -root "$(ROOT)" -function "$(FUNCTION)"

deploy: ## deploy FUNCTION=post, or all, to HOST=user@host or HOSTS='a b', one after the other [MIGRATE=1]; or HOST=local ROOT=folder
	@$(deployer) $(if $(MIGRATE),-migrate)

rollback: ## go back to the previous good release of FUNCTION=post on HOST=user@host, or to TO=release
	@$(deployer) -do rollback -to "$(TO)"

releases: ## list the releases on HOST=user@host: live, previous, bad and why; FUNCTION=post for one function
	@$(deployer) -do releases

status: ## show the release and the state of each function: HOST=user@host
	@$(deployer) -do status

retire: ## stop FUNCTION=post on HOST=user@host and remove its releases; its data stays
	@$(deployer) -do retire

drain: ## let load balancers send nothing more to HOST=user@host: its health address returns 503
	@$(deployer) -do drain

undrain: ## take HOST=user@host back into service after make drain
	@$(deployer) -do undrain

supervise: ## serve ROOT=folder as a host on this machine, for HOST=local; LISTEN=127.0.0.1:8080 starts nginx in front
	@go build -buildvcs=false -o .build/ ./scripts/supervise && exec .build/supervise -root "$(ROOT)" -listen "$(LISTEN)"

.PHONY: test-deploy

test-deploy: ## deploy one function 50 times under load, and count the requests that are lost; TRIAL='-deploys 10' for less
	@go run ./scripts/testdeploy $(TRIAL)

.PHONY: bench bench-compare profile bench-cold

benchmark = go build -buildvcs=false -o .build/minifb-bench ./scripts/bench && exec .build/minifb-bench

bench: ## measure the functions beside the leanest SQL, on a million posts; ROUNDS=3 SECONDS=5 ROWS=REGEXP POSTS=10000000
	@$(benchmark)

bench-compare: ## show two results of make bench side by side: A=.build/bench/x.json B=.build/bench/y.json
	@$(benchmark) compare

profile: ## load a function and write CPU and allocation profiles into .build/profile; ROUTE=feed SECONDS=10, a row of make bench
	@$(benchmark) profile

bench-cold: ## measure each function's time from start to the first response, and its memory at rest
	@go run ./scripts/benchcold
