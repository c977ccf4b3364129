"""Messages in logarithms: slow, but right where products of probabilities underflow.

They are needed where a transition is (nearly) impossible and the data insist on it: the only
path left may be a thousand nats worse than one that leads nowhere.
"""

import numpy as np


def log_scan_messages(initial, transition, log_b):
    """Logarithms of the forward and backward messages of one sequence.

        forward_t = log p(s_t, x_<t),   backward_t = log p(x_t, ..., x_T | s_t)

    Args:
        initial: (N,). transition: (M, L, L) with L^M = N; log_b: log p(x_t | s_t), (T, N).
    Returns:
        forward (T, N), backward (T, N).
    """
    with np.errstate(divide="ignore"):  # log 0 = -inf is right here
        log_initial, log_transition = np.log(initial), np.log(transition)
    forward, backward = np.empty_like(log_b), log_b.copy()
    forward[0] = log_initial
    for t in range(1, len(log_b)):
        forward[t] = log_move(forward[t - 1] + log_b[t - 1], log_transition)
    reverse = log_transition.swapaxes(1, 2)
    for t in range(len(log_b) - 2, -1, -1):
        backward[t] += log_move(backward[t + 1], reverse)
    return forward, backward


def log_move(log_mass, log_transition):
    """log sum_i exp(log_mass_i) prod_m transition[m, i_m, j_m] for every j, (..., N)."""
    batch, states = log_mass.shape[:-1], log_transition.shape[1]
    for log_matrix in log_transition:
        first = log_mass.reshape(*batch, states, -1, 1)
        log_mass = np.logaddexp.reduce(first + log_matrix[:, None, :], axis=-3)
    return log_mass.reshape(*batch, -1)
