PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export SDL_VIDEODRIVER ?= dummy
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test thorough quick faults check docs install clean

install: $(READY)

# Made anew only when what it installs has changed, so a second run starts at once.
$(READY): setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(READY)

demo: $(READY)
	$(BIN)/lab demo

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not thorough"

# What `make test` leaves out: each of these takes seconds, for what something quicker shows in the main.
thorough: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m thorough

# The part to run while coding: pure functions and small objects, without training and without further processes.
QUICK = tests/test_architecture.py tests/agents/parts tests/agents/test_spaces.py tests/agents/functional/test_packing.py \
	tests/agents/replay/test_accumulators.py tests/agents/replay/test_storage.py \
	tests/lab/files/test_links.py tests/lab/files/test_schema.py tests/lab/messages tests/lab/results \
	tests/lab/runs/test_state.py tests/lab/runs/test_state_checks.py tests/lab/training tests/lab/networks/test_dense.py \
	tests/lab/networks/test_forward.py tests/lab/runtime/test_processor.py tests/lab/test_config.py tests/lab/test_errors.py \
	tests/lab/test_seeding.py tests/lab/test_tasks.py tests/envs/test_catch.py tests/envs/test_gridworld.py \
	tests/envs/test_random.py tests/envs/test_registration.py tests/envs/test_snake.py tests/generative/data \
	tests/generative/test_arguments.py tests/predictors/metrics

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
