"""Natural parameters, Fisher's metric, and a step that is steepest in it.

An exponential family q(z) = h(z) exp(eta . t(z) - A(eta)) has Fisher's information

    F(eta) = Cov_q[t(z)] = d mu / d eta,     mu = E_q[t(z)] = dA / d eta,                 (7a.8)

and the natural gradient (7a.9) of a bound is F^-1 dELBO/d eta = dELBO/d mu. Where the model is
conditionally conjugate it is (the coordinate update's eta) - eta: a step of size one goes there.
Source: Amari (1998); Hoffman et al. (2013), section 2.
"""

import numpy as np
from scipy.special import polygamma

from helpers.arguments import finite_array, positive


def coin_fisher(logits):
    """F of independent coins with eta = logit, t = z: p (1 - p) on the diagonal, (K, K)."""
    probs = 1 / (1 + np.exp(-finite_array("logits", logits, ndim=1)))
    return np.diag(probs * (1 - probs))


def dirichlet_fisher(concentration):
    """F of a Dirichlet with eta = concentration (K,), t = log z: (K, K)."""
    a = positive("concentration", concentration, ndim=1)
    return np.diag(polygamma(1, a)) - polygamma(1, a.sum())


def normal_natural(mean, sd):
    """eta = (m / s^2, -1 / (2 s^2)) of a normal, with t(z) = (z, z^2): (2,)."""
    mean, sd = finite_array("mean", mean, ndim=0), positive("sd", sd, ndim=0, maximum=1e150)
    return np.array([mean / sd**2, -0.5 / sd**2])


def normal_from_natural(eta):
    """(mean, sd) of a normal with natural parameters eta (2,); eta[1] must be negative."""
    if not eta[1] < 0:
        raise ValueError(f"eta: expected -1 / (2 s^2) < 0 in its second place, got {eta[1]:g}")
    return -0.5 * eta[0] / eta[1], np.sqrt(-0.5 / eta[1])


def normal_fisher(mean, sd):
    """F of a normal in its natural parameters: Cov[(z, z^2)], (2, 2)."""
    across = 2 * mean * sd**2
    return np.array([[sd**2, across], [across, 2 * sd**4 + 4 * mean**2 * sd**2]])


def natural_gradient(slope, fisher):
    """F^-1 slope: slope (K,) = dELBO/d eta, fisher (K, K)."""
    return np.linalg.solve(fisher, slope)


def gaussian_step(mean, precision, slope, curvature, rate):
    """The natural step (7a.11) of q = Normal(mean, precision^-1): (mean, precision).

        precision <- (1 - rate) precision + rate curvature,   mean <- mean + rate precision^-1 slope

    slope: E_q[grad log p(x, z)], (D,). curvature: -E_q[Hessian], (D, D), or (D,) where q is
    diagonal, and so is precision. Where noise would make the precision negative, a term of second
    order keeps it positive (Lin, Schmidt and Khan, 2020).
    """
    change = rate * (curvature - precision)
    new = precision + change
    if precision.ndim == 1:
        new = np.where(new > 0, new, new + 0.5 * change**2 / precision)
        return mean + rate * slope / new, new
    if np.linalg.eigvalsh(new)[0] <= 0:
        new = new + 0.5 * change @ np.linalg.solve(precision, change)
    return mean + rate * np.linalg.solve(new, slope), new
