"""Learning the latent factor document model, with exact, mean field or amortised inference.

    exact       q = p(z | x), the bound is the log evidence itself
    mean_field  q has parameters for each document; sweeps and steps of the model take turns
    amortised   q's parameters come from one encoder, trained jointly with the model

Where 2^K states can be enumerated the gradients are exact and of all documents, and the bound never
falls. For larger K those of the amortised bound are sampled, a few documents at a time, and states
say ``noisy``.
"""

from dataclasses import fields
from functools import partial
from itertools import islice

import numpy as np

from helpers.arguments import MOST_NUMBERS, count_matrix, describe, positive, whole_number
from helpers.ascent import State, States
from helpers.gradients.adam import Adam, pack, unpack
from helpers.latent_factors.bound import bound_gradient, exact_gradient
from helpers.latent_factors.coordinate_ascent import mean_field
from helpers.latent_factors.factors import Encoder, Factors, initial_encoder
from helpers.latent_factors.model import factor_states, from_parameters, initial_model, parameters
from helpers.latent_factors.optimise import ascend, evaluate, quasi_newton_step
from helpers.latent_factors.posterior import exact
from helpers.latent_factors.score_function import baselines, sampled_elbos, score_function_gradient

ENUMERABLE = 12  # above this the amortised gradients are sampled unless asked otherwise


def train(counts, n_factors, rng, inference="amortised", n_hidden=32, gradient=None, **options):
    """Fits the model to counts (D, V); states with ``model``, without end.

        ascent = climb(train(counts, 6, rng), max_steps=100)
        ascent.state.model, ascent.state.encoder, ascent.state.q.probs

    The objective is sum_d log p(x_d), or its bound sum_d E_q[log p(x_d, z)] + H(q), in nats.
    inference: ``"exact"``, ``"mean_field"`` or ``"amortised"``. gradient: ``"exact"`` or
    ``"score_function"`` (amortised only); by default exact up to 12 factors. options: sweeps of
    mean field between steps; n_encoder, the encoder's hidden units; for the score function those
    of ``sampled_training``. ValueError, before the first state: bad counts, sizes, options or rng,
    an unknown inference or gradient, or, with exact gradients, more than 20 factors.
    Source: the slides "Latent Factor Document Model" and "Amortised variational inference".
    """
    counts = count_matrix("counts", counts).copy()  # since the states come later
    method = training_method(inference, gradient, whole_number("n_factors", n_factors))
    model = initial_model(counts, n_factors, rng, n_hidden)
    check_options(model, options)
    return States(method(model, counts, rng, **options))


def amortised_training(model, counts, rng, n_encoder=32):
    """Quasi-Newton ascent on the bound in the model and the encoder together."""
    first = initial_encoder(counts.shape[1], model.n_factors, rng, n_encoder)
    start = parameters(model) | first.parameters()

    def bound(values):  # (4d.3)
        model, encoder = both(values)
        q = encoder(counts)
        elbos, theta, slope = bound_gradient(model, counts, q.logits)
        return float(elbos.sum()), theta | encoder.gradient(counts, slope), (model, encoder, q)

    for elbo, (now, encoder, q) in ascend(bound, start):
        yield State(q, elbo, now, info={"encoder": encoder})


def both(values):
    """Model and encoder of a dictionary with the parameters of both."""
    values, names = dict(values), [field.name for field in fields(Encoder)]
    encoder = Encoder(**{name: values.pop(name) for name in names})
    return from_parameters(values), encoder


def exact_training(model, counts, rng):
    """Quasi-Newton ascent on sum_d log p(x_d)."""

    def evidence(values):
        now = from_parameters(values)
        return *exact_gradient(now, counts), now

    for log_evidence, now in ascend(evidence, parameters(model)):
        yield State(exact(now, counts), log_evidence, now)


def mean_field_training(model, counts, rng, sweeps=1):
    """Coordinate ascent in q and quasi-Newton steps in the model take turns."""
    # The prior is where every factor looks alike; a first push apart breaks the tie.
    q = Factors(rng.normal(scale=0.5, size=(counts.shape[0], model.n_factors)))

    def bound(values):
        now = from_parameters(values)
        elbos, gradient, _ = bound_gradient(now, counts, q.logits)
        return float(elbos.sum()), gradient, now

    point = evaluate(bound, parameters(model))
    while True:
        yield State(q, point.value, point.extra)
        q = next(islice(mean_field(point.extra, counts, q), sweeps, None)).q
        point = quasi_newton_step(bound, evaluate(bound, point.values, point.memory))


def sampled_training(
    model, counts, rng, n_encoder=32, n_samples=8, batch=64, rate=0.01, baseline="leave_one_out"
):
    """Adam on score-function gradients, a state a pass, its bound by fresh samples of its own."""
    encoder = initial_encoder(counts.shape[1], model.n_factors, rng, n_encoder)
    like = parameters(model) | encoder.parameters()
    x, adam = pack(like), Adam()
    while True:
        q = encoder(counts)
        elbo = float(sampled_elbos(model, counts, q.logits, rng, n_samples).sum())
        yield State(q, elbo, model, noisy=True, info={"encoder": encoder})
        order = rng.permutation(counts.shape[0])
        for rows in np.array_split(order, -(-len(order) // batch)):
            some = counts[rows]
            logits = encoder(some).logits
            estimate = score_function_gradient(model, some, logits, rng, n_samples, baseline)
            slope = estimate.gradient | encoder.gradient(some, estimate.logit_gradient)
            x, adam = adam.step(x, pack(slope) / len(rows), rate)
            model, encoder = both(unpack(x, like))


def training_method(inference, gradient, n_factors):
    """The function that trains in this way; ValueError if there is none for so many factors."""
    methods = {
        ("exact", "exact"): exact_training,
        ("mean_field", "exact"): mean_field_training,
        ("amortised", "exact"): amortised_training,
        ("amortised", "score_function"): sampled_training,
    }
    named = isinstance(inference, str) and isinstance(gradient, str | None)
    by = "exact" if gradient is None else gradient
    if named and gradient is None and inference == "amortised" and n_factors > ENUMERABLE:
        by = "score_function"
    if not named or (inference, by) not in methods:
        raise ValueError(
            "inference: expected 'exact', 'mean_field' or 'amortised', the last one also with "
            f"gradient='score_function'; got {describe(inference)} with gradient="
            f"{describe(gradient)}"
        )
    if by == "exact":
        factor_states(n_factors)  # ValueError where they are too many
    return methods[inference, by]


def check_options(model, options):
    """The values of the options of :func:`train`; their names Python checks."""
    most = MOST_NUMBERS // max(model.n_words, model.n_factors + len(model.hidden_bias))
    size = partial(whole_number, maximum=most)
    checks = {"sweeps": whole_number, "batch": whole_number, "n_samples": size, "n_encoder": size}
    for name, check in (checks | {"rate": partial(positive, ndim=0)}).items():
        if name in options:
            check(name, options[name])
    baseline = options.get("baseline", "leave_one_out")
    if not isinstance(baseline, str | None):
        raise ValueError(f"baseline: expected 'leave_one_out' or None, got {describe(baseline)}")
    baselines(np.zeros((min(options.get("n_samples", 2), 2), 1)), baseline)
