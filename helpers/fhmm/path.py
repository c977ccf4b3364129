"""The most probable path of a factorial HMM (the Viterbi algorithm, chain by chain)."""

import numpy as np

from helpers.fhmm.model import as_sequences
from helpers.fhmm.size import check_size


def most_probable_path(model, x):
    """The states that maximise p(s | x), and log p(x, s) there.

    Each step maximises along one chain's axis at a time, so that a step costs O(M L^(M+1)).

    Args:
        model: :class:`FactorialHMM`. x: (T, P), or a list of such arrays.
    Returns:
        states (T, M), rows of all sequences one after the other, and log p(x, s) in nats.
    Raises:
        ValueError: the data do not fit the model, or L^M numbers for each step do not fit
            into memory.
    """
    sequences = as_sequences(model, x)
    check_size(model, len(sequences.x), arrays=2)
    log_b = sequences.split(model.log_emissions(sequences.x)[0])
    paths = [best_path(model.initial, model.transition, part) for part in log_b]
    log_joint = sum(
        model.log_joint(path, part)
        for path, part in zip(paths, sequences.split(sequences.x), strict=True)
    )
    return np.concatenate(paths), log_joint


def best_path(initial, transition, log_b):
    """The most probable path of one sequence given log p(x_t | s_t), (T, L^M): states (T, M)."""
    with np.errstate(divide="ignore"):  # log 0 = -inf is right here
        log_initial, log_transition = np.log(initial), np.log(transition)
    chains, states = initial.shape
    sizes = (states,) * chains
    best = np.empty((len(log_b), *sizes))  # log probability of the best path to each state
    best[0] = outer_sum(log_initial) + log_b[0].reshape(sizes)
    for t in range(1, len(log_b)):
        best[t] = _best_move(best[t - 1], log_transition) + log_b[t].reshape(sizes)
    path = np.empty((len(log_b), chains), int)
    score = best[-1]
    for t in range(len(log_b) - 1, -1, -1):
        path[t] = np.unravel_index(score.argmax(), sizes)
        if t:
            score = best[t - 1] + outer_sum(log_transition[np.arange(chains), :, path[t]])
    return path


def _best_move(score, log_transition):
    """max_i score_i + sum_m log transition[m, i_m, j_m] for every j, one chain at a time."""
    for log_matrix in log_transition:  # the first axis goes, the new one comes last
        step = log_matrix.reshape(len(log_matrix), *[1] * (score.ndim - 1), -1)
        score = (score[..., None] + step).max(0)
    return score


def outer_sum(rows):
    """rows[0][i] + rows[1][j] + ... as an array with an axis for each row."""
    total = np.zeros(())
    for row in rows:
        total = total[..., None] + row
    return total
