"""What nbgrader runs in place of its own Execute: see tools/nbgrader_config.py."""

from pathlib import Path

from nbgrader.preprocessors import NbGraderPreprocessor

from checks import grading


class ForgetCopies(NbGraderPreprocessor):
    """Let a copied or split cell be an ordinary one.

    DeduplicateIds leaves such a cell with marks that are empty, on which later steps fail.
    """

    def preprocess(self, nb, resources):
        """Drop empty marks."""
        for cell in nb.cells:
            if "nbgrader" in cell.metadata and not cell.metadata["nbgrader"].get("grade_id"):
                del cell.metadata["nbgrader"]
        return nb, resources


class Judge(NbGraderPreprocessor):
    """Run a submission behind walls and put the judge's verdicts into its graded cells.

    The graded cells have been overwritten with the teacher's before, so the submission itself
    says what is asked.
    """

    def preprocess(self, nb, resources):
        """The notebook with outputs and points."""
        marks = grading.grade(nb, nb)
        said = {mark.cell: mark for mark in marks}
        for cell in nb.cells:
            mark = said.get(grading.cell_id(cell))
            if mark is not None and cell.metadata.get("nbgrader", {}).get("grade"):
                cell.outputs = grading.shown(str(mark.verdict), mark.points)
        return nb, resources


def name_strays(course=Path()):
    """Print a line for each submitted notebook whose name no source has; returns the lines."""
    lines = []
    for path in sorted(Path(course).glob("submitted/*/*/*.ipynb")):
        wanted = {p.name for p in Path(course, "source", path.parent.name).glob("*.ipynb")}
        if wanted and path.name not in wanted:
            names = ", ".join(sorted(wanted))
            lines.append(f"{path}: nbgrader passes over this name; it knows {names}. Rename it.")
    print("\n".join(lines), end="\n" if lines else "")
    return lines
