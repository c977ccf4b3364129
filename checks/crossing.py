"""What crosses the walls around a submission: functions by value one way, plain results back."""

import io
import pickle

_PLAIN = {
    ("checks.outcomes", "Outcome"),
    ("checks.plain", "Odd"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
}


class _Plain(pickle.Unpickler):
    """Loads plain outcomes and nothing that could run code of the sender's."""

    def find_class(self, module, name):
        if (module, name) not in _PLAIN:
            raise pickle.UnpicklingError(f"{module}.{name} is not plain")
        return super().find_class(module, name)


def loads(data):
    """What was pickled, if it is plain; UnpicklingError or anything else where it is not."""
    return _Plain(io.BytesIO(data)).load()


def by_value(work):
    """Pickle, with the functions of the checks by value: their modules stay on this side."""
    import cloudpickle

    import checks

    cloudpickle.register_pickle_by_value(checks)
    try:
        return cloudpickle.dumps(work)
    finally:
        cloudpickle.unregister_pickle_by_value(checks)
