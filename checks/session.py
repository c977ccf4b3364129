"""What a check does for whoever sits before it: verdict, hints, the solution when it is due."""

import os
import re
import sys
import textwrap
from pathlib import Path

import numpy as np

from checks import store
from checks.kinds import FindBug, Order, Paper, ReadRun
from checks.marking import mark
from checks.sentences import say
from checks.verdicts import NOT_YET

BEST = {}  # (sheet, task) -> its best verdict in this session, for the table of progress
SWITCH = "VI_COURSE_SOLUTIONS"  # set to "off", solutions are not shown
SHEETS = Path(__file__).resolve().parent.parent / "solutions"


def key_of(task):
    """(sheet, task): the name under which a task's verdicts are kept."""
    return task.room.rpartition(".")[2], task.name


def check(task, answer):
    """Check ``answer``: print the verdict and return it."""
    verdict = mark(task, answer)
    best = BEST.get(key_of(task))
    if best is None or verdict.points >= best.points:  # once right, a later slip takes nothing
        BEST[key_of(task)] = verdict
    print(wrapped(verdict))
    if verdict.status != NOT_YET:
        trouble = store.keep(*key_of(task), verdict.status, verdict.points)
        if trouble:
            print(trouble)
    return verdict


def tried(task):
    """Has this task been answered, right or wrong, here or before this kernel?"""
    verdict = BEST.get(key_of(task))
    return key_of(task) in store.kept() or (verdict is not None and verdict.status != NOT_YET)


def reset(task):
    """Forget what this task's answers came to."""
    BEST.pop(key_of(task), None)
    print(store.keep(*key_of(task), store.RESET) or say("reset", task=task.name))


def wrapped(verdict):
    """The verdict's text in lines that end between words: JupyterLab breaks long ones anywhere."""
    fill = textwrap.TextWrapper(88, break_long_words=False, break_on_hyphens=False).fill
    return "\n".join(map(fill, str(verdict).splitlines()))


def rendered(markdown):
    """Show Markdown with its formulas in a notebook, and as it is written elsewhere."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    if shell is None:
        return print(markdown)
    from IPython.display import Markdown, display

    return display(Markdown(markdown))


# ---------------------------------------------------------------- hints


def hint(task, number=None):
    """Show one hint (1 a nudge, 2 the equation, 3 the shape of the code), or all three."""
    if task.hints is None:
        return print(say("no_hints"))
    if number not in (None, 1, 2, 3):
        return print(say("no_fourth_hint", number=number))
    shape = f"\n\n```python\n{task.hints.shape}\n```"
    hints = {1: f" {task.hints.nudge}", 2: f" {task.hints.equation}", 3: shape}
    return rendered("\n\n".join(f"**{k}.**{hints[k]}" for k in hints if number in (None, k)))


# ---------------------------------------------------------------- the solution


def solution(task):
    """Show the right answer with its explanation, once the task has been tried."""
    if os.environ.get(SWITCH, "").lower() in ("off", "0", "no", "false"):
        return without_solution(task, "solutions_off")
    if isinstance(task, Paper):
        return rendered(f"{task.worked or _from_sheet(task)}\n\n{rubric(task)}".strip())
    if not tried(task):
        return print(say("try_first", task=task.name))
    found = task.answer or _from_sheet(task)
    return rendered(f"{found}\n\n{task.why}".strip()) if found else without_solution(task)


def without_solution(task, sentence="not_handed_out"):
    """What is shown in place of a solution: of a task on paper, what its points are given for."""
    if isinstance(task, Paper):
        return rendered(f"{say('worked_elsewhere', task=task.name)}\n\n{rubric(task)}")
    return print(say(sentence, task=task.name))


def _from_sheet(task):
    """The answer's cell in the solution notebook, as Markdown; "" where that is absent."""
    import nbformat

    sheet = key_of(task)[0]
    for path in sorted(SHEETS.glob(f"[0-9]*_{sheet}.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        on_paper = [c.source for c in cells if c.id == task.name.replace("_", "-")]
        if isinstance(task, Paper) and on_paper:
            return re.sub(r"<!-- (BEGIN|END) SOLUTION -->", "", on_paper[0]).partition("| po")[0]
        code = [c.source for c in cells if c.cell_type == "code"]
        called = re.compile(rf"^check\.{task.name}\((\w+)\)$", re.M)
        name = next((m[1] for m in map(called.search, code) if m), None)
        written = [c for c in code if re.search(rf"^(def {name}\(|{name} =)", c, re.M)]
        if name and written:
            lines = written[-1].splitlines()
            kept = [x for x in lines if not re.match(r"\s*### (BEGIN|END) SOLUTION", x)]
            return "```python\n" + "\n".join(kept) + "\n```"
    return ""


def rubric(task):
    """The points of a task on paper and what they are given for, as a Markdown table."""
    escaped = ((points, what.replace("|", r"\|")) for points, what in task.rubric)
    points = [f"| {points:g} | {what} |" for points, what in escaped]
    return "\n".join(["| points | for |", "|---|---|", *points])


# ---------------------------------------------------------------- what a task is about


def show(task):
    """Show the lines to order, the code to search or the trace to read."""
    if isinstance(task, Order):
        rendered("\n".join(f"- **{letter}**: {line}" for letter, line in task.lines.items()))
    elif isinstance(task, FindBug):
        print("\n".join(f"{k:2}  {line}" for k, line in enumerate(task.listing, 1)))
    elif isinstance(task, ReadRun):
        print(np.array2string(task.numbers, precision=4, suppress_small=True, max_line_width=88))
    else:
        print(say("nothing_to_show", task=task.name))
