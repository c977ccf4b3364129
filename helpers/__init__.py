"""The library behind the notebooks: variational inference, computed, drawn and checked."""
