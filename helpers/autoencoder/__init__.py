"""A variational autoencoder that can be checked: two continuous z, log p(x) by a grid.

model.py: decoder and encoder, one draw's ELBO and its gradient by hand, training. exact.py:
log p(x), the exact ELBO of any Gaussian q, the best q of a picture, and the gap in three parts.
"""
# ruff: noqa: F401  what is imported here is what the package offers

from helpers.autoencoder.exact import best_gaussian, elbo, gaps, kl_on_grid, log_evidence
from helpers.autoencoder.model import Autoencoder, draw_elbo, fit, gradient, new_autoencoder
