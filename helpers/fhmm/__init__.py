"""The factorial hidden Markov model: exact inference, two mean fields, and learning.

Symbols: M chains of L states each, T steps, P numbers observed at each step; s_t^m is the state
of chain m at step t (the tutorial writes s_t and z_t for two chains), x_t what is observed.
Everything is in nats. Several sequences may be given wherever one may; their rows then follow
one another in all results.
"""

from helpers.fhmm.cost import flatten, multiplications
from helpers.fhmm.exact import Posterior, exact
from helpers.fhmm.families import Chains, Factorised, elbo
from helpers.fhmm.gibbs import gibbs
from helpers.fhmm.learning import FitState, fit, maximise
from helpers.fhmm.mean_field import mean_field, update_factor
from helpers.fhmm.model import FactorialHMM, Sequences, as_sequences
from helpers.fhmm.path import most_probable_path
from helpers.fhmm.starts import flat_model, random_model
from helpers.fhmm.structured import State, effective_evidence, structured, update_chain

__all__ = [
    "Chains",
    "FactorialHMM",
    "Factorised",
    "FitState",
    "Posterior",
    "Sequences",
    "State",
    "as_sequences",
    "effective_evidence",
    "elbo",
    "exact",
    "fit",
    "flat_model",
    "flatten",
    "gibbs",
    "maximise",
    "mean_field",
    "most_probable_path",
    "multiplications",
    "random_model",
    "structured",
    "update_chain",
    "update_factor",
]
