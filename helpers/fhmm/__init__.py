"""The factorial hidden Markov model: exact inference, two mean fields, and learning.

Symbols: M chains of L states each, T steps, P numbers observed at each step; s_t^m is the state
of chain m at step t (the tutorial writes s_t and z_t for two chains), x_t what is observed.
Everything is in nats. Several sequences may be given wherever one may; their rows then follow
one another in all results. Numbers in brackets are those of the lectures 02b and 04a.
"""
# ruff: noqa: F401  what is imported here is what the package offers

from helpers.fhmm.exact import Posterior, condition, exact, forward_backward, predict
from helpers.fhmm.families import Chains, Factorised, elbo
from helpers.fhmm.learning import fit, maximise
from helpers.fhmm.mean_field import mean_field, update_factor
from helpers.fhmm.model import FactorialHMM, flatten
from helpers.fhmm.size import multiplications
from helpers.fhmm.structured import annealed, structured
