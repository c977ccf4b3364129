"""What tells a student whether an exercise is right, and which mistake it looks like.

One module per notebook (``generative_models``, ``jensen``, ...) holds its tasks; an exercise says
``from checks import generative_models as check`` and then ``check.joint_table(function)``,
which prints a verdict, and ``check.progress()``, which shows what is right and what is open.

verdicts       the answer a student gets, and its points
outcomes       calling a student's function so that nothing it does can hurt
plain          results and inputs as plain numbers: compared, printed, fingerprinted
tasks          a task with its reference, its catalogue of wrong answers and its hints
judging        from outcomes to the verdict
recognising    which mistake explains all outcomes? It asks the task's catalogue, then:
twists         mistakes that can happen in any task (sign, logarithm, transposed, normaliser ...)
substitutions  one input taken for another, squared, left out, transposed
slips          one sign, function or term of the formula changed
progress       the table of what is right and what is open
distributions  random distributions for the cases of several modules
grading        the same tasks inside nbgrader, judged by a process that no submission can reach
"""

from checks import session
from checks.tasks import Exercise

Exercise.asked = session
