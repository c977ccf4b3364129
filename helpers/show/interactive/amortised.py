"""The two gaps of amortised inference, document by document.

    log p(x) - ELBO(network) = [log p(x) - best ELBO of the family] + [best ELBO - ELBO(network)]

Source: the slide "Amortised variational inference".
"""

import numpy as np

from helpers.arguments import finite_array
from helpers.show.interactive.controls import indexed, slider, steps, ticks
from helpers.show.interactive.figure import Interactive

MOST_DOCUMENTS = 12
DIFFERENCE = 1e-6  # nats by which a bound may pass what is above it


def two_gaps(gaps=None, names=None, labels=None):
    """The family's gap and the network's gap of some documents, while the network trains.

    Args:
        gaps: what :func:`helpers.latent_factors.split_gap` returns, or a list of these, one for
            each stage of the training: anything with ``log_evidence``, ``mean_field`` and
            ``amortised``, (D,) in nats. None trains a small model on documents that the two
            factors of :mod:`helpers.show.interactive.competing` wrote.
        names: of the D documents, at most 12 of them.
        labels: of the stages, for the slider.
    Raises:
        ValueError: a bound above the evidence, or a network better than its family's best.
    """
    if gaps is None:
        gaps, labels = _trained()
    stages = list(gaps) if isinstance(gaps, list | tuple) else [gaps]
    tables = np.array([_table(stage) for stage in stages])  # (stages, 3, D)
    count = tables.shape[2]
    if not 1 <= count <= MOST_DOCUMENTS:
        raise ValueError(f"gaps: expected 1 to {MOST_DOCUMENTS} documents, got {count}")
    names = [str(d + 1) for d in range(count)] if names is None else list(names)
    labels = list(range(len(stages))) if labels is None else list(labels)

    def compute(stage, document):
        evidence, best, network = tables[stage]
        return {
            "family_gap": float(evidence[document] - best[document]),
            "network_gap": float(best[document] - network[document]),
            "log_evidence": float(evidence[document]),
            "elbo": float(network[document]),
            "family_gaps": evidence - best,
            "network_gaps": best - network,
        }

    player = steps("stage", "steps of training", len(stages) - 1, pause=900)
    listed = indexed("document", "document", names)
    if len(stages) == 1:
        player = slider("stage", "stage", 0, 0, 1, 0)
    deepest = 1.05 * float((tables[:, 0] - tables[:, 2]).max()) or 1.0
    data = {
        "title": "Amortised inference: the family's gap and the network's gap",
        "controls": [player | {"values": labels}, listed],
        "tables": tables,
        "names": names,
        "deepest": deepest,
        "yticks": ticks(-deepest, 0),
    }
    return Interactive("two_gaps", data, compute)


def _table(stage):
    table = [stage.log_evidence, stage.mean_field, stage.amortised]
    evidence, best, network = finite_array("gaps", table, ndim=2)
    if (best > evidence + DIFFERENCE).any():
        raise ValueError("gaps: a mean field bound is above the log evidence")
    if (network > best + DIFFERENCE).any():
        raise ValueError("gaps: the network's bound is above the best of its family")
    return [evidence, best, network]


def _trained(stages=(1, 2, 4, 8, 16, 32, 64), n_documents=10, n_tokens=30):
    """A small amortised model at some stages of its training -> (list of Gaps, stages)."""
    from helpers.latent_factors import split_gap, train
    from helpers.show.interactive.competing import two_factor_model

    rng = np.random.default_rng(3)
    counts = _documents(two_factor_model(), rng, 60, n_tokens)
    found = []
    states = train(counts, 3, rng, n_hidden=6, n_encoder=3)  # a narrow encoder: its gap shows
    for step, state in zip(range(stages[-1] + 1), states, strict=False):
        if step in stages:
            found.append(split_gap(state.model, state.encoder, counts[:n_documents], rng))
    return found, list(stages)


def _documents(model, rng, n_documents, n_tokens):
    z = (rng.random((n_documents, model.n_factors)) < 0.5).astype(float)
    logits = np.tanh(z @ model.hidden_weights + model.hidden_bias) @ model.output_weights
    weights = np.exp(logits + model.output_bias)
    return rng.multinomial(n_tokens, weights / weights.sum(1, keepdims=True)).astype(float)
