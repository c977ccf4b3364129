"""What tells a student whether an exercise is right, and which mistake it looks like.

One module per notebook (``generative_models``, ``jensen``, ...) holds its tasks; an exercise says
``from checks import generative_models as check`` and then ``check.joint_table(function)``,
which prints a verdict, and ``check.progress()``, which shows what is right and what is open.

The words of all tasks stand in texts/, known mistakes in mistakes/, all other sentences that a
student reads in sentences.txt.

tasks, kinds   what a task is; sheets puts words and references together
marking        the verdict on an answer of any kind: judging, that on a function, explaining what is
               wrong with it; weighing and bugs, those on the other kinds
outcomes       calling a student's function so that nothing it does can hurt, in running
plain          results and inputs as plain numbers: compared, printed, fingerprinted
recognising    which mistake explains all outcomes? searching tries, in the order of what is asked:
  catalogue    the known mistakes of the task
  mutants      a result twisted, an input replaced: what can happen in any task
  slips        one place of the formula changed by the rules in slips.txt: a sign, a lost term
  relations    a factor, a shift, single terms between results and right ones
session        what is printed: verdict, hints, solution; store and progress keep and show it
grading        the same tasks inside nbgrader, judged by a process that no submission can reach
"""

from checks import session
from checks.tasks import Exercise

Exercise.asked = session
