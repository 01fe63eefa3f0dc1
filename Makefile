# Everything a newcomer needs: `make run`. Nothing but Python 3.11 or later has to be installed before.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: .venv/.run ## Install, then run the whole product here (ARGS="--port 8001 --no-demo")
	@exec $(BIN)/relance up $(ARGS)

.PHONY: test
test: .venv/.dev ## Run every test against real servers (PYTEST_ARGS="-k name")
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

.PHONY: slow
slow: .venv/.dev ## Run what takes minutes: many more drawn sequences against the tables of states
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m slow --ignore=tests/explain $(PYTEST_ARGS)

.PHONY: explain
explain: .venv/.dev ## How PostgreSQL answers every list query at a million rows (minutes)
	$(BIN)/python -m pytest -n 0 -q -m slow tests/explain

.PHONY: browser
browser: .venv/.dev ## Fill the form and open an account in a real Chromium, by keyboard; check the pages by axe-core (wants chromium, npm)
	@command -v npm >/dev/null && npm ci --prefix tests/browser --no-audit --no-fund --ignore-scripts --silent || true
	RELANCE_BROWSER=1 $(BIN)/python -m pytest -n 0 -q -rs tests/browser

.PHONY: faults
faults: .venv/.dev ## Kill workers, stop servers, misbehave: the long form, with its table (SEED=1 MAILS=3000 KILLS=30)
	SEED=$(SEED) MAILS=$(MAILS) WORKERS=$(WORKERS) KILLS=$(KILLS) $(BIN)/python -m tests.faults.chaos

.PHONY: faults-webhooks
faults-webhooks: .venv/.dev ## Kill workers and the receiver of webhooks: nothing lost, order kept (SEED=1 EVENTS=2000 KILLS=30)
	SEED=$(SEED) EVENTS=$(EVENTS) WORKERS=$(WORKERS) KILLS=$(KILLS) $(BIN)/python -m tests.faults.webhooks

.PHONY: bench bench-list bench-pages bench-summary bench-create bench-remind-all bench-sweep bench-mail bench-import
.PHONY: bench-export bench-start
bench: .venv/.dev ## Measure the product beside its limits and beside the usual way: all of it, a quarter of an hour on two cores
	$(BIN)/python -m benchmarks.everything

bench-list: .venv/.dev ## Pages of the invitations list per second, 50 of a million (ROWS=1000000 ROUNDS=3)
	ROWS=$(ROWS) ROUNDS=$(ROUNDS) $(BIN)/python -m benchmarks.listing

bench-pages: .venv/.dev ## First and thousandth page of the list, at three sizes up to ROWS=10000000 (minutes)
	ROWS=$(ROWS) ROUNDS=$(ROUNDS) $(BIN)/python -m benchmarks.pages

bench-summary: .venv/.dev ## Counts of the dashboard per second (ROWS=1000000 ROUNDS=3)
	ROWS=$(ROWS) ROUNDS=$(ROUNDS) $(BIN)/python -m benchmarks.summary

bench-export: .venv/.dev ## Rows per second of the dashboard as CSV (ROWS=1000000 ROUNDS=3)
	ROWS=$(ROWS) ROUNDS=$(ROUNDS) $(BIN)/python -m benchmarks.export

bench-start: .venv/.dev ## Seconds from a second `relance up` to its first answer (ROUNDS=3)
	ROUNDS=$(ROUNDS) $(BIN)/python -m benchmarks.start

bench-create: .venv/.dev ## Invitations created per second over HTTP (ROUNDS=3)
	ROUNDS=$(ROUNDS) $(BIN)/python -m benchmarks.create

bench-remind-all: .venv/.dev ## « Tout relancer »: acknowledged how soon, rows written how fast (ROWS=100000)
	ROWS=$(ROWS) ROUNDS=$(ROUNDS) $(BIN)/python -m benchmarks.remind_all

bench-sweep: .venv/.dev ## Follow-ups handled per second, one in ten due (ROWS=10000000)
	ROWS=$(ROWS) ROUNDS=$(ROUNDS) $(BIN)/python -m benchmarks.sweep

bench-mail: .venv/.dev ## Mails per second of one worker (MAILS=50000 for one more run, that watches memory)
	ROWS=$(ROWS) ROUNDS=$(ROUNDS) MAILS=$(MAILS) $(BIN)/python -m benchmarks.mail

bench-import: .venv/.dev ## Rows per second of an import of contacts, and its memory (ROWS=100000 ROUNDS=3)
	ROWS=$(ROWS) ROUNDS=$(ROUNDS) $(BIN)/python -m benchmarks.imports

.PHONY: check
check: .venv/.dev ## Lint, types, import contracts, house rules, migrations, committed documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m scripts.check_house
	$(BIN)/python -m scripts.check_migrations
	$(BIN)/relance openapi --check
	$(BIN)/python -m scripts.check_breaking
	$(BIN)/relance settings-doc --check

.PHONY: contract
contract: .venv/.dev ## Lint the contract, compile and run the TypeScript client, fuzz (wants npm; SECONDS=45 SEED=1)
	$(BIN)/python -m scripts.check_contract $(or $(SECONDS),45) $(SEED)

.PHONY: fuzz
fuzz: .venv/.dev ## Fuzz a running service for longer (SECONDS=600 SEED=1)
	$(BIN)/python -m scripts.fuzz $(or $(SECONDS),600) $(SEED)

.PHONY: fmt
fmt: .venv/.dev ## Format the code and mend what the linter can mend
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

.PHONY: openapi
openapi: .venv/.dev ## Write openapi/openapi.json, docs/errors.md and docs/configuration.md from the code
	$(BIN)/relance openapi && $(BIN)/relance settings-doc

.PHONY: migration
migration: .venv/.dev ## Write a migration from the models (name="what it does")
	$(BIN)/python -m scripts.new_migration $(name)

.PHONY: lock
lock: ## Pin the dependencies of pyproject.toml again (LOCK_ARGS=--upgrade for newer versions)
	@sh scripts/lock.sh $(LOCK_ARGS)

# The stamps make a second run install nothing. The development environment holds all of the other one.
.venv/.run: requirements.lock pyproject.toml scripts/venv.sh
	@sh scripts/venv.sh requirements.lock .venv/.run

.venv/.dev: requirements-dev.lock pyproject.toml scripts/venv.sh
	@sh scripts/venv.sh requirements-dev.lock .venv/.run .venv/.dev
