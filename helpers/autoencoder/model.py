"""The variational autoencoder: decoder, encoder, one draw of the ELBO, its gradient by hand.

    z ~ Normal(0, I),   x_v | z ~ Bernoulli(sigmoid(logits(z)_v))                        (7b.4)
    logits(z) = tanh(z A + a) B + b
    q(z | x) = Normal(m(x), diag(s(x)^2)),   (m, log s) = tanh(x C + c) M + e            (7b.5)
    ELBO = E_eps[log p(x | m + s eps)] - KL(q(z | x) || p(z)),   eps ~ Normal(0, I)      (7b.6)

Symbols: N pictures of V pixels, K = 2 coordinates of z, H hidden units. A, a, B, b, C, c, M, e are
the fields of :class:`Autoencoder`. Source: Kingma and Welling (2014), "Auto-encoding variational
Bayes"; Rezende, Mohamed and Wierstra (2014).
"""

from dataclasses import dataclass

import numpy as np

from helpers.arguments import finite_array, generator, real_array, refuse_large, whole_number
from helpers.ascent import State, States
from helpers.gradients.adam import Adam, pack, unpack
from helpers.gradients.fit import NotFinite


@dataclass(frozen=True, eq=False)
class Autoencoder:
    """A (K, H), a (H,), B (H, V), b (V,) decode; C (V, H), c (H,), M (H, 2 K), e (2 K,) encode."""

    A: np.ndarray
    a: np.ndarray
    B: np.ndarray
    b: np.ndarray
    C: np.ndarray
    c: np.ndarray
    M: np.ndarray
    e: np.ndarray

    def logits(self, z):
        """Logits of the pixels, (..., V), for z (..., K)."""
        return np.tanh(z @ self.A + self.a) @ self.B + self.b

    def log_likelihood(self, x, z):
        """log p(x | z), (...), for x (..., V) and z (..., K)."""
        logits = self.logits(z)
        return np.vecdot(x, logits) - np.logaddexp(0, logits).sum(axis=-1)

    def encode(self, x):
        """Mean and standard deviation of q(z | x), (N, K) each."""
        m, log_s = np.split(np.tanh(x @ self.C + self.c) @ self.M + self.e, 2, axis=-1)
        return m, np.exp(log_s)

    def sample(self, rng, n):
        """Latent z (n, K) and pictures (n, V) from the model."""
        n = whole_number("n", n, minimum=0)
        refuse_large("n", n, len(self.a) + len(self.c))
        z = generator("rng", rng).standard_normal((n, len(self.A)))
        chance = 0.5 * (1 + np.tanh(self.logits(z) / 2))
        return z, (rng.random(chance.shape) < chance).astype(np.int64)


def new_autoencoder(rng, n_pixels, n_hidden=32, n_latent=2):
    """Random weights of a size that lets every hidden unit work."""
    generator("rng", rng)
    n_pixels, n_hidden = whole_number("n_pixels", n_pixels), whole_number("n_hidden", n_hidden)
    n_latent = whole_number("n_latent", n_latent)
    refuse_large("n_hidden/n_pixels", n_hidden, n_pixels)
    refuse_large("n_hidden/n_latent", n_hidden, 2 * n_latent)

    def weights(n_in, n_out):
        return rng.standard_normal((n_in, n_out)) / n_in**0.5

    return Autoencoder(
        A=weights(n_latent, n_hidden), a=np.zeros(n_hidden),
        B=weights(n_hidden, n_pixels), b=np.zeros(n_pixels),
        C=weights(n_pixels, n_hidden), c=np.zeros(n_hidden),
        M=weights(n_hidden, 2 * n_latent), e=np.zeros(2 * n_latent),
    )  # fmt: skip


def kl_to_prior(m, s):
    """KL(Normal(m, s^2) || Normal(0, 1)), over all coordinates, (N,) nats                (7b.7)."""
    return 0.5 * (m**2 + s**2 - 1).sum(axis=-1) - np.log(s).sum(axis=-1)


def draw_elbo(model, x, eps, kl_weight=1.0):
    """(7b.6) at one eps (N, K) for each picture, (N,): its mean over eps is the ELBO."""
    m, s = model.encode(x)
    return model.log_likelihood(x, m + s * eps) - kl_weight * kl_to_prior(m, s)


def gradient(model, x, eps, kl_weight=1.0):
    """The mean of :func:`draw_elbo` over a batch, and its gradient as an :class:`Autoencoder`.

    Backwards through (7b.6): from the logits to z, from z to (m, log s) by z = m + s eps, where
    the KL adds its own, and on into the encoder. x (N, V), eps (N, K).
    """
    g = np.tanh(x @ model.C + model.c)  # forwards, keeping what the way back needs
    m, log_s = np.split(g @ model.M + model.e, 2, axis=1)
    s = np.exp(log_s)
    z = m + s * eps
    h = np.tanh(z @ model.A + model.a)
    logits = h @ model.B + model.b
    values = np.vecdot(x, logits) - np.logaddexp(0, logits).sum(axis=1)
    values -= kl_weight * kl_to_prior(m, s)

    n = len(x)
    to_logits = (x - 0.5 * (1 + np.tanh(logits / 2))) / n  # x - sigmoid
    to_h = to_logits @ model.B.T * (1 - h**2)
    to_z = to_h @ model.A.T  # dz/dm = 1, dz/dlog s = s eps
    to_m = to_z - kl_weight * m / n
    to_log_s = to_z * s * eps - kl_weight * (s**2 - 1) / n
    to_out = np.concatenate([to_m, to_log_s], axis=1)
    to_g = to_out @ model.M.T * (1 - g**2)
    slopes = Autoencoder(
        z.T @ to_h, to_h.sum(0), h.T @ to_logits, to_logits.sum(0),
        x.T @ to_g, to_g.sum(0), g.T @ to_out, to_out.sum(0),
    )  # fmt: skip
    return float(values.mean()), slopes


def fit(x, rng, n_hidden=32, n_latent=2, batch=100, step_size=0.01, kl_weight=1.0, start=None):
    """Train both networks by Adam on one draw for each picture of a batch: noisy, endless states.

        ascent = climb(autoencoder.fit(pictures, rng), max_steps=4000)
        ascent.state.model.encode(pictures)

    x: pictures, (N, V) zeros and ones. n_hidden, n_latent: H and K. batch: pictures for each step,
    drawn without replacement. step_size: of Adam, a number or a function of the step 0, 1, 2, ...
    kl_weight: of the KL to the prior; other than one this is no longer the ELBO. start: an
    :class:`Autoencoder` to begin with.

    A state's ``q`` has mean and sd, (N, K), of all pictures; ``elbo`` is N times the batch's mean
    of (7b.6), in nats, a noisy estimate. ValueError: bad arguments. NotFinite: on the way; its
    ``state`` is the last good one.
    """
    x = real_array("x", x, ndim=2)
    if not np.isin(x, (0, 1)).all():
        raise ValueError("x: expected pictures of zeros and ones")
    generator("rng", rng)
    batch = whole_number("batch", batch, minimum=1, maximum=len(x))
    kl_weight = float(finite_array("kl_weight", kl_weight, ndim=0))
    sizes = step_size if callable(step_size) else (lambda _: step_size)
    finite_array("step_size", sizes(0), ndim=0)
    model = start or new_autoencoder(rng, x.shape[1], n_hidden, n_latent)
    return States(_steps(x, rng, model, batch, sizes, kl_weight))


def _steps(x, rng, model, batch, sizes, kl_weight):
    weights, last = pack(vars(model)), None
    adam, order = Adam(), np.empty(0, int)
    while True:
        if len(order) < batch:
            order = rng.permutation(len(x))
        some, order = x[order[:batch]], order[batch:]
        eps = rng.standard_normal((batch, len(model.A)))
        with np.errstate(all="ignore"):  # what is no number is refused next
            value, slopes = gradient(model, some, eps, kl_weight)
        slope = pack(vars(slopes))
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            wrong = f"the loss or its gradient is no number at step {adam.steps}"
            raise NotFinite(f"{wrong}: expected a smaller step_size or kl_weight", last)
        last = State(_Codes(model, x), len(x) * value, model, noisy=True)
        yield last
        weights, adam = adam.step(weights, slope, sizes(adam.steps))
        model = Autoencoder(**unpack(weights, vars(model)))


@dataclass(frozen=True, eq=False)
class _Codes:
    """m and s of every picture, (N, K); computed when asked for, since few steps' are."""

    model: Autoencoder
    x: np.ndarray

    @property
    def mean(self):
        return self.model.encode(self.x)[0]

    @property
    def sd(self):
        return self.model.encode(self.x)[1]
