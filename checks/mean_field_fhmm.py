"""The exercises of notebook 04a, Mean field and the factorial HMM.

initial: p(s_1), (M, L).  transition: (M, L, L), transition[m, i, j] is the probability that chain
m steps from i to j.  means: (M, L), the output of each state of each chain; observations x (T,)
are single numbers.  variance: of the noise.  q: (T, M, L), q[t, m, i] = q(s_t^m = i).
"""

import numpy as np
from scipy.special import entr, logsumexp, softmax

from checks.invariants import at_least, below, best_of, normalised, rising
from checks.sheets import Sheet
from checks.tasks import case

sheet = Sheet(__name__)
progress = sheet.progress

best_factor_lines = sheet.task("best_factor_lines")


# ---------------------------------------------------------------- 2 one factor of two


def _best_factor(log_joint, q2):
    return softmax(log_joint @ q2)


def _table_cases(rng):
    for rows, columns in ((2, 3), (3, 2), (4, 3), (2, 5)):
        yield case(rng.normal(size=(rows, columns)) * 2 - 3, rng.dirichlet(np.ones(columns)))
    log_joint = rng.normal(size=(3, 4)) - 800
    yield case(log_joint, rng.dirichlet(np.ones(4)), label="a joint of about exp(-800)")


def _is_distribution(result, *_):
    total, low = np.sum(result), np.min(result)
    if low < -1e-9:
        return f"your factor holds {low:.4g}; probabilities are not negative"
    return "" if np.isclose(total, 1) else f"your factor sums to {total:.4g}, not to 1"


best_factor = sheet.task(
    "best_factor", reference=_best_factor, cases=_table_cases, invariants=[_is_distribution]
)


# ---------------------------------------------------------------- 3 the entropy of a product


def _entropy(q):
    return entr(q).sum()


def _factors(rng, T, M, L):
    return rng.dirichlet(np.ones(L), (T, M))


def _factor_cases(rng):
    for T, M, L in ((2, 2, 3), (3, 2, 2), (5, 3, 4), (4, 1, 3)):
        yield case(_factors(rng, T, M, L))
    q = _factors(rng, 3, 2, 3)
    q[1, 0] = [0, 1, 0]
    yield case(q, label="a q that is certain of one state (0 log 0 = 0)")


def _entropy_range(value, q):
    top = q.shape[0] * q.shape[1] * np.log(q.shape[2])
    if np.ndim(value) == 0 and not -1e-9 <= value <= top + 1e-9:
        return f"your entropy is {value:.4g}; it lies between 0 and T M log L = {top:.4g}"
    return ""


entropy = sheet.task(
    "entropy", reference=_entropy, cases=_factor_cases, invariants=[_entropy_range]
)


# ---------------------------------------------------------------- 4 derive: a Gaussian factor


def _gaussian_factor(mean, precision, m2):
    shift = precision[0, 1] / precision[0, 0] * (m2 - mean[1])
    return mean[0] - shift, 1 / precision[0, 0]


def _gaussian_cases(rng):
    for _ in range(6):
        root = rng.normal(size=(2, 2))
        yield case(rng.normal(size=2) * 2, root @ root.T + 0.3 * np.eye(2), float(rng.normal() * 3))


gaussian_factor = sheet.task("gaussian_factor", reference=_gaussian_factor, cases=_gaussian_cases)


# ---------------------------------------------------------------- 5 foretell: three variables

variance_of_q = sheet.task("variance_of_q", right=2 / 3)


# ---------------------------------------------------------------- 6 choose a q

POSTERIOR = np.array([[1, 0.9, 0.27], [0.9, 1, 0.3], [0.27, 0.3, 1]])
BLOCKS = {
    "all apart": ([0], [1], [2]),
    "z1 with z2": ([0, 1], [2]),
    "z2 with z3": ([0], [1, 2]),
}


def _measured(q):
    """Variance of q(z1), and the gap, of the best q with these blocks."""
    precision, covariance = np.linalg.inv(POSTERIOR), np.zeros((3, 3))
    for block in BLOCKS[q]:
        own = np.ix_(block, block)
        covariance[own] = np.linalg.inv(precision[own])
    gap = 0.5 * np.log(np.linalg.det(POSTERIOR) / np.linalg.det(covariance))
    return {"variance": covariance[0, 0], "gap": gap}


one_pair = sheet.task("one_pair", measure=_measured)


# ---------------------------------------------------------------- 7 the effective evidence


def _evidence(x, means, variance, q, m):
    outputs = (q * means).sum(axis=2)
    others = outputs.sum(axis=1) - outputs[:, m]
    return ((x - others)[:, None] * means[m] - 0.5 * means[m] ** 2) / variance


def _observation_cases(rng):
    for T, M, L in ((2, 2, 3), (4, 3, 2), (3, 4, 5), (5, 2, 2)):
        q, means = _factors(rng, T, M, L), rng.normal(size=(M, L)) * 2
        x = rng.normal(size=T) * 3
        yield case(x, means, float(rng.uniform(0.3, 3)), q, int(rng.integers(M)))


def _same_up_to_constants(expected, got, *_):
    expected, got = np.asarray(expected, dtype=float), np.asarray(got, dtype=float)
    if got.shape != expected.shape or got.ndim != 2:
        return False
    return np.allclose(_centred(got), _centred(expected), rtol=1e-6, atol=1e-8)


def _centred(h):
    return h - h.mean(1, keepdims=True)


effective_evidence = sheet.task(
    "effective_evidence",
    reference=_evidence,
    cases=_observation_cases,
    accept=_same_up_to_constants,
)


# ---------------------------------------------------------------- 8 the update of one factor


def _update(initial, transition, h, q, t):
    before = np.log(initial) if t == 0 else q[t - 1] @ np.log(transition)
    after = np.log(transition) @ q[t + 1] if t + 1 < len(q) else 0
    return softmax(before + after + h[t])


def _update_cases(rng):
    for L, T, t in ((2, 4, 1), (3, 5, 2), (3, 4, 0), (4, 5, 4), (2, 3, 1), (3, 1, 0)):
        q = rng.dirichlet(np.ones(L), T)
        label = {0: "the first step", T - 1: "the last step"}.get(t, "")
        inputs = rng.dirichlet(np.ones(L)), rng.dirichlet(np.ones(L), L), rng.normal(size=(T, L))
        yield case(*inputs, q, t, label=label)


update = sheet.task("update", reference=_update, cases=_update_cases, invariants=[_is_distribution])


# ---------------------------------------------------------------- 9 find the bug


def _right_sweep(log_A, h, q):
    new = np.array(q, dtype=float)
    for t in range(len(new)):
        before = new[t - 1] @ log_A if t else 0
        after = log_A @ new[t + 1] if t + 1 < len(new) else 0
        new[t] = softmax(before + after + h[t])
    return new


def _no_chain(log_A, h, q):
    if not np.allclose(np.exp(log_A).sum(axis=-1), 1):
        return "log_A holds logarithms: exp of each of its rows sums to 1"
    return "" if np.allclose(np.sum(q, axis=-1), 1) else "the rows of q do not sum to 1"


stale_sweep = sheet.task(
    "stale_sweep",
    right=_right_sweep,
    example=(np.log([[0.9, 0.1], [0.1, 0.9]]), np.eye(2), np.full((2, 2), 0.5)),
    refuse=_no_chain,
)


# ---------------------------------------------------------------- 10 the bound


def _prior_terms(initial, transition, q):
    pairs = np.einsum("tmi,tmj->mij", q[:-1], q[1:])
    return (q[0] * np.log(initial)).sum() + (pairs * np.log(transition)).sum()


def _likelihood_terms(means, variance, q, x, spread=1.0):
    outputs = (q * means).sum(2)
    own = (q * means**2).sum(2) - outputs**2
    square = (x - outputs.sum(1)) ** 2 + spread * own.sum(1)
    return (-0.5 * np.log(2 * np.pi * variance) - 0.5 * square / variance).sum()


def _elbo(initial, transition, means, variance, q, x):
    prior = _prior_terms(initial, transition, q)
    return prior + _likelihood_terms(means, variance, q, x) + _entropy(q)


def _bound_cases(rng):
    for T, M, L in ((2, 2, 2), (3, 2, 3), (4, 3, 2), (5, 1, 4), (3, 4, 3)):
        initial, transition = rng.dirichlet(np.ones(L), M), rng.dirichlet(np.ones(L), (M, L))
        means, q = rng.normal(size=(M, L)) * 2, _factors(rng, T, M, L)
        yield case(
            initial, transition, means, float(rng.uniform(0.3, 3)), q, rng.normal(size=T) * 3
        )


def _below_the_evidence(value, initial, transition, means, variance, q, x):
    """A bound above the exact evidence is none."""
    from helpers.fhmm import FactorialHMM, exact

    model = FactorialHMM(initial, transition, means[..., None], [[variance]])
    top = exact(model, x[:, None]).log_evidence
    if np.ndim(value) == 0 and value > top + 1e-9:
        return f"your bound is {value - top:.4g} above log p(x) = {top:.4g}: no bound can be"
    return ""


def _elbo_spelt_out(initial, transition, means, variance, q, x):
    start = (q[0] * np.log(initial)).sum()
    steps = np.einsum("tmi,mij,tmj->", q[:-1], np.log(transition), q[1:])
    output = (q * means).sum(axis=2)
    own = (q * means**2).sum(axis=2) - output**2
    square = (x - output.sum(axis=1)) ** 2 + own.sum(axis=1)
    noise = -0.5 * len(x) * np.log(2 * np.pi * variance) - 0.5 * square.sum() / variance
    return start + steps + noise + entr(q).sum()


elbo = sheet.task(
    "elbo",
    reference=_elbo,
    spelt_out=[_elbo_spelt_out],
    cases=_bound_cases,
    invariants=[_below_the_evidence],
)


# ---------------------------------------------------------------- 11 who broke it?


def _culprit(elbos):
    for step in range(1, len(elbos)):
        if elbos[step] < elbos[step - 1] - 1e-9 * abs(elbos[step - 1]):
            return step
    return -1


def _trace_cases(rng):
    rising = -50 - 40 * np.exp(-np.cumsum(rng.uniform(0.1, 1, 7)))
    yield case(rising, label="a bound that never falls")
    for n in (4, 6, 9):
        broken = -30 - 20 * np.exp(-np.cumsum(rng.uniform(0.1, 1, n)))
        step = int(rng.integers(2, n))
        broken[step:] -= 1.5 * (broken[step] - broken[step - 1]) + rng.uniform(0.5, 3)
        yield case(broken)
    for label, bounds in {
        "a bound that falls at the first update": [-60, -64, -50, -45],
        "a bound that falls three times": [-90, -70, -60, -66, -55, -73, -50, -52],
        "a fall of only 0.00001 nats, far above round-off": [-90, -70, -60, -60 - 1e-5, -52],
        "": [-60, -55, -70, -50],
        "a bound that falls at the last update": [-90, -70, -60, -55, -57.5],
    }.items():
        yield case(np.array(bounds) + rng.normal(), label=label)
    huge = -1e9 + np.array([-3.0, -1, 0, 0.25, 0, 0.125, 0])
    yield case(huge, label="a converged bound of -1000000000 that trembles by 0.2")
    settled = -1e5 + np.array([-3.0, -1, 0, -1e-8, 0, -2e-8, 1e-8])
    yield case(settled, label="a converged bound of -100000 that trembles in its last digits")


culprit = sheet.task("culprit", reference=_culprit, cases=_trace_cases)


# ---------------------------------------------------------------- 12 read a run


def _together(n=9):
    """Bounds of a run on two variables."""
    log_joint, q1, q2 = (
        np.array([[-2.0, -6.0], [-7.0, -1.5]]),
        np.array([0.9, 0.1]),
        np.array([0.2, 0.8]),
    )
    elbos = []
    for _ in range(n):
        elbos.append(q1 @ log_joint @ q2 + entr(q1).sum() + entr(q2).sum())
        q1, q2 = softmax(log_joint @ q2), softmax(q1 @ log_joint)
    return elbos


to_and_fro = sheet.task("to_and_fro", trace=_together)


# ---------------------------------------------------------------- 13 a whole chain


def _chain(initial, transition, h):
    log_A = np.log(transition)
    forward = [np.log(initial) + h[0]]
    for row in h[1:]:
        forward.append(logsumexp(forward[-1][:, None] + log_A, axis=0) + row)
    backward = [np.zeros(len(initial))]
    for row in h[:0:-1]:
        backward.append(logsumexp(log_A + row + backward[-1], axis=1))
    joint = np.array(forward) + np.array(backward[::-1])
    return softmax(joint, axis=1), logsumexp(forward[-1])


def _chain_cases(rng):
    for L, T in ((2, 3), (3, 4), (4, 2), (3, 6)):
        h = rng.normal(size=(T, L)) * 2
        yield case(rng.dirichlet(np.ones(L)), rng.dirichlet(np.ones(L), L), h)
    h = rng.normal(size=(4, 2)) - 600
    yield case(
        rng.dirichlet(np.ones(2)),
        rng.dirichlet(np.ones(2), 2),
        h,
        label="an effective evidence so low that exp(h) is 0 in a computer",
    )


chain = sheet.task("chain", reference=_chain, cases=_chain_cases)


# ---------------------------------------------------------------- 14 a model not seen before


def _both_factors(x, prior_precision, shape, rate, tau):
    precision = prior_precision + len(x) * tau
    mean = tau * np.sum(x) / precision
    squares = np.sum((x - mean) ** 2) + len(x) / precision
    return mean, precision, shape + len(x) / 2, rate + squares / 2


def _measurements(rng):
    for N in (2, 3, 5, 8):
        x = rng.normal(rng.normal() * 2, 1.5, N)
        yield case(x, *(float(v) for v in rng.uniform(0.3, 3, 4)))
    yield case(rng.normal(size=1) + 2, *(float(v) for v in rng.uniform(0.3, 3, 4)))


unseen_model = sheet.task("unseen_model", reference=_both_factors, cases=_measurements)

structured_bound = sheet.task("structured_bound")


# ---------------------------------------------------------------- 16 your own data


def _own_example():
    from helpers.ascent import climb
    from helpers.fhmm import FactorialHMM, exact, structured

    A, rng = [[0.9, 0.1], [0.2, 0.8]], np.random.default_rng(0)
    model = FactorialHMM(np.full((2, 2), 0.5), [A, A], [[[0], [1]], [[0], [3]]], [[0.2]])
    x = np.array([0, 0.1, 1.2, 4.1, 3.9, 3.1, 0.2])[:, None]
    runs = [climb(structured(model, x, rng)) for _ in range(5)]
    best = max(runs, key=lambda run: run.state.elbo)
    return {
        "elbos": best.elbos,
        "ends": [run.state.elbo for run in runs],
        "marginals": best.state.q.marginals,
        "log_evidence": exact(model, x).log_evidence,
    }


own_series = sheet.task(
    "own_series",
    invariants=(
        rising("elbos"),
        below("elbos", "log_evidence"),
        below("ends", "log_evidence"),
        at_least("ends", 5, "starts"),
        best_of("ends", "elbos"),
        normalised("marginals"),
    ),
    example=_own_example,
)
