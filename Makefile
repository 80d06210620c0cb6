# `make demo` and `make test` set up everything they need in .venv, from a clean checkout or after a `git pull`.
# Only Python >= 3.11, make and git must be there.

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=

BIN  := $(VENV)/bin
PY   := $(BIN)/python
PIP  := $(PY) -m pip --disable-pip-version-check
PINS := requirements-dev.txt

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs pins clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo ## real calls to an emulated Llama API, in Python and through the gateway; no key, no network
	$(BIN)/litellm-lite demo $(ARGS)

# What mostly waits for the clock does so beside the others, which saves a minute and a half.
TEST_ALL = $(BIN)/pytest -q -p no:cacheprovider -m waiting & waiting=$$!; \
	$(BIN)/pytest --cov -m 'not waiting'; others=$$?; wait $$waiting && exit $$others

test: $(VENV)/.dev ## all tests, with the coverage gate; ARGS="-k stream" picks some
	@$(if $(ARGS),$(BIN)/pytest $(ARGS),$(TEST_ALL))

lint: $(VENV)/.dev ## format, lint, types, and that the generated docs are current
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PY) scripts/render_docs.py --check

bench: $(VENV)/.dev ## cost per call beside the bare engine and litellm, as ratios in one run
	$(PY) -m benchmarks $(ARGS)

docs: $(VENV)/.dev ## write the generated tables of the docs anew
	$(PY) scripts/render_docs.py

pins: ## choose the newest versions that fit pyproject.toml and pin them
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip install -q -e '.[proxy,llama,dev]'
	{ grep '^#' $(PINS); build/pins/bin/python -m pip freeze --all --exclude pip --exclude-editable; } > build/pins.txt
	mv build/pins.txt $(PINS)

clean: ## remove all that these targets made
	rm -rf $(VENV) .cache build dist *.egg-info htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The two ways to be ready: for the demo, and for everything. A stamp is older than what it was made from
# after a change of pins or of pyproject.toml, and then pip brings the same environment up to date.
$(VENV)/.demo: EXTRAS := proxy,llama
$(VENV)/.dev: EXTRAS := proxy,llama,dev
$(VENV)/.demo $(VENV)/.dev: $(VENV)/pyvenv.cfg pyproject.toml $(PINS)
	@echo "Installing litellm-lite[$(EXTRAS)] into $(VENV) ..."
	@$(PIP) install -q -c $(PINS) setuptools
	@$(PIP) install -q -c $(PINS) --no-build-isolation -e '.[$(EXTRAS)]'
	@touch $@

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "litellm_lite needs Python 3.11 or newer, and $(PYTHON) is not: try make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -f $@; \
		echo "$(PYTHON) cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
