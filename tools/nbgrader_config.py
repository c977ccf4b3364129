"""For a teacher who grades with nbgrader: copy this file to the root of your nbgrader course.

Submissions run behind walls, and a judge that they cannot reach gives the points (see
docs/classroom.md). A notebook that was renamed is named here, since nbgrader would pass it over.
"""

from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from checks.nbgrader_parts import ForgetCopies, Judge, name_strays

c = get_config()  # noqa: F821  (given by nbgrader)

c.ClearSolutions.code_stub = {"python": "# your code here\nraise NotImplementedError"}
c.OverwriteCells.add_missing_cells = True  # check cells that a student deleted come back
c.Autograde.sanitize_preprocessors = [
    ClearOutput,
    DeduplicateIds,
    ForgetCopies,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    Judge,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
name_strays()
