"""What keeps a notebook from becoming slides, said so that its author can mend it.

``check`` raises ``NotebookProblem`` for a notebook without slides, with an error in an output,
with a code cell that was never executed, or with a figure that is missing.
"""

from nbconvert.utils.exceptions import ConversionException

STARTS = ("slide", "subslide")
HIDDEN = ("skip", "notes")
TYPES = ("slide", "subslide", "fragment", "skip", "notes", "-")


class NotebookProblem(ConversionException, ValueError):
    """A notebook that cannot become slides; the message names the cell."""


def in_one_sentence(record):
    """A filter for nbconvert's log: says what is wrong with the notebook without a traceback."""
    problem = record.exc_info and record.exc_info[1]
    if isinstance(problem, NotebookProblem):
        record.msg, record.args = f"{record.getMessage()}: {problem}", ()
        record.exc_info = None
    return True


def slide_type(cell):
    """The cell's slide type; "-" (it continues the slide) where nothing is said."""
    said = cell.metadata.get("slideshow") or {}
    return said.get("slide_type") or "-"


def tags(cell):
    """The cell's tags."""
    return tuple(cell.metadata.get("tags") or ())


def name(cells, index):
    """How a message names a cell: its number, its id and its first line."""
    cell = cells[index]
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    first = lines[0] if lines else "empty"
    first = first if len(first) <= 60 else first[:57] + "..."
    identity = f", id {cell.id}" if cell.get("id") else ""
    return f"cell {index + 1} of {len(cells)} ({cell.cell_type}{identity}: {first!r})"


def check(cells):
    """Raise NotebookProblem for the first thing that would give a broken deck."""
    _check_types(cells)
    for index, cell in enumerate(cells):
        if cell.cell_type == "code" and slide_type(cell) not in HIDDEN:
            _check_executed(cells, index)
            _check_outputs(cells, index)


def _check_types(cells):
    if not cells:
        raise NotebookProblem("the notebook has no cells, so there is nothing to show")
    for index, cell in enumerate(cells):
        if slide_type(cell) not in TYPES:
            raise NotebookProblem(
                f"{name(cells, index)} has the slide type {slide_type(cell)!r}; "
                f"expected one of {', '.join(TYPES)}"
            )
    if not any(slide_type(cell) in STARTS for cell in cells):
        raise NotebookProblem(
            f"no cell starts a slide. Begin with {name(cells, 0)}: give it the slide type "
            '"slide" (in JupyterLab: the gears at the top right, Slide Type), and likewise each '
            "cell that should start a new one"
        )


def _check_executed(cells, index):
    cell = cells[index]
    if not cell.source.strip() or "skip-execution" in tags(cell):
        return
    if cell.execution_count is None and not cell.outputs:
        raise NotebookProblem(
            f"{name(cells, index)} was never executed. Run the whole notebook and save it, or tag "
            'the cell "skip-execution" if it is only to be read'
        )


def _check_outputs(cells, index):
    for output in cells[index].outputs:
        if output.output_type == "error" and "raises-exception" not in tags(cells[index]):
            raise NotebookProblem(
                f"{name(cells, index)} ended with {output.ename}: {output.evalue}. Mend it and run "
                'it again, or tag the cell "raises-exception" if the error is to be seen'
            )
        data = output.get("data", {})
        if data.get("text/plain", "").startswith("<Figure size") and len(data) == 1:
            raise NotebookProblem(
                f"{name(cells, index)} made a figure, but its picture is missing from the output. "
                'Run it again with "%matplotlib inline", or show the figure by display()'
            )
