"""Ghahramani and Jordan (1997): learning factorial HMMs by five methods, scored exactly.

"Factorial hidden Markov models." First their synthetic table: models drawn at random, 20 training
and 20 test sequences of 20 steps from each, and how many bits per observation every method loses
against the model that made the data. Then melodies of Bach chorales: a flat HMM and factorial
ones by their number of states.
"""

from dataclasses import replace
from itertools import islice

import numpy as np

from helpers import fhmm
from helpers.arguments import finite_array, whole_number
from helpers.ascent import climb
from helpers.fhmm import FactorialHMM
from helpers.fhmm.starts import flat_model
from helpers.papers.chorales import music21_chorales, read_chorales
from helpers.papers.gibbs import sampled_e_step

SIZES = ((3, 2), (3, 3), (5, 2), (5, 3))  # (M, L): chains, and states of each
INFERENCES = {
    "exact": "exact",
    "Gibbs": "gibbs",
    "factorised": "mean_field",
    "structured": "structured",
}
METHODS = ("HMM", *INFERENCES)
SWEEPS = 10  # Gibbs samples, or sweeps over q, in each E-step
RTOL = 1e-5  # relative rise of the bound at which EM stops


def true_model(n_chains, n_states, rng, n_dimensions=4, variance=0.01):
    """A model with uniform parameters, probabilities normalised, and covariance 0.01 I."""
    initial = rng.random((n_chains, n_states))
    transition = rng.random((n_chains, n_states, n_states))
    return FactorialHMM(
        initial / initial.sum(-1, keepdims=True),
        transition / transition.sum(-1, keepdims=True),
        rng.random((n_chains, n_states, n_dimensions)),
        variance * np.eye(n_dimensions),
    )


def draw(model, rng, n_sequences=20, length=20):
    """A list of n_sequences observations (length, P)."""
    return [model.sample(rng, length)[1] for _ in range(n_sequences)]


def learn(method, sequences, n_chains, n_states, rng, max_steps=100):
    """The model that EM with one of the METHODS ends with, and the number of its steps.

    "HMM" is Baum-Welch on one chain of L^M states: as many as the factorial model has together.
    """
    if method == "HMM":
        states = from_one_start(sequences, 1, n_states**n_chains, rng, "exact")
    elif method in INFERENCES:
        states = from_one_start(sequences, n_chains, n_states, rng, INFERENCES[method])
    else:
        raise ValueError(f"method: expected one of {METHODS}, got {method!r}")
    if method == "Gibbs":  # samples have no bound that could tell when to stop
        return next(islice(states, max_steps, None)).model, max_steps
    ascent = climb(states, rtol=RTOL, max_steps=max_steps)
    return ascent.state.model, len(ascent.elbos) - 1


def from_one_start(sequences, n_chains, n_states, rng, inference):
    """EM from a single start with random parameters throughout, transitions included."""
    start = flat_model(sequences, n_chains, n_states, rng)
    initial = rng.dirichlet(np.ones(n_states), n_chains)
    transition = rng.dirichlet(np.ones(n_states), (n_chains, n_states))
    start = replace(start, initial=initial, transition=transition)
    inference = sampled_e_step(SWEEPS, rng) if inference == "gibbs" else inference
    return fhmm.fit(sequences, n_chains, n_states, rng, inference, sweeps=SWEEPS, start=start)


def bits_per_observation(model, sequences):
    """-log2 p(x) per observation by exact inference; x is continuous, so only differences count."""
    total = sum(len(sequence) for sequence in sequences)
    return -fhmm.exact(model, sequences).log_evidence / (total * np.log(2))


def one_set(n_chains, n_states, seed, methods=METHODS, max_steps=100):
    """Every method once on one parameter set: {method: {"train", "test", "steps"}}.

    train, test: bits per observation above those of the model that made the data.
    """
    rng = np.random.default_rng(seed)
    truth = true_model(n_chains, n_states, rng)
    data = {"train": draw(truth, rng), "test": draw(truth, rng)}
    results = {}
    for method in methods:
        model, steps = learn(method, data["train"], n_chains, n_states, rng, max_steps)
        results[method] = {"steps": steps} | {
            name: bits_per_observation(model, x) - bits_per_observation(truth, x)
            for name, x in data.items()
        }
    return results


def synthetic_table(seed, sets, sizes=SIZES, methods=METHODS, max_steps=100, first=0):
    """The table of results: {"3 chains, 2 states": {method: {"train": [...], ...}}}.

    Args:
        seed: each parameter set has a generator of its own, from the seed, its size and number.
        sets: parameter sets for each of the sizes.
        first: number of the first of them, so that parts of a table can be made apart.
    """
    sets = whole_number("sets", sets)
    table = {}
    for n_chains, n_states in sizes:
        runs = [
            one_set(n_chains, n_states, [seed, n_chains, n_states, number], methods, max_steps)
            for number in range(first, first + sets)
        ]
        table[size_name(n_chains, n_states)] = {
            method: {key: [run[method][key] for run in runs] for key in ("train", "test", "steps")}
            for method in methods
        }
    return table


def joined(tables):
    """Tables of other sizes, or of other parameter sets of a size, as one."""
    whole = {}
    for table in tables:
        for size, rows in table.items():
            for method, columns in rows.items():
                kept = whole.setdefault(size, {}).setdefault(method, {key: [] for key in columns})
                for key, values in columns.items():
                    kept[key].extend(values)
    return whole


def size_name(n_chains, n_states):
    """The words by which a size is known in results and figures."""
    return f"{n_chains} chains, {n_states} states"


def mean_and_error(values):
    """Mean and standard error of the mean of a list of numbers, at least two."""
    values = finite_array("values", values, ndim=1)
    if len(values) < 2:
        raise ValueError(f"values: expected at least two for a standard error, got {len(values)}")
    return float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5)


def split_melodies(melodies, rng, n_train=30, more_than=40):
    """Training and test sequences, lists of (T, 6): melodies with more events than ``more_than``.

    Attributes are whole numbers. A density would be free to grow without bound on a value that
    repeats, so every event gets uniform noise of width one: the expected log density is then at
    most the log probability of the whole numbers, and a bit is a bit.
    """
    long = [m.events for m in melodies if len(m.events) > more_than]
    if len(long) <= n_train:
        raise ValueError(
            f"melodies: expected more than {n_train} with more than {more_than} events, "
            f"got {len(long)}"
        )
    order = rng.permutation(len(long))
    noisy = [long[n] + rng.uniform(-0.5, 0.5, long[n].shape) for n in order]
    return noisy[:n_train], noisy[n_train:]


def bits_by_states(train, test, sizes, rng, max_steps=100):
    """Training and test bits per event of models of several sizes (M, L), learned once each.

    One chain: Baum-Welch; several: EM with structured mean field, and exact inference only for
    the score. Returns {"M x L": {"states": L^M, "chains": M, "train": bits, "test": bits}}.
    """
    results = {}
    for n_chains, n_states in sizes:
        inference = "exact" if n_chains == 1 else "structured"
        states = from_one_start(train, n_chains, n_states, rng, inference)
        model = climb(states, rtol=RTOL, max_steps=max_steps).state.model
        results[f"{n_chains} x {n_states}"] = {
            "chains": n_chains,
            "states": n_states**n_chains,
            "train": bits_per_observation(model, train),
            "test": bits_per_observation(model, test),
        }
    return results


def chorale_curves(seed, sizes, runs, source="music21", n_train=30, most=66):
    """Bits per event for several splits and starts: {"M x L": {..., "test": [one a run]}}.

    source: "music21", or the path of the UCI file chorales.lisp.
    """
    if source == "music21":
        melodies = music21_chorales(most, more_than=40)
    else:
        melodies = read_chorales(source)
    table = {}
    for run in range(whole_number("runs", runs)):
        rng = np.random.default_rng([seed, run])
        data = split_melodies(melodies, rng, n_train)
        for size, row in bits_by_states(*data, sizes, rng).items():
            kept = table.setdefault(size, row | {"train": [], "test": []})
            kept["train"].append(row["train"])
            kept["test"].append(row["test"])
    return table
