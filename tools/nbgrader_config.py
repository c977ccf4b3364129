"""For a teacher who grades with nbgrader: copy this file to the root of your nbgrader course.

It bounds what a submission can cost: a cell gets a minute, a kernel four gigabytes, and check cells
that a student deleted come back. The exercises' own checks need none of it.
"""

import contextlib

c = get_config()  # noqa: F821  (given by nbgrader)

c.ClearSolutions.code_stub = {"python": "# your code here\nraise NotImplementedError"}
c.Execute.timeout = 60  # seconds for one cell
c.Execute.iopub_timeout = 60
c.OverwriteCells.add_missing_cells = True

with contextlib.suppress(ImportError):  # there is no such limit on Windows
    import resource

    # Kernels inherit the limit. RLIMIT_DATA counts what is allocated; RLIMIT_AS would also count
    # the address space that BLAS libraries reserve for their threads.
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, hard))
