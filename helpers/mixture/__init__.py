"""Gaussian mixtures by EM and its variants, each an ascent on the same bound.

Symbols: N data points x_n in P dimensions, K components; z_n is the component of point n and
q (N, K) its distribution ("responsibilities"). BayesianMixture has a prior on its means;
mean_field() is CAVI for it. Numbers in brackets are those of the lecture 03c.
"""
# ruff: noqa: F401  what is imported here is what the package offers

from helpers.mixture.cavi import BayesianMixture, MeanFieldMixture, mean_field, random_means
from helpers.mixture.em import bound, fit, m_step
from helpers.mixture.model import GaussianMixture, random_start
