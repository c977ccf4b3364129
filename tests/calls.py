"""A call that works for every public function of the models: its arguments, by name.

test_bad_input.py replaces each argument in turn. A row is a function and what it is called with;
where a function returns an ascent, ``first`` takes two of its states.
"""

from inspect import signature
from itertools import islice

import numpy as np

from helpers import autoencoder, fhmm, gradients, lda, mixture
from helpers import latent_factors as lf
from helpers import log_linear as ll
from helpers.papers import blei_kucukelbir_mcauliffe, neal_hinton


def rng():
    return np.random.default_rng(0)


def first(function, *names, **fixed):
    """The function with its first two states' bounds instead of an iterator."""

    def call(**arguments):
        return [state.elbo for state in islice(function(**fixed, **arguments), 2)]

    return call


def made_again(thing):
    """The thing's class, and with what it makes another one like it."""
    return type(thing), {name: getattr(thing, name) for name in signature(type(thing)).parameters}


CHAINS = fhmm.FactorialHMM(
    np.full((2, 2), 0.5), np.full((2, 2, 2), 0.5), [[[0.0], [1.0]], [[0.0], [3.0]]], [[1.0]]
)
X = np.array([[0.3], [2.0], [4.0]])
PATHS = np.array([[0, 1], [1, 1], [0, 0]])
FACTORS = next(fhmm.mean_field(CHAINS, X)).q
TOPICS = lda.LDA(0.5, [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
COUNTS = np.array([[2.0, 0, 1], [0, 3, 1]])
WORDS = [0, 2, 2]
DOCUMENT = next(lda.document_mean_field(TOPICS, WORDS)).q
UNIGRAMS = lda.MixtureOfUnigrams([0.5, 0.5], TOPICS.topics)
LATENT = lf.initial_model(COUNTS, 2, rng(), n_hidden=2)
ENCODER = lf.initial_encoder(3, 2, rng(), n_hidden=2)
LOGITS = np.zeros((2, 2))
PHI = np.array([[1.0, 0], [0, 1], [1, 1]])
TAGGER = ll.LogLinearTagger(PHI, [0, 1, 0], 1.0)
WEIGHTS = np.zeros((2, 2))
GAUSSIAN = ll.DiagonalGaussian(WEIGHTS, np.ones((2, 2)))
SENTENCES = [[("the", "DET"), ("dog", "NOUN")]]
POINTS = np.array([[0.0], [0.2], [3.0], [3.5]])
MIXTURE = mixture.GaussianMixture([0.5, 0.5], [[0.0], [3.0]], np.ones((2, 1, 1)))
SHARES = np.full((4, 2), 0.5)
BAYES = mixture.BayesianMixture(2, 3.0)
FOUND = next(mixture.mean_field(BAYES, POINTS, rng())).q
PICTURES = autoencoder.new_autoencoder(rng(), 3, 2, 2)
PIXELS = np.array([[1.0, 0, 1], [0, 0, 1]])

MODELS = {
    "FactorialHMM": made_again(CHAINS),
    "FactorialHMM.sample": (CHAINS.sample, {"rng": rng(), "T": 3}),
    "FactorialHMM.log_joint": (CHAINS.log_joint, {"states": PATHS, "x": X}),
    "FactorialHMM.log_emissions": (CHAINS.log_emissions, {"x": X}),
    "FactorialHMM.output": (CHAINS.output, {"states": PATHS}),
    "fhmm.exact": (fhmm.exact, {"model": CHAINS, "x": X}),
    "fhmm.Posterior.sample": (fhmm.exact(CHAINS, X).sample, {"rng": rng()}),
    "fhmm.mean_field": (
        first(fhmm.mean_field),
        {"model": CHAINS, "x": X, "rng": rng(), "start": FACTORS.marginals},
    ),
    "fhmm.structured": (
        first(fhmm.structured),
        {"model": CHAINS, "x": X, "rng": rng(), "start": FACTORS.marginals},
    ),
    "fhmm.annealed": (fhmm.annealed, {"model": CHAINS, "x": X}),
    "fhmm.fit": (
        first(fhmm.fit),
        {"sequences": X, "n_chains": 1, "n_states": 2, "rng": rng(), "inference": "exact",
         "restarts": 1, "sweeps": 1, "warm_up": 1},
    ),
    "fhmm.fit from a start": (
        first(fhmm.fit, n_chains=2, n_states=2, rng=rng(), sequences=X),
        {"start": CHAINS},
    ),
    "fhmm.elbo": (fhmm.elbo, {"model": CHAINS, "x": X, "q": FACTORS}),
    "fhmm.maximise": (fhmm.maximise, {"model": CHAINS, "x": X, "q": FACTORS}),
    "fhmm.update_factor": (
        fhmm.update_factor, {"model": CHAINS, "x": X, "q": FACTORS, "m": 0, "t": 1}),
    "fhmm.multiplications": (
        fhmm.multiplications, {"n_chains": 2, "n_states": 2, "T": 3, "algorithm": "structured"}),
    "fhmm.flatten": (fhmm.flatten, {"model": CHAINS}),
    "LDA": made_again(TOPICS),
    "LDA.sample": (TOPICS.sample, {"rng": rng(), "lengths": [2, 3]}),
    "MixtureOfUnigrams": made_again(UNIGRAMS),
    "MixtureOfUnigrams.log_joint": (UNIGRAMS.log_joint, {"counts": COUNTS}),
    "MixtureOfUnigrams.perplexity": (UNIGRAMS.perplexity, {"counts": COUNTS}),
    "lda.bags": (lda.bags, {"documents": [[0, 1], [2]], "n_words": 3}),
    "lda.tokens": (lda.tokens, {"counts": COUNTS, "document": 0}),
    "lda.split_tokens": (
        lambda **a: list(lda.split_tokens(**a)), {"counts": COUNTS, "rng": rng(), "share": 0.5}),
    "lda.completion_perplexity": (
        lda.completion_perplexity, {"model": TOPICS, "counts": COUNTS, "rng": rng(), "share": 0.5}),
    "lda.perplexity": (lda.perplexity, {"model": TOPICS, "counts": COUNTS}),
    "lda.exact": (lda.exact, {"model": TOPICS, "words": WORDS}),
    "lda.exact_by_counts": (lda.exact_by_counts, {"model": TOPICS, "words": WORDS}),
    "lda.document_bound": (lda.document_bound, {"model": TOPICS, "words": WORDS, "q": DOCUMENT}),
    "lda.kl_to_posterior": (lda.kl_to_posterior, {"model": TOPICS, "words": WORDS, "q": DOCUMENT}),
    "lda.document_mean_field": (
        first(lda.document_mean_field), {"model": TOPICS, "words": WORDS, "start": DOCUMENT.gamma}),
    "lda.trajectory": (lda.trajectory, {"model": TOPICS, "words": WORDS, "n_states": 3}),
    "lda.e_step": (
        lda.e_step,
        {
            "counts": COUNTS,
            "alpha": [0.5, 0.5],
            "expected_log_topics": np.log(TOPICS.topics),
            "gamma": np.ones((2, 2)),
            "tolerance": 1e-3,
            "max_updates": 5,
        },
    ),
    "lda.mean_field": (
        first(lda.mean_field),
        {"model": TOPICS, "counts": COUNTS, "start": np.ones((2, 2)), "tolerance": 1e-3},
    ),
    "lda.fit": (
        first(lda.fit, progress=False),
        {"counts": COUNTS, "n_topics": 2, "rng": rng(), "alpha": 0.1, "eta": 0.1,
         "start": "seeded"},
    ),
    "lda.fit_mixture": (
        first(lda.fit_mixture),
        {"counts": COUNTS, "n_topics": 2, "rng": rng(), "pseudo_count": 0.1}),
    "lda.fit_unigram": (lda.fit_unigram, {"counts": COUNTS, "pseudo_count": 0.1}),
    "lda.fit_stream": (
        first(lda.fit_stream),
        {
            "batches": [COUNTS, COUNTS],
            "n_topics": 2,
            "rng": rng(),
            "n_documents": 4,
            "alpha": 0.1,
            "eta": 0.1,
            "kappa": 0.7,
            "tau": 10.0,
            "topics": np.ones((2, 3)),
            "seen": 0,
            "tolerance": 0.1,
        },
    ),
    "lda.natural_step": (
        lda.natural_step,
        {"topics": np.ones((2, 3)), "usage": np.ones((2, 3)), "rho": 0.5, "eta": 0.1, "scale": 2.0},
    ),
    "lda.step_size": (lda.step_size, {"t": 1, "kappa": 0.7, "tau": 10.0}),
    "lda.expected_log_theta": (lda.expected_log_theta, {"gamma": [1.0, 2.0]}),
    "LatentFactorModel": made_again(LATENT),
    "LatentFactorModel.word_log_probs": (LATENT.word_log_probs, {"z": [0.0, 1.0]}),
    "LatentFactorModel.sample": (LATENT.sample, {"rng": rng(), "lengths": [2, 3]}),
    "lf.exact": (lf.exact, {"model": LATENT, "counts": COUNTS}),
    "lf.log_joint": (lf.log_joint, {"model": LATENT, "counts": COUNTS}),
    "lf.log_likelihood": (lf.log_likelihood, {"model": LATENT, "counts": COUNTS}),
    "lf.posterior_table": (lf.posterior_table, {"model": LATENT, "counts": COUNTS}),
    "lf.exact_gradient": (lf.exact_gradient, {"model": LATENT, "counts": COUNTS}),
    "lf.bound_gradient": (
        lf.bound_gradient, {"model": LATENT, "counts": COUNTS, "logits": LOGITS}),
    "lf.sampled_elbos": (
        lf.sampled_elbos,
        {"model": LATENT, "counts": COUNTS, "logits": LOGITS, "rng": rng(), "n_samples": 2},
    ),
    "lf.score_function_gradient": (
        lf.score_function_gradient,
        {"model": LATENT, "counts": COUNTS, "logits": LOGITS, "rng": rng(), "n_samples": 2,
         "baseline": "leave_one_out"},
    ),
    "lf.mean_field": (
        first(lf.mean_field), {"model": LATENT, "counts": COUNTS, "start": np.full((2, 2), 0.5)}),
    "lf.best_mean_field": (
        lf.best_mean_field,
        {"model": LATENT, "counts": COUNTS, "starts": np.full((1, 2, 2), 0.5), "rtol": 1e-3,
         "max_steps": 3},
    ),
    "lf.split_gap": (
        lf.split_gap,
        {"model": LATENT, "encoder": ENCODER, "counts": COUNTS, "rng": rng(), "n_random": 1,
         "rtol": 1e-3},
    ),
    "lf.train": (
        first(lf.train, n_hidden=2),
        {"counts": COUNTS, "n_factors": 2, "rng": rng(), "inference": "exact"},
    ),
    "lf.train, amortised": (
        first(lf.train, n_factors=2, rng=rng(), counts=COUNTS),
        {"n_hidden": 2, "gradient": "score_function"},
    ),
    "lf.initial_model": (
        lf.initial_model, {"counts": COUNTS, "n_factors": 2, "rng": rng(), "n_hidden": 2}),
    "lf.initial_encoder": (
        lf.initial_encoder, {"n_words": 3, "n_factors": 2, "rng": rng(), "n_hidden": 2}),
    "lf.Encoder": made_again(ENCODER),
    "lf.Encoder()": (ENCODER, {"counts": COUNTS}),
    "lf.Factors": (lambda logits: lf.Factors(logits).entropy(), {"logits": LOGITS}),
    "lf.Factors.kl_to_prior": (lf.Factors(LOGITS).kl_to_prior, {"prior": [0.5, 0.5]}),
    "lf.Factors.sample": (lf.Factors(LOGITS).sample, {"rng": rng(), "n_samples": 2}),
    "lf.factor_states": (lf.factor_states, {"n_factors": 2}),
    "lf.as_words_arrive": (lf.as_words_arrive, {"model": LATENT, "words": [0, 1]}),
    "lf.factor_words": (
        lf.factor_words,
        {"probs": LOGITS, "counts": COUNTS, "vocabulary": ["a", "b", "c"], "n": 2}),
    "lf.informative_words": (
        lf.informative_words, {"counts": COUNTS, "labels": ["a", "b"], "n_words": 2}),
    "LogLinearTagger": (
        lambda **a: ll.LogLinearTagger(**a).shape,
        {"features": PHI, "tags": [0, 1, 0], "prior_sd": 1.0, "prior_mean": 0.0, "n_tags": 2},
    ),
    "ll.log_joint": (ll.log_joint, {"tagger": TAGGER, "weights": WEIGHTS}),
    "ll.gradient": (ll.gradient, {"tagger": TAGGER, "weights": WEIGHTS}),
    "ll.tag_probabilities": (ll.tag_probabilities, {"weights": WEIGHTS, "features": PHI}),
    "ll.posterior_mode": (ll.posterior_mode, {"tagger": TAGGER}),
    "ll.fit_gaussian": (
        first(ll.fit_gaussian),
        {"tagger": TAGGER, "rng": rng(), "covariance": "full", "n_nodes": 50},
    ),
    "ll.fit_laplace": (
        lambda **a: ll.fit_laplace(**a).log_evidence, {"tagger": TAGGER, "covariance": "full"}),
    "ll.gaussian_bound": (
        ll.gaussian_bound, {"tagger": TAGGER, "q": GAUSSIAN, "rng": rng(), "n_nodes": 100}),
    "ll.predict": (ll.predict, {"q": GAUSSIAN, "features": PHI}),
    "ll.DiagonalGaussian": made_again(GAUSSIAN),
    "ll.DiagonalGaussian.sample": (GAUSSIAN.sample, {"rng": rng(), "size": 2}),
    "ll.FullGaussian": (
        lambda **a: ll.FullGaussian(**a).entropy(), {"mean": WEIGHTS, "covariance": np.eye(4)}),
    "ll.feature_names": (ll.feature_names, {"sentences": SENTENCES, "fewest": 1}),
    "ll.feature_matrix": (ll.feature_matrix, {"sentences": SENTENCES, "names": ("bias",)}),
    "ll.flat_tags": (lambda **a: list(ll.flat_tags(**a)), {"sentences": SENTENCES}),
    "ll.unseen": (ll.unseen, {"sentences": SENTENCES, "seen": SENTENCES}),
    "ll.token_features": (ll.token_features, {"words": ["the", "dog"], "i": 1}),
    "ll.word_shape": (ll.word_shape, {"word": "Dogs"}),
    "GaussianMixture": made_again(MIXTURE),
    "GaussianMixture.log_likelihood": (MIXTURE.log_likelihood, {"x": POINTS}),
    "GaussianMixture.posterior": (MIXTURE.posterior, {"x": POINTS}),
    "GaussianMixture.sample": (MIXTURE.sample, {"rng": rng(), "n": 3}),
    "mixture.bound": (mixture.bound, {"model": MIXTURE, "x": POINTS, "q": SHARES}),
    "mixture.m_step": (mixture.m_step, {"x": POINTS, "q": SHARES}),
    "mixture.fit": (
        first(mixture.fit),
        {"x": POINTS, "n_components": 2, "rng": rng(), "incremental": True, "assignments": "soft",
         "start": MIXTURE},
    ),
    "neal_hinton.fit_sparse": (
        first(neal_hinton.fit_sparse),
        {"x": POINTS, "n_components": 2, "rng": rng(), "threshold": 0.001, "full_every": 5,
         "start": MIXTURE},
    ),
    "BayesianMixture": made_again(BAYES),
    "BayesianMixture.sample": (BAYES.sample, {"rng": rng(), "n": 3, "n_dimensions": 1}),
    "BayesianMixture.log_joint_of_assignments": (
        BAYES.log_joint_of_assignments, {"x": POINTS, "z": [0, 0, 1, 1]}),
    "BayesianMixture.log_evidence": (BAYES.log_evidence, {"x": POINTS}),
    "mixture.mean_field": (
        first(mixture.mean_field),
        {"model": BAYES, "x": POINTS, "rng": rng(), "start": [[0.0], [3.0]]}),
    "MeanFieldMixture.predictive": (FOUND.predictive, {"x": POINTS}),
    "blei_kucukelbir_mcauliffe.gibbs": (
        lambda **a: [s.means for s in islice(blei_kucukelbir_mcauliffe.gibbs(**a), 2)],
        {"model": BAYES, "x": POINTS, "rng": rng(), "start": [[0.0], [3.0]]}),
    "mixture.random_start": (
        mixture.random_start, {"x": POINTS, "n_components": 2, "rng": rng()}),
    "mixture.random_means": (mixture.random_means, {"model": BAYES, "x": POINTS, "rng": rng()}),
    "gradients.fit_tagger": (
        first(gradients.fit_tagger),
        {"tagger": TAGGER, "rng": rng(), "covariance": "diagonal", "step_size": 0.1, "n_draws": 2},
    ),
    "gradients.effective_sample_size": (
        gradients.effective_sample_size, {"log_ratios": [0.0, -1.0]}),
    "gradients.normalised": (gradients.normalised, {"log_ratios": [0.0, -1.0]}),
    "gradients.psis": (gradients.psis, {"log_ratios": np.linspace(-3, 0, 50)}),
    "gradients.normal_natural": (gradients.normal_natural, {"mean": 0.0, "sd": 1.0}),
    "gradients.dirichlet_fisher": (gradients.dirichlet_fisher, {"concentration": [1.0, 2.0]}),
    "autoencoder.log_evidence": (
        autoencoder.log_evidence, {"model": PICTURES, "x": PIXELS}),
    "autoencoder.fit": (
        first(autoencoder.fit),
        {"x": PIXELS, "rng": rng(), "n_hidden": 2, "n_latent": 2, "batch": 1, "step_size": 0.01,
         "kl_weight": 1.0},
    ),
    "Autoencoder.sample": (PICTURES.sample, {"rng": rng(), "n": 2}),
}  # fmt: skip
