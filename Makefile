# What one can do here; `make` alone lists it. README.md says how to do the same without make.
PYTHON ?= $(shell command -v python3 >/dev/null 2>&1 && echo python3 || echo python)
PY := .venv/bin/python
ifeq ($(OS),Windows_NT)
PY := .venv/Scripts/python.exe
endif

# Numerical libraries start a thread per core in each process; the tests already use all cores: a
# third worker has two of them busy while one waits for a server, a browser or a limit of time.
THREADS := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with=tests/sanitize.cfg --nbval-cell-timeout=180

# make lab PYTHON=python3.13 means that one, also where .venv was made with another.
ifeq ($(origin PYTHON),command line)
CHOSEN := --this-python
endif

# Tests that start a browser, a server or nbgrader, render the whole course, train at length, or try
# answers and models by the thousand.
SLOW := autoencoder bad_input benchmarks book checks checks_catalogues checks_kinds decks equivariance \
    exam fhmm_learning gradients grading hub interactive interactive_browser lda_stochastic lectures \
    predictions own_corpus progress set_up site slides students teaching tracks vocabulary

# Packages of another environment have no place in this one.
unexport PYTHONPATH PYTHONHOME
# Where no Python may keep what it compiled, each of the hundred that the tests start compiles all of
# it anew: half of the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

env:  ## build the environment in .venv, nothing else
	@$(PYTHON) tools/environment.py $(CHOSEN)

lab: env  ## open the course in JupyterLab (SOLUTIONS=no: without the answers)
	@$(PY) tools/lab.py

teach: env  ## open the course itself, to change it
	@$(PY) tools/lab.py --teach

test: lint  ## run every check: library, notebooks, exercises, slides
	@$(PY) tools/chromium.py
	@$(THREADS) $(PY) -m pytest -q -n 3 --dist loadscope --no-loadscope-reorder $(NBVAL) \
	    tests notebooks $(wildcard solutions)

quick: env-test  ## while you work: unit tests and the notebooks that you changed
	@$(PY) -m ruff check --quiet .
	@$(THREADS) $(PY) -m pytest -q -n 2 --dist loadscope $(NBVAL) $(SLOW:%=--ignore=tests/test_%.py) \
	    tests $(shell git diff --name-only --diff-filter=d HEAD -- notebooks solutions; \
	    git ls-files --others --exclude-standard -- notebooks solutions)

lint: env-test+site+hub  ## style of Python files and notebooks
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet helpers checks slides tools tests benchmarks

slides: env  ## render every lecture as one offline HTML file into build/slides
	@$(PY) tools/lab.py --left-out
	@$(PY) tools/decks.py build

track: env  ## build one track's deck into build/tracks: make track TRACK=90_minutes
	@$(PY) tools/decks.py track $(or $(TRACK),90_minutes)

handout: env-test  ## print every lecture into build/handout: make handout HANDOUT="--per-page 6"
	@$(PY) tools/lab.py --left-out
	@$(PY) tools/decks.py handout $(HANDOUT)

students: env  ## write the course for a class, without answers, into build/students
	@$(PY) tools/students.py

site: env-test+site  ## render all notebooks as pages to read, into build/site
	@$(PY) tools/lab.py --left-out
	@$(PY) tools/site_pages.py

lite: env-lite  ## build the course for a browser without a server: make lite [PYODIDE=folder]
	@$(PY) tools/lite.py $(if $(PYODIDE),"$(PYODIDE)")

grade: env-grade  ## mark a folder of submissions: make grade SUBMISSIONS=folder
	@$(PY) tools/grade.py "$(SUBMISSIONS)"

exam: env-test  ## two exam papers with keys, a formula sheet, a questionnaire, into build/exam
	@$(PY) tools/exam.py

book: env-test  ## the text of the whole course as one PDF, into build/book
	@$(PY) tools/book.py

exercises: env-test  ## write exercises/ from solutions/
	@$(PY) tools/exercises.py build

notebooks: env-test  ## execute notebooks and solutions and save them
	@$(THREADS) $(PY) tools/notebooks.py

bench: env-bench  ## compare with the field's libraries, into benchmarks/RESULTS.md
	@$(THREADS) $(PY) benchmarks/run.py

lock: env-test  ## choose the versions of constraints.txt anew (needs uv)
	@uv pip compile --quiet --universal --no-header --no-annotate --all-extras \
	    --python-version 3.11 --upgrade pyproject.toml --output-file constraints.txt

env-%:
	@$(PYTHON) tools/environment.py $(CHOSEN) $(subst +, ,$*)
