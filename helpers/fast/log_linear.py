"""What makes the tagger fast: pairs of features, conjugate gradients, an inverse in place.

Symbols as in :mod:`helpers.log_linear.model`; both linear maps are plain there as formulas.
"""

import numpy as np
from scipy import sparse
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.sparse.linalg import LinearOperator, cg

PAIRS_PAY = 0.05  # share of all pairs of features below which a table of them is cheaper


def logit_covariances(features, covariance):
    """Cov[phi_n w] = sum_fg phi_nf phi_ng covariance[f, :, g, :], for each token: (N, T, T)."""
    n_features = features.shape[1]
    n_tags = len(covariance) // n_features
    blocks = covariance.reshape(n_features, n_tags, n_features, n_tags)
    if pays_as_pairs(features):
        by_pair = blocks.transpose(0, 2, 1, 3).reshape(n_features**2, n_tags**2)
        return (pairs_of(features) @ by_pair).reshape(-1, n_tags, n_tags)
    dense = features.toarray() if sparse.issparse(features) else features
    half_way = (dense @ blocks[:, t].reshape(n_features, -1) for t in range(n_tags))
    rows = [np.vecmat(dense, part.reshape(-1, n_features, n_tags)) for part in half_way]
    return np.stack(rows, axis=1)


def summed_curvature(features, curvature):
    """sum_n (phi_n phi_n') (x) C_n, (F T, F T), from the logits' curvature C (N, T, T)."""
    n_features, n_tags = features.shape[1], curvature.shape[1]
    if pays_as_pairs(features):
        by_pair = pairs_of(features).T @ curvature.reshape(-1, n_tags**2)
        blocks = by_pair.reshape(n_features, n_features, n_tags, n_tags).transpose(0, 2, 1, 3)
    else:
        blocks = np.empty((n_features, n_tags, n_features, n_tags))
        dense = features.toarray() if sparse.issparse(features) else features
        for t, u in zip(*np.tril_indices(n_tags), strict=True):
            blocks[:, t, :, u] = blocks[:, u, :, t] = dense.T @ (curvature[:, t, u, None] * dense)
    return blocks.reshape(n_features * n_tags, -1)


def pays_as_pairs(features):
    """Whether few enough pairs of features meet in a token for a table of pairs to be cheaper."""
    if not sparse.issparse(features):
        return False
    pairs = np.sum(np.diff(features.indptr).astype(float) ** 2)
    return bool(pairs < PAIRS_PAY * features.shape[0] * features.shape[1] ** 2)


def pairs_of(features):
    """Each token's products of two features, sparse (N, F^2): (n, f F + g) is phi_nf phi_ng."""
    n_tokens, n_features = features.shape
    token = np.repeat(np.arange(n_tokens), np.diff(features.indptr))
    second = features[token]  # each token's features once for each of its features
    first = np.repeat(np.arange(features.nnz), np.diff(second.indptr))
    columns = features.indices[first].astype(np.int64) * n_features + second.indices
    table = features.data[first] * second.data, columns, second.indptr[features.indptr]
    return sparse.csr_array(table, shape=(n_tokens, n_features**2))


def solve_curvature(tagger, probs, slope, diagonal, accuracy):
    """step with (sum_n phi_n phi_n' (x) (diag(p_n) - p_n p_n') + diag(1 / sd^2)) step = slope.

    By conjugate gradients, which never build the matrix: F T may be a million. ``diagonal`` (F, T)
    is its own; every weight is measured so that it has ones there.
    """
    features, shape, unit = tagger.features, slope.shape, diagonal**-0.5
    share = (unit / tagger.prior_sd) ** 2  # the prior's part of the ones on the diagonal
    transposed = features.T.tocsr() if sparse.issparse(features) else features.T

    def times(direction):
        direction = direction.reshape(shape)
        moved = features @ (unit * direction)
        curved = probs * (moved - np.vecdot(probs, moved)[:, None])
        return (unit * (transposed @ curved) + share * direction).ravel()

    matrix = LinearOperator((slope.size, slope.size), matvec=times, dtype=float)
    step, _ = cg(matrix, (unit * slope).ravel(), rtol=accuracy, maxiter=100)
    return unit * step.reshape(shape)


def inverse(precision):
    """(inverse, its log determinant) of a precision matrix, which is overwritten.

    By Cholesky's factor; dpotri inverts from it at a third of the price of solving.
    """
    factor, failed = dpotrf(precision, lower=True, overwrite_a=True)
    if failed == 0:
        log_determinant = -2 * np.log(np.diagonal(factor)).sum()
        result, failed = dpotri(factor, lower=True, overwrite_c=True)
    if failed:
        raise ValueError("covariance: the weights' precision is not positive definite")
    result += np.tril(result, -1).T  # above the diagonal are zeros
    return result, float(log_determinant)
