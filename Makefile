# Two commands do everything on a machine with Python 3.11 or newer, git and make:
#   make site   sets up and builds the blog into public/
#   make test   sets up and runs every check and test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The lock pins every version; what is installed again depends on it and on the project file.
DEPENDENCIES := requirements.lock pyproject.toml

.PHONY: site test tools check evidence bench lock clean

site: $(VENV)/site.done
	$(BIN)/site-builder build

# With npm and Java, two judges that are not ours look at the pages, too.
test: $(VENV)/test.done $(if $(and $(shell command -v npm),$(shell command -v java)),tools) check evidence
	$(BIN)/pytest

# The blog states nothing that its code does not give, and gives the same again.
evidence: $(VENV)/site.done
	$(BIN)/site-builder check
	$(BIN)/site-builder build
	$(BIN)/site-builder verify

check: $(VENV)/test.done
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Lighthouse and the Nu validator, by npm.
tools: $(VENV)/tools.done

bench: $(VENV)/test.done
	$(BIN)/python tests/benchmark

# Versions anew, for all Pythons that are supported; needs `pip install uv`.
lock:
	uv pip compile --upgrade --universal --no-header --no-annotate \
	    --python-version 3.11 --fork-strategy requires-python \
	    --extra blog --extra jupyter --extra s3 --extra test pyproject.toml -o requirements.lock

clean:
	$(BIN)/site-builder clean

$(VENV)/site.done: $(DEPENDENCIES)
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[blog,jupyter]'
	touch $@

$(VENV)/test.done: $(VENV)/site.done
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[blog,jupyter,test]'
	touch $@

$(VENV)/tools.done: tests/tools/package.json $(VENV)/test.done
	mkdir -p $(VENV)/tools
	cp tests/tools/package.json $(VENV)/tools/
	npm install --prefix $(VENV)/tools --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@
