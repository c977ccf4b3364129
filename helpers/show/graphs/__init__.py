"""Graphical models: a small vocabulary and every model of the course drawn with it."""

from helpers.show.graphs.basic import (
    factorisations,
    generative,
    mixture,
    parameters,
    two_topics,
)
from helpers.show.graphs.examples import (
    factorial_hmm,
    factorial_hmm_inference,
    factorial_hmm_mean_field,
    factorial_hmm_structured,
    lda,
    lda_inference,
    lda_mean_field,
    tagger,
)
from helpers.show.graphs.factors import latent_factors, overview
from helpers.show.graphs.vocabulary import Edge, Graph, Node, Plate, Text

__all__ = [
    "Edge",
    "Graph",
    "Node",
    "Plate",
    "Text",
    "factorial_hmm",
    "factorial_hmm_inference",
    "factorial_hmm_mean_field",
    "factorial_hmm_structured",
    "factorisations",
    "generative",
    "latent_factors",
    "lda",
    "lda_inference",
    "lda_mean_field",
    "mixture",
    "overview",
    "parameters",
    "tagger",
    "two_topics",
]
