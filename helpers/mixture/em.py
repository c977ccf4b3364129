"""EM for a mixture of Gaussians, whole: E-step, M-step, the bound, and their turns.

    E-step    q[n, k] = p(z_n = k | x_n)                                                (3c.3)
    M-step    weights_k = N_k / N,  N_k = sum_n q[n, k]                                 (3c.4)
              means_k = sum_n q[n, k] x_n / N_k                                         (3c.5)
              covariances_k = sum_n q[n, k] (x_n - means_k) (x_n - means_k)' / N_k      (3c.6)
    ELBO      sum_n sum_k q[n, k] (log p(x_n, z_n = k) - log q[n, k])

After the E-step KL = 0 and the bound touches the log-likelihood; the M-step lifts both. Source:
the slides "Recap: EM Algorithm"; Bishop (2006), section 9.4.
"""

import numpy as np
from scipy.special import entr, logsumexp, softmax

from helpers.arguments import describe, instance, one_of, probabilities, whole_number
from helpers.ascent import State, ascending
from helpers.elbo import Bound, expectation
from helpers.mixture.model import FLOOR, GaussianMixture, random_start, table, units


def e_step(log_joint):
    """The maximum of the bound over every q: q(z_n) = p(z_n | x_n), (N, K).             (3c.3)"""
    return softmax(log_joint, axis=1)


def hard_e_step(log_joint):
    """The maximum of the bound over q that put all mass on one component, (N, K)."""
    return np.eye(log_joint.shape[1])[log_joint.argmax(1)]


def m_step(x, q):
    """The parameters that maximise E_q[log p(x, z)] given q (N, K) for x (N, P).

    No variance falls below a millionth of the data's own.
    """
    x = table(x)
    return Statistics(x, probabilities("q", q, shape=(len(x), None))).model()


class Statistics:
    """What the M-step needs of the data and q, and its maximum.

    counts N_k (K,), sums (K, P) and sums of squares (K, P, P), weighted by q, of
    u = (x - centre) / scale, so that squares keep their digits.
    """

    def __init__(self, x, q):
        self.centre, self.scale = units(x)
        self.u = (x - self.centre) / self.scale
        self.counts, self.sums = q.sum(0), q.T @ self.u
        self.squares = np.einsum("nk,np,nr->kpr", q, self.u, self.u, optimize=True)

    def change(self, n, by):
        """The statistics after q[n] has changed ``by`` (K,)."""
        point = self.u[n]
        self.counts += by
        self.sums += by[:, None] * point
        self.squares += by[:, None, None] * (point[:, None] * point)

    def maximum(self):
        """Weights, means and the eigenvalues and -vectors of the covariances, all of u."""
        counts = np.maximum(self.counts, 0)  # incremental updates may leave -1e-17
        empty = counts < 1e-12 * counts.sum()  # no point wants it: anything is as good
        held = np.where(empty, 1, counts)
        weights = counts / counts.sum()  # (3c.4)
        means = np.where(empty[:, None], 0, self.sums / held[:, None])  # (3c.5)
        products = means[:, :, None] * means[:, None, :]
        covariances = self.squares / held[:, None, None] - products  # (3c.6)
        # the best covariance with all variances above the floor clips the eigenvalues
        values, vectors = np.linalg.eigh(covariances)
        return weights, means, np.maximum(values, FLOOR), vectors

    def model(self):
        """The maximising parameters, in the units of the data."""
        weights, means, values, vectors = self.maximum()
        root = self.scale[:, None] * vectors * np.sqrt(values)[:, None, :]
        return GaussianMixture(weights, self.centre + self.scale * means, root @ root.mT)

    def log_joint(self, n):
        """log p(x_n, z_n = k) under the maximising parameters, (K,), less a constant.

        Builds and checks no :class:`GaussianMixture`: an incremental step is taken every point.
        """
        weights, means, values, vectors = self.maximum()
        along = np.vecmat(self.u[n] - means, vectors)  # in the directions of the eigenvectors
        with np.errstate(divide="ignore"):  # an empty component has weight 0 and log -inf
            return np.log(weights) - 0.5 * (along**2 / values + np.log(values)).sum(1)


def bound(model, x, q):
    """The two terms of the ELBO of any q (N, K) on log p(x), x (N, P), as a Bound in nats."""
    x = instance("model", model, GaussianMixture).points(x)
    q = probabilities("q", q, shape=(len(x), len(model.weights)))
    log_joint = model.log_joint(x)
    log_evidence = float(logsumexp(log_joint, axis=1).sum())
    return Bound(expectation(q, log_joint), float(entr(q).sum()), log_evidence)


def fit(x, n_components, rng, incremental=False, assignments="soft", start=None):
    """EM for a Gaussian mixture.

        ascent = climb(mixture.fit(x, 2, rng))
        ascent.state.model, ascent.state.q, ascent.state.log_likelihood

    x: data, (N,) or (N, P). n_components: K, at most N. rng: for a random start; start: a
    :class:`GaussianMixture` instead. incremental: update the parameters after each data point's own
    E-step (Neal and Hinton 1998, section 3). assignments: "soft" for the exact posterior; "hard"
    restricts q to one component a point, and the bound then stays below the log-likelihood.

    States without end, two (M, E) for each pass or, incrementally, one: ``q`` (N, K), ``model``,
    ``bound`` with its ``log_likelihood``, the ``step`` taken ("start", "M", "E" or "pass") and
    ``passes``, how often each point was looked at. The bound never falls. ValueError: bad data,
    fewer points than components, or an unknown option.
    """
    x = table(x)
    if not isinstance(incremental, bool | np.bool_):
        raise ValueError(f"incremental: expected True or False, got {describe(incremental)}")
    one_of("assignments", assignments, ("soft", "hard"))
    model = first_model(x, n_components, rng, start)
    choose = e_step if assignments == "soft" else hard_e_step
    return (_one_by_one if incremental else _in_turn)(x, model, choose)


def state_of(model, x, q, step, passes, **info):
    """A :class:`State` of a mixture, whose log-likelihood is the evidence of its bound."""
    parts = bound(model, x, q)
    info |= {"step": step, "passes": passes, "bound": parts, "log_likelihood": parts.log_evidence}
    return State(q, parts.elbo, model, info=info)


def first_model(x, n_components, rng, start=None):
    """``start``, checked against K and the data x (N, P), or else a random model."""
    if start is None:
        return random_start(x, n_components, rng)
    n_components = whole_number("n_components", n_components, maximum=len(x))
    instance("start", start, GaussianMixture)
    if start.means.shape != (shape := (n_components, x.shape[1])):
        raise ValueError(f"start: expected means of shape {shape}, got {start.means.shape}")
    return start


@ascending
def _in_turn(x, model, choose):
    q, passes = choose(model.log_joint(x)), 0
    yield state_of(model, x, q, "start", passes)
    while True:
        model, passes = m_step(x, q), passes + 1  # (3c.4) to (3c.6)
        yield state_of(model, x, q, "M", passes)
        q = choose(model.log_joint(x))  # (3c.3)
        yield state_of(model, x, q, "E", passes)


@ascending
def _one_by_one(x, model, choose):
    q, passes = choose(model.log_joint(x)), 0
    yield state_of(model, x, q, "start", passes)
    while True:
        q, statistics = q.copy(), Statistics(x, q)  # anew each pass: round-off cannot add up
        log_joint = model.log_joint(x[:1])[0]
        for n in range(len(x)):
            if n:  # the parameters have changed with the point before
                log_joint = statistics.log_joint(n)
            new = choose(log_joint[None])[0]
            statistics.change(n, new - q[n])
            q[n] = new
        model, passes = statistics.model(), passes + 1
        yield state_of(model, x, q, "pass", passes)
