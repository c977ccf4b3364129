"""A bar for ascents that take long enough to wonder."""

from helpers.ascent import ascending


class Bar:
    """A bar of sweeps and the bound, shown from the first second of work on."""

    bar = None

    def tick(self):
        """Some work is done, less than a sweep."""
        if self.bar is not None:
            self.bar.update(0)

    @ascending
    def watch(self, states, description):
        """The same states."""
        from tqdm.auto import tqdm  # here, since it costs time to import and few cells wait

        with tqdm(desc=description, unit=" sweeps", delay=1.0, leave=False) as self.bar:
            for state in states:
                self.bar.set_postfix_str(f"bound {state.elbo:,.0f} nats", refresh=False)
                self.bar.update()
                yield state
