PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export SDL_VIDEODRIVER ?= dummy
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test faults check docs install clean

install: $(READY)

# Made anew only when what it installs has changed, so a second run starts at once.
$(READY): setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(READY)

demo: $(READY)
	$(BIN)/lab demo

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

# Hours on two cores. Less of it: make faults KILLS=40 INPUTS=2000; a part of it: make faults PARTS=fuzz.
faults: $(READY)
	$(BIN)/python -m tests.faults $(PARTS) $(if $(KILLS),--kills $(KILLS)) $(if $(INPUTS),--inputs $(INPUTS))

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A site of tutorials, guides and API pages; a warning is an error. Open docs/_build/html/index.html.
docs: $(VENV)/.ready-docs
	rm -rf docs/api/generated
	$(BIN)/python -m sphinx -q -W --keep-going -d docs/_build/doctrees docs docs/_build/html
	@echo docs/_build/html/index.html

$(VENV)/.ready-docs: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[dev,docs]'
	touch $@

clean:
	rm -rf $(VENV) docs/_build docs/api/generated build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
