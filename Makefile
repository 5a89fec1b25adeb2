# make run    the page, on http://127.0.0.1:7860      make run ARGS="--data my-pictures.zip"
# make test   lint, types and every test               make test PYTEST_ARGS="tests/test_floors.py"
# make bench  ours beside others, timed in turns       make bench ARGS="loss --json"
# make check  lint and types only                      make format   put the code in shape
#
# Each sets up what it needs in .venv first. Written for make 3.81, which is what macOS has.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
ARGS ?=
PYTEST_ARGS ?=

# PYTHON=python3.13 chooses. Without it: python3 where it is new enough, else the newest there is.
PYTHONS = $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)

.PHONY: run test bench check format

run: $(VENV)/.installed
	$(PY) app.py $(ARGS)

test: check
	browser="$$($(PY) tests/browsers.py)" && SSL_EXPLORER_BROWSER="$$browser" $(PY) -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

bench: $(VENV)/.installed-bench
	$(PY) -m bench $(ARGS)

check: $(VENV)/.installed-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(VENV)/.installed-dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# A stamp is touched last, so an interrupted installation is taken up again, and a changed list is installed.
$(VENV)/.installed: requirements.txt $(PY)
	@echo "Installing what SSL Explorer runs on. The first time this takes some minutes: PyTorch is large."
	@$(PIP) --version >/dev/null 2>&1 || $(PY) -m ensurepip --default-pip
	$(PIP) install -r $<
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) install -r $<
	@touch $@

$(VENV)/.installed-bench: requirements-bench.txt $(VENV)/.installed-dev
	$(PIP) install -r $<
	@touch $@

# Tried by running it: a shim of a version manager may be on the path and have no Python behind it.
$(PY):
	@for python in $(PYTHONS); do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  $$python -c 'import ensurepip, venv' 2>/dev/null || { bare=$$python; continue; }; \
	  echo "Creating $(VENV) with $$($$python --version)"; \
	  exec $$python -m venv --clear $(VENV); \
	done; \
	if [ "$$bare" ]; then \
	  echo "$$($$bare --version) has no venv module. On Debian and Ubuntu: sudo apt-get install python3-venv"; \
	else \
	  echo "SSL Explorer needs Python 3.11 or newer; none of these is: $(PYTHONS)."; \
	  echo "Get it from https://www.python.org/downloads/ or name yours: make PYTHON=/path/to/python3 $(MAKECMDGOALS)"; \
	fi >&2; \
	exit 1
