"""How well a model predicts documents it has not seen, as perplexity: lower is better.

    perplexity = exp(-sum_d log p(w_d) / sum_d N_d)

For LDA the bound takes the place of log p(w_d), so that the numbers are upper bounds of the
perplexity. Source: Blei, Ng and Jordan (2003), the section "Document modeling".
"""

import numpy as np

from helpers.arguments import generator, instance, probabilities
from helpers.ascent import climb
from helpers.lda.fixed_topics import mean_field
from helpers.lda.model import LDA, check_counts, warn_unsupported, whole_counts

TOLERANCE, RTOL = 1e-9, 1e-9  # a bound that has not converged would flatter nobody


def perplexity(model, counts):
    """exp(-bound per token) of whole documents; inf where a word has no topic (with a warning).

    ValueError where counts do not fit the model, or hold no token.
    """
    return per_token(_converged(model, counts).elbo, check_counts(counts))


def completion_perplexity(model, counts, rng, share=0.5):
    """exp(-log p(rest | first part) per token of the rest): document completion.

    Each document's tokens are dealt at random into a first part, from which q(theta) is
    inferred, and a rest, scored by sum_k E_q[theta_k] beta_kw. Fairer than the bound, since
    nothing of a word is seen before it is scored. counts: whole numbers, else ValueError.
    share: the probability that a token goes into the first part.
    """
    counts = check_counts(counts, instance("model", model, LDA).n_words)
    first, rest = split_tokens(counts, rng, share)
    theta = _converged(model, first).q.mean_theta()
    rows, words = rest.nonzero()
    likelihood = np.einsum("nk,kn->n", theta[rows], model.topics[:, words])
    warn_unsupported(rest, model.topics)
    with np.errstate(divide="ignore"):
        return per_token(float(rest.data @ np.log(likelihood)), rest)


def split_tokens(counts, rng, share=0.5):
    """Each token into the first array with probability ``share``, else into the second."""
    counts = whole_counts(check_counts(counts))
    share = float(probabilities("share", share, axis=None, ndim=0))
    first, rest = counts.copy(), counts.copy()
    first.data = generator("rng", rng).binomial(counts.data, share)
    rest.data = counts.data - first.data
    first.eliminate_zeros(), rest.eliminate_zeros()
    return first, rest


def per_token(log_probability, counts):
    """exp(-log_probability / number of tokens): a perplexity."""
    n_tokens = float(counts.sum())
    if n_tokens == 0:
        raise ValueError("counts: expected at least one token to score, got none")
    with np.errstate(over="ignore"):
        return float(np.exp(-log_probability / n_tokens))


def _converged(model, counts):
    return climb(mean_field(model, counts, tolerance=TOLERANCE), rtol=RTOL).state
