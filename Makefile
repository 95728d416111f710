.DEFAULT_GOAL := help
.PHONY: help run

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-zA-Z_-]*:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The runtime takes make's place in the shell, so that SIGTERM reaches it; `go run` would not pass it on.
run: ## set up all it needs and serve the whole bundle on http://localhost:8080; Ctrl-C stops it
	@scripts/compile && exec "$${DATA_DIR:-.data}/bin/run"
