"""A bar for ascents that take long enough to wonder."""

from helpers.ascent import ascending


class Bar:
    """A bar of sweeps and the bound, shown from the first second of work on."""

    def __init__(self, description, shown=True):
        self.description, self.shown, self.bar = description, shown, None

    def tick(self):
        """Some work is done, less than a sweep."""
        if self.bar is not None:
            self.bar.update(0)

    @ascending
    def watch(self, states):
        """The same states."""
        if not self.shown:
            yield from states
            return
        from tqdm.auto import tqdm  # here, since it costs time to import and few cells wait

        with tqdm(desc=self.description, unit=" sweeps", delay=1.0, leave=False) as self.bar:
            for state in states:
                self.bar.set_postfix_str(f"bound {state.elbo:,.0f} nats", refresh=False)
                self.bar.update()
                yield state
