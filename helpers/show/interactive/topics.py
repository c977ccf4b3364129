"""One document under LDA, and a word that is forced. Source: "Mean field LDA Inference"."""

import numpy as np

from helpers.arguments import finite_array
from helpers.show.interactive.controls import choice, preset, room, steps, ticks
from helpers.show.interactive.figure import Interactive, clean, json_text

MOST_TOPICS, MOST_WORDS, MOST_DATA = 5, 70, 150_000
PARTS = {"gamma", "phi", "elbo", "updated"}  # of a trajectory
LONGEST_NAME = 20  # characters beside a bar
UPDATES = 100  # beyond convergence: 300 change no digit
TEXT = (
    "the bank lent money at low interest and the river flooded its bank while water and fish "
    "moved past the bank and the loan was paid"
)
PULLED = "money loan bank the low bank interest and bank river flooded water"
TOPIC_WORDS = {
    "money": {"bank": 6, "lent": 3, "money": 6, "interest": 4, "loan": 5, "paid": 4, "low": 2},
    "rivers": {"bank": 5, "river": 6, "flooded": 3, "water": 6, "fish": 4, "moved": 2, "low": 2},
    "any text": {"the": 12, "and": 8, "at": 4, "its": 3, "while": 3, "was": 4, "past": 2},
}


def toy_model(text=TEXT, alpha=0.5, smoothing=0.1):
    """Three topics over the words of ``TEXT`` -> (LDA, a text's word numbers, its words)."""
    from helpers.lda import LDA

    vocabulary, words = sorted(set(TEXT.split())), text.split()
    shares = [[of.get(w, 0) + smoothing for w in vocabulary] for of in TOPIC_WORDS.values()]
    topics = np.array(shares) / np.sum(shares, axis=1, keepdims=True)
    return LDA(alpha, topics), np.array([vocabulary.index(w) for w in words]), words


def lda_document(words=None, trajectory=None, topic_names=None, log_evidence=None):
    """A document's coordinate ascent: its words coloured by phi, gamma as bars, and the bound.

    Args:
        words: the document's N tokens as text, at most 70. None: a toy document.
        trajectory: what :func:`helpers.lda.trajectory` returns: gamma (S, K), phi (S, N, K),
            elbo (S,) and updated, a list of S names.
        topic_names: K names. Beyond five topics, the smaller ones are drawn together.
        log_evidence: log p(w), where it is known.
    """
    from helpers import lda

    if words is None:
        model, tokens, words = toy_model()
        trajectory, topic_names = lda.trajectory(model, tokens, 25), list(TOPIC_WORDS)
        log_evidence = lda.exact_by_counts(model, tokens).log_evidence
    gamma, phi, elbos = _checked(words, trajectory)
    names = topic_names or [f"topic {k + 1}" for k in range(gamma.shape[1])]
    names, gamma, phi = _largest(list(names), gamma, phi)
    numbers = {"elbo": elbos, "gamma": gamma, "phi": np.round(phi, 4)}
    if log_evidence is not None:
        evidence = np.full(len(elbos), float(log_evidence))
        numbers |= {"log_evidence": evidence, "kl": evidence - elbos}
    span = room([*elbos, *numbers.get("log_evidence", ())])
    data = {
        "title": "Mean field LDA: one document, step by step",
        "controls": [steps("step", "updates: φ, γ, …", len(elbos) - 1, pause=800)],
        "words": list(words),
        "names": [n if len(n) <= LONGEST_NAME else n[: LONGEST_NAME - 1] + "…" for n in names],
        "numbers": numbers,
        "updated": list(trajectory["updated"]),
        "range": span,
        "yticks": ticks(*span)[::2],  # the plot is low
    }
    if len(json_text(clean(data))) > MOST_DATA:
        raise ValueError(f"trajectory: too large for one figure, {phi.shape}; take fewer steps")
    return Interactive("lda_document", data)


def _checked(words, trajectory):
    if not isinstance(words, list | tuple) or not 1 <= len(words) <= MOST_WORDS:
        came = len(words) if isinstance(words, list | tuple) else type(words).__name__
        raise ValueError(f"words: expected a list of 1 to {MOST_WORDS} words, got {came}")
    if not isinstance(trajectory, dict) or not PARTS <= set(trajectory):
        came = list(trajectory) if isinstance(trajectory, dict) else type(trajectory).__name__
        raise ValueError(f"trajectory: expected a dict with {sorted(PARTS)}, got {came}")
    gamma = finite_array("gamma", trajectory["gamma"], ndim=2)
    phi = finite_array("phi", trajectory["phi"], shape=(len(gamma), len(words), gamma.shape[1]))
    return gamma, phi, finite_array("elbo", trajectory["elbo"], shape=(len(gamma),))


def _largest(names, gamma, phi):
    """The topics with the largest final gamma, and the sum of the others as one more."""
    if len(names) <= MOST_TOPICS:
        return names, gamma, phi
    kept = np.sort(np.argsort(-gamma[-1], kind="stable")[: MOST_TOPICS - 1])
    others = ~np.isin(np.arange(len(names)), kept)
    merge = np.column_stack([np.eye(len(names))[:, kept], others])
    return [names[k] for k in kept] + ["all others"], gamma @ merge, phi @ merge


def pulled(model, tokens, word=0, topic=None):
    """(gamma (K,), phi (N, K), ELBO) at rest, with one word forced into a topic, or none.

    The forced word n has phi_n = 1 for its topic; all else is coordinate ascent from equal gamma.
    """
    from helpers.lda.variational_em import document_elbo, update_gamma, update_phi

    log_topics = np.log(model.topics)
    gamma = model.alpha + len(tokens) / model.n_topics
    for _ in range(UPDATES):
        phi = update_phi(gamma, log_topics, tokens)
        if topic is not None:
            phi[word] = np.arange(model.n_topics) == topic
        gamma = update_gamma(model.alpha, phi)
    return gamma, phi, float(document_elbo(model.alpha, log_topics, tokens, gamma, phi))


def tug_of_war():
    """Twelve words, three topics: click a word to force it into the next one."""
    from helpers.lda import exact_by_counts

    model, tokens, words = toy_model(PULLED)
    evidence = float(exact_by_counts(model, tokens).log_evidence)
    free = pulled(model, tokens)
    ends = [
        [free, *(pulled(model, tokens, word, topic) for topic in range(model.n_topics))]
        for word in range(len(words))
    ]
    gamma, phi, elbo = (np.array([[end[i] for end in row] for row in ends]) for i in range(3))
    numbers = {"elbo": elbo, "kl": evidence - elbo, "log_evidence": np.full(elbo.shape, evidence)}
    data = {
        "title": "Tug of war: force a word into a topic",
        "controls": [
            choice("word", "word", [f"{n} {word}" for n, word in enumerate(words, 1)], 5),
            choice("topic", "its topic", ["as q likes", *TOPIC_WORDS]),
        ],
        "presets": [preset("let go", {"topic": 0})],
        "words": words,
        "names": list(TOPIC_WORDS),
        "numbers": numbers | {"gamma": gamma, "phi": phi},
        "log_topics": np.log(model.topics[:, tokens]).T,  # to try an update by hand
        "ceiling": evidence,
    }
    return Interactive("tug", data)
