# make demo   from a bare machine to an opened case: venv, ffmpeg, the main job on sample_media/
# make test   every check: lint, walls, types, tests with branch coverage
# make search the laws again on examples not tried before: what it finds becomes a test
# make samples-table  every drone, camera and Telegram file of ../shared/samples: reader, expected, found
# make adversarial  every file and object of ../shared/hostile through one ingest: rule breaks, slowest, largest
# make man  the manual pages, from the help texts: MANDIR=~/.local/share/man puts them where man looks
# make bench  every gate of speed as one table, beside its floor in the same run; added to tests/benchmark/RESULTS.md
# make bench-all  every benchmark: accuracy, speed, faults by the thousand (hours)
# make validation  the error rates that ship with the program, measured again: after every change of a threshold

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CASE ?= demo-case
MANDIR ?= build/man
COVERAGE_FLOOR := 85

.PHONY: demo test lint types unit search bench bench-all validation samples samples-table adversarial man lock clean

demo: $(VENV)/.installed
	@sh .ci/need-ffmpeg
	@rm -rf $(CASE)
	@$(BIN)/forensics run sample_media/drone sample_media/telegram sample_media/more -c $(CASE) --case-id DEMO-1 --operator "demo operator"; \
	code=$$?; if [ $$code -ne 0 ] && [ $$code -ne 3 ]; then exit $$code; fi
	@$(BIN)/forensics verify $(CASE)
	@echo "What is in sample_media and what was done to it: sample_media/README.md, sample_media/truth.json"

test: $(VENV)/.installed-dev lint types unit

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/.installed-dev
	$(BIN)/mypy

unit: $(VENV)/.installed-dev
	@sh .ci/need-ffmpeg
	$(BIN)/pytest -n auto --dist worksteal -m "not benchmark" --cov --cov-report=term:skip-covered --cov-fail-under=$(COVERAGE_FLOOR)

search: $(VENV)/.installed-dev
	$(BIN)/pytest -n auto --dist worksteal --hypothesis-profile=search tests/property tests/contract tests/unit/matching

bench: $(VENV)/.installed-dev
	@sh .ci/need-ffmpeg
	@$(BIN)/python -m tests.benchmark.gates --append

bench-all: $(VENV)/.installed-dev
	@sh .ci/need-ffmpeg
	$(BIN)/pytest -m benchmark -s tests/benchmark

validation: demo
	$(BIN)/forensics validate -c $(CASE)
	cp $$(ls -t $(CASE)/validation/*.json | head -1) pipelines/default-validation.json

samples: $(VENV)/.installed-dev
	$(BIN)/python sample_media/render.py --out sample_media

samples-table: $(VENV)/.installed-dev
	@sh .ci/need-ffmpeg
	@$(BIN)/python -m tests.samples_table

adversarial: $(VENV)/.installed-dev
	@sh .ci/need-ffmpeg
	@$(BIN)/python -m tests.adversarial_table

man: $(VENV)/.installed
	@$(BIN)/forensics manual $(MANDIR)

lock: $(VENV)/.installed-dev
	$(BIN)/pip freeze --exclude-editable --exclude pip --exclude setuptools > constraints.txt

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 6; }
	@$(PYTHON) -m venv $(VENV) || { echo "the venv module is missing; on Debian or Ubuntu type: sudo apt-get install python3-venv"; exit 6; }

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) $(CASE) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
