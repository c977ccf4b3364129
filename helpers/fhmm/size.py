"""What inference costs: multiplications, and a refusal where it does not fit into memory."""

from helpers.arguments import in_words, one_of, whole_number

MOST_BYTES = 4 * 2**30


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


def check_size(model, what, rows, arrays=1):
    """Refuse (ValueError) if ``arrays`` arrays of rows x L^M doubles pass four gigabytes.

    what: the words for what would be kept in them.
    """
    states = model.n_states**model.n_chains
    size = 8 * arrays * rows * states
    if size > MOST_BYTES:
        raise ValueError(
            f"model: {model.n_chains} chains of {model.n_states} states have "
            f"{model.n_states}^{model.n_chains} = {in_words(states)} joint states; {what} needs "
            f"{_gigabytes(size)}, more than {_gigabytes(MOST_BYTES)}. structured() and "
            "mean_field() need no joint states"
        )


def _gigabytes(size):
    gibi = size / 2**30
    return f"{gibi:.3g} GiB" if gibi < 1e6 else f"{in_words(round(gibi))} GiB"
