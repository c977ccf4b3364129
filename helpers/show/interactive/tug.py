"""A tug of war between topics: one word of a document is forced into one, and q answers.

The forced word n has phi_n = 1 for its topic; all else is coordinate ascent from equal gamma,

    phi_ik proportional to beta_(k, w_i) exp E_q[log theta_k],   gamma_k = alpha_k + sum_i phi_ik

Source: the slide "Mean field LDA Inference".
"""

import numpy as np

from helpers.show.interactive.controls import choice, preset
from helpers.show.interactive.figure import Interactive
from helpers.show.interactive.topics import TOPIC_NAMES, toy_model

WORDS = "money loan bank the low bank interest and bank river flooded water".split()
UPDATES = 300  # far beyond convergence


def pulled(model, tokens, word=0, topic=None):
    """(gamma (K,), phi (N, K), ELBO) at rest, with one word forced into a topic, or none."""
    from helpers.lda.variational_em import document_elbo, update_gamma, update_phi

    log_topics = np.log(model.topics)
    gamma = model.alpha + len(tokens) / model.n_topics
    for _ in range(UPDATES):
        phi = update_phi(gamma, log_topics, tokens)
        if topic is not None:
            phi[word] = np.arange(model.n_topics) == topic
        gamma = update_gamma(model.alpha, phi)
    return gamma, phi, float(document_elbo(model.alpha, log_topics, tokens, gamma, phi))


def toy_document():
    """The model of :func:`topics.toy_model` and the word numbers of ``WORDS``."""
    model, numbers, text = toy_model()
    return model, np.array([numbers[text.index(word)] for word in WORDS])


def tug_of_war():
    """Twelve words, three topics: click a word to force it into the next one."""
    from helpers.lda import exact_by_counts

    model, tokens = toy_document()
    evidence = float(exact_by_counts(model, tokens).log_evidence)
    _, free, bound = pulled(model, tokens)

    def compute(word, topic):
        gamma, phi, elbo = pulled(model, tokens, word, topic - 1 if topic else None)
        gap = {"elbo": elbo, "kl": evidence - elbo, "log_evidence": evidence}
        return gap | {"gamma": gamma, "phi": phi}

    data = {
        "title": "Tug of war: force a word into a topic",
        "controls": [
            choice("word", "word", [f"{n} {word}" for n, word in enumerate(WORDS, 1)], 5),
            choice("topic", "its topic", ["as q likes", *TOPIC_NAMES]),
        ],
        "presets": [preset("let go", {"topic": 0})],
        "words": WORDS,
        "names": TOPIC_NAMES,
        "alpha": model.alpha,
        "log_topics": np.log(model.topics[:, tokens]).T,
        "updates": UPDATES,
        "free": free,
        "free_elbo": bound,
        "log_evidence": evidence,
    }
    return Interactive("tug", data, compute)
