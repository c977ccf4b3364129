"""A bar for ascents that take long enough to wonder."""

PATIENCE = 2.0  # seconds without a bar


def watched(states, description):
    """The same states, with a bar of sweeps and the bound once two seconds have passed."""
    from tqdm.auto import tqdm  # here, since it costs time to import and few cells wait

    with tqdm(desc=description, unit=" sweeps", delay=PATIENCE, leave=False) as bar:
        for state in states:
            bar.set_postfix_str(f"bound {state.elbo:,.0f} nats", refresh=False)
            bar.update()
            yield state
