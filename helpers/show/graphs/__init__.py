"""Graphical models: a small vocabulary and every model of the course drawn with it."""

from helpers.show.lazy import names_of

__all__, __getattr__, __dir__ = names_of(
    __name__,
    {
        "basic": "factorisations generative parameters two_topics",
        "examples": "factorial_hmm factorial_hmm_inference factorial_hmm_structured "
        "factorial_hmm_mean_field lda lda_inference lda_mean_field tagger",
        "factors": "latent_factors overview",
        "vocabulary": "Edge Graph Node Plate Text",
    },
)
