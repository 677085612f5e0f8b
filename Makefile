PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export SDL_VIDEODRIVER ?= dummy
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test quick faults check docs install clean

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

# The part to run while coding: pure functions and small objects, without training and without further processes.
QUICK = $(wildcard tests/test_architecture.py tests/agents/parts tests/agents/replay tests/lab/files tests/lab/networks \
	$(addprefix tests/agents/test_, losses.py replay.py spaces.py exploration.py pool.py tabular.py) \
	$(addprefix tests/lab/test_, averages.py config.py errors.py evaluation.py field_names.py history.py links.py notes.py \
	schedules.py seeding.py state.py state_checks.py statistics.py) tests/lab/runtime/test_processor.py \
	$(addprefix tests/envs/test_, catch.py gridworld.py random.py registration.py snake.py) \
	$(addprefix tests/generative/test_, arguments.py batching.py labels.py optimizer.py rows.py stream.py))

quick: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist worksteal $(QUICK)

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
