# Needs Python 3.11 or newer, pip and make. Everything is installed into .venv at the versions of constraints.txt.
PYTHON ?= python3
VENV ?= .venv
ARGS ?=
EXTRAS = .[astro,bio,cloud,cluster,ml,tensorstore,torch,video,volumes,xarray]
PY = $(VENV)/bin/python
PIP = $(PY) -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test check constraints clean

demo: $(VENV)/.installed  ## make an environment, install, run the demo
	$(PY) -m smalti.cli demo $(ARGS)

test: $(VENV)/.test-tools  ## make an environment with the test tools, get Chromium, pass all tests
	sh tests/get_chromium.sh
	$(PY) -m pytest --numprocesses 2 --dist loadfile --nbmake --nbmake-timeout 100 tests notebooks $(ARGS)  # most tests keep one core busy

check: $(VENV)/.test-tools  ## style, types, floors
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

$(VENV)/.pip: constraints.txt
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("smalti needs Python 3.11 or newer; try: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) pip
	touch $@

$(VENV)/.installed: $(VENV)/.pip pyproject.toml
	$(PIP) --editable .
	touch $@

$(VENV)/.test-tools: $(VENV)/.installed
	$(PIP) --editable "$(EXTRAS)" --group dev
	touch $@

constraints:  ## pin every version anew, without any address (needs uv)
	uv pip compile pyproject.toml --extra all --extra torch --group dev --universal --upgrade --python-version 3.11 \
	    --no-emit-index-url --no-header --no-annotate --quiet --output-file constraints.txt

clean:
	rm -rf $(VENV)
