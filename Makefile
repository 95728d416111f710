.DEFAULT_GOAL := help
.PHONY: help run

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-zA-Z_-]*:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Not `go run`, which would not pass SIGTERM on. The flags are those of the functions' build, so that nothing is compiled twice.
run: ## set up all it needs and serve the whole bundle on http://localhost:8080; Ctrl-C stops it
	@echo "building the runtime; the first time takes a while"
	@CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$${DATA_DIR:-.data}/bin/run" ./scripts/run
	@exec "$${DATA_DIR:-.data}/bin/run"
