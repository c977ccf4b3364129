"""Interactive figures: one short call each, as the last line of a cell.

They work in the notebook, and without a kernel in slides, exported pages and the site.
"""

from helpers.show.interactive.figure import Interactive
from helpers.show.interactive.gaps import gap

__all__ = ["Interactive", "gap"]
