"""What inference costs: multiplications, and a refusal where it does not fit into memory."""

from helpers.arguments import in_words, one_of, whole_number

GIBI, MOST_GIBI = 2**30, 4


def multiplications(n_chains, n_states, T, algorithm="factorial"):
    """Multiplications to pass messages along T steps in both directions, as a whole number.

    "flat": 2 T L^(2M), that of the tutorial's slide "Factorial HMMs"; "factorial": 2 T M L^(M+1),
    where each chain moves by itself (Ghahramani & Jordan, 1997); "structured" and "mean_field":
    2 T M L^2 a sweep.
    """
    M = whole_number("n_chains", n_chains, maximum=10**6)
    L = whole_number("n_states", n_states, maximum=10**6)
    counts = {"flat": L ** (2 * M), "factorial": M * L ** (M + 1)}
    counts |= dict.fromkeys(("structured", "mean_field"), M * L**2)
    return 2 * whole_number("T", T) * counts[one_of("algorithm", algorithm, counts)]


def check_size(model, what, rows):
    """Refuse (ValueError) ``what``, rows x L^M doubles, if it takes more than four gigabytes."""
    M, L = model.n_chains, model.n_states
    size = 8 * rows * L**M
    if size > MOST_GIBI * GIBI:
        needed = f"{size / GIBI:.3g}" if size < 10**6 * GIBI else in_words(size // GIBI)
        raise ValueError(
            f"model: {M} chains of {L} states have {L}^{M} = {in_words(L**M)} joint states; {what} "
            f"needs {needed} GiB, more than {MOST_GIBI} GiB. structured() and mean_field() need no "
            "joint states"
        )
