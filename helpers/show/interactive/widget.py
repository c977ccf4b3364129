"""The interactive figure's life with a kernel: a widget that holds the tables.

Nothing travels while a slider moves: the kernel's part is over once the figure is shown.
"""

import anywidget
import traitlets

_shown = {}  # cell -> (execution, the widgets that it shows)


class View(anywidget.AnyWidget):
    """Hands the ES module and its data to the browser."""

    _esm = traitlets.Unicode().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)


def show(module, data, shell):
    """The bundle's entry for a view of the figure, for the cell that is running.

    What an earlier run of the same cell showed is closed, so that running a cell again and
    again keeps one widget and not many.
    """
    view = View(_esm=module, data=data)
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    execution = parent.get("header", {}).get("msg_id")
    cell = parent.get("metadata", {}).get("cellId", execution)
    if _shown.get(cell, (None,))[0] != execution:
        for old in _shown.pop(cell, (None, ()))[1]:
            old.unobserve_all()
            old.layout.close()  # a model of its own, which would stay behind
            old.close()
        _shown[cell] = (execution, [])
    _shown[cell][1].append(view)
    return {"version_major": 2, "version_minor": 0, "model_id": view.model_id}
