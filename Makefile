.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
KILLS ?= 500
EXAMPLES ?= 1000
MAILS ?= 100000

.PHONY: help demo serve test check bundle bench bench-more storm fuzz format pictures schema translations lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: .venv/runtime ## the whole main job at http://localhost:8000 (PORT=n for another), on SQLite, with a clock to move
	@timeout 120 $(MAKE) --no-print-directory bundle >/dev/null 2>&1 || echo "not built: the mail editor; mails are written in a plain field"
	$(BIN)/nurture demo --port $(PORT)

serve: .venv/runtime ## the service itself, with the settings of .env
	$(BIN)/nurture serve --port $(PORT)

test: .venv/dev ## the whole test suite, on SQLite and PostgreSQL, browser included where there is one
	@$(MAKE) --no-print-directory bundle || echo "not built: the scripts of service/web/dist; the tests of them say so"
	$(BIN)/python -m pytest

check: .venv/dev ## format, lint, types, import layers, lock files, content, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python .ci/check_locks.py
	$(BIN)/python .ci/check_migrations.py
	$(BIN)/nurture check

bundle: service/web/dist/editor.js ## the mail editor of the studio, and the solver of a proof of work, with a Node of its own

bench: .venv/dev build/bench-venv/ready ## how fast it starts, answers and sends, as ratios to others in the same run; ten minutes
	$(BIN)/python bench/start.py
	$(BIN)/python -m bench.send --engines sqlite
	$(BIN)/python -m bench.advice --engines sqlite --opt-ins 100 --seconds 30
	$(BIN)/python -m bench.opt_in --connections 16 --seconds 6
	$(BIN)/python -m bench.workers --mails 1600
	$(BIN)/python -m bench.tick --rounds 3

bench-more: .venv/dev build/bench-venv/ready ## the other figures of bench/RESULTS.md; two hours, a year of a million leads among them
	$(BIN)/python -m bench.compile
	$(BIN)/python -m bench.fill_in
	$(BIN)/python -m bench.plan 5000
	$(BIN)/python -m bench.send --engines postgres
	$(BIN)/python -m bench.advice --engines postgres
	$(BIN)/python -m bench.equal_answers
	$(BIN)/python -m bench.equal_answers --rounds 20 --at-once 8
	$(BIN)/python -m bench.flood
	$(BIN)/python -m bench.providers
	$(BIN)/python -m bench.studio
	$(BIN)/python -m bench.rest
	$(BIN)/python -m bench.copying --leads 10000
	$(BIN)/python -m bench.year

storm: .venv/dev ## kill -9 under load, KILLS=500 on each database, SEED=n as before; then long outages. Two hours
	$(BIN)/python -m tests.crash --kills $(KILLS) $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m tests.crash --kills $(KILLS) $(if $(SEED),--seed $(SEED)) --by provider
	$(BIN)/python -m tests.crash --kills $(KILLS) $(if $(SEED),--seed $(SEED)) --by two-ways
	STORM_LONG=1 $(BIN)/python -m pytest -n 0 tests/crash/test_many_processes.py

fuzz: .venv/dev ## hostile requests, EXAMPLES=1000 for each route, and MAILS=100000; SEED=n for others; takes long
	FUZZ_MAILS=$(MAILS) $(if $(SEED),FUZZ_SEED=$(SEED)) $(BIN)/python -m pytest -n 2 tests/mail/inbound/test_fuzz.py
	FUZZ_EXAMPLES=$(EXAMPLES) $(if $(SEED),FUZZ_SEED=$(SEED)) $(BIN)/python -m pytest -n 2 tests/web/test_fuzz.py

format: .venv/dev ## put the code in its one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

pictures: .venv/dev ## draw anew what docs/mails.md, docs/handleiding.md and docs/studio-pages.md show, in a Chromium
	$(BIN)/python -m tests.support.mail_pictures
	$(BIN)/python -m tests.support.guide_pictures
	$(BIN)/python -m tests.support.studio_pictures

schema: .venv/dev ## write docs/schema anew, for the editors of who writes content
	$(BIN)/python .ci/write_schemas.py

translations: .venv/dev ## bring service/web/studio/locale up to date with the studio's templates
	$(BIN)/python .ci/write_translations.py

lock: .venv/dev ## resolve requirements*.in again into hashed requirements*.txt
	.ci/lock

clean: ## remove what the other targets made (not data/)
	rm -rf .venv build dist service/web/dist frontend/node_modules *.egg-info .mypy_cache .pytest_cache .ruff_cache

# uv is bootstrapped by its hash; where it cannot be had, plain pip reads the same hashed files.
.venv/runtime: requirements.txt requirements-uv.txt pyproject.toml
	.ci/install requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt requirements-uv.txt pyproject.toml
	.ci/install requirements-dev.txt
	@touch $@ .venv/runtime

service/web/dist/editor.js: .ci/bundle requirements-node.txt $(wildcard frontend/*.*) frontend/.npmrc
	PYTHON=$(PYTHON) .ci/bundle
	@touch $@

# What the service is measured beside has no place among what it runs on.
build/bench-venv/ready: bench/requirements.txt
	$(PYTHON) -m venv --clear build/bench-venv
	build/bench-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
