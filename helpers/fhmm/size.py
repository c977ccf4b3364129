"""What inference costs: multiplications, bytes, and a refusal where they do not fit into memory."""

from helpers.arguments import whole_number

MOST_BYTES = 4 * 2**30


def multiplications(n_chains, n_states, T, algorithm="factorial"):
    """Multiplications to pass messages along T steps in both directions, as a whole number.

        flat: 2 T L^(2M)        factorial: 2 T M L^(M+1)
        structured: 2 T M L^2   mean_field: 2 T M L^2, these two for a single sweep

    The first is the cost on the tutorial's slide "Factorial HMMs", and that of the flat HMM; the
    second uses that each chain moves by itself (Ghahramani & Jordan, 1997).
    """
    M, L = whole_number("n_chains", n_chains), whole_number("n_states", n_states)
    steps = 2 * whole_number("T", T)
    counts = {
        "flat": L ** (2 * M),
        "factorial": M * L ** (M + 1),
        "structured": M * L**2,
        "mean_field": M * L**2,
    }
    if algorithm not in counts:
        raise ValueError(f"algorithm: expected one of {tuple(counts)}, got {algorithm!r}")
    return steps * counts[algorithm]


def check_size(model, rows, arrays=1):
    """Refuse (ValueError) if ``arrays`` arrays of rows x L^M doubles pass four gigabytes."""
    states = model.n_states**model.n_chains
    size = 8 * arrays * rows * states
    if size > MOST_BYTES:
        raise ValueError(
            f"model: {model.n_chains} chains of {model.n_states} states have "
            f"{model.n_states}^{model.n_chains} = {in_words(states)} joint states. To keep "
            f"{arrays} numbers of each for all {rows:,} rows needs {in_bytes(size)}, more than the "
            f"{in_bytes(MOST_BYTES)} allowed (one step of the forward pass alone: "
            f"{in_bytes(8 * states)}). structured() and mean_field() need no joint states"
        )


def in_words(number):
    """An integer with separators, or its power of ten if it is long."""
    return f"{number:,}" if number < 10**15 else f"about 10^{len(str(number)) - 1}"


def in_bytes(size):
    """A number of bytes in a readable unit."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"about 10^{len(str(int(size))) - 1} PiB"
