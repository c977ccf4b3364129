"""How large the product of all chains is, and a refusal where it does not fit into memory."""

MOST_BYTES = 4 * 2**30


def check_size(model, T, arrays):
    """Refuse (ValueError) if ``arrays`` arrays of T x L^M doubles pass four gigabytes."""
    states = model.n_states**model.n_chains
    size = 8 * arrays * T * states
    if size > MOST_BYTES:
        raise ValueError(
            f"model: {model.n_chains} chains of {model.n_states} states have "
            f"{model.n_states}^{model.n_chains} = {in_words(states)} joint states; exact "
            f"inference over T = {T:,} steps would need {in_bytes(size)}, more than "
            f"{in_bytes(MOST_BYTES)}. structured() and mean_field() need no joint states"
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
