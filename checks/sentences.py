"""What students read, wherever it is not about one task: each sentence whole, with {placeholders}.

A second language is another file like this one, beside the hints of the tasks and of mistakes/.
"""

# ---------------------------------------------------------------- around a task

NO_FOURTH_HINT = "There are three hints: hint(1), hint(2) and hint(3), but no hint({number!r})."
NO_HINTS = "There are no hints for this task."
RESET = "{task} is open again: the table of progress forgets its earlier answers."
TRY_FIRST = (
    "{task}: the solution is shown after an attempt. Write an answer and check it; if it is wrong, "
    "solution() has the right one with its explanation. (Three hints wait before that: hint(1).)"
)
SOLUTIONS_OFF = "{task}: whoever teaches this course hands out the solutions later."
NOT_HANDED_OUT = "{task}: its solution is not handed out with this copy of the course."
NOTHING_TO_SHOW = "{task}: all that there is to see stands in the text above."
CHECK_FAILED = "The check itself failed ({error})."
INTERRUPTED = "The check was interrupted."
NO_ANSWER_GIVEN = "Your function gave no answer: it returned None. Is the `return` missing?"
ANSWER_RAISED = "Your function raised {error}."
ANSWER_ENDLESS = "Your function came to no end: is there a loop that never stops?"
WRITE_FIRST = (
    "Write your answer in the cell above, run that cell, then this one. (Three hints are waiting "
    "below, should you want them.)"
)
ON_PAPER = (
    "This one is done with pen and paper and nothing is run. When you are through, compare with "
    "the worked solution and give yourself the points of its rubric."
)

# ---------------------------------------------------------------- lines in order

ORDER_WRONG_KIND = (
    "Your answer is {came}. Expected are the letters of the lines in their order, like {example}."
)
ORDER_UNKNOWN = "There is no line {letter}: the lines are {letters}."
ORDER_TWICE = "Line {letter} stands there twice; each line is used once at most."
ORDER_DISTRACTOR = "Line {letter}, your number {place}, does not belong here at all. {reason}"
ORDER_FIRST_WRONG = "{before} Line {letter} cannot stand at place {place}. {reason}"
ORDER_RIGHT_SO_FAR = "The first {count} are right."
ORDER_FIRST_IS_RIGHT = "The first is right."
ORDER_NONE_RIGHT = "It goes wrong with the first line."
ORDER_LOOK_BACK = "What does it use, and is all of that there by then?"
ORDER_UNUSED = "Check it by itself: does it follow from the line before, as an equality or a bound?"
ORDER_TOO_SHORT = "All right so far, but {count} more must follow: where must it end?"
ORDER_TOO_LONG = "The right lines in the right order, and then {letter} too many. {reason}"

# ---------------------------------------------------------------- the bug

BUG_WRONG_KIND = (
    "Your answer is {came}. Expected are two things, (number of the line, an input that shows it); "
    "the input is {inputs}."
)
BUG_NO_SUCH_LINE = "There is no line {line}: the code has lines 1 to {last}, its `def` is line 1."
BUG_SEVERAL_LINES = "Your text {line!r} is not one line of the code: give the line's number."
BUG_OTHER_LINE = "Line {line}, `{code}`, does what it should. {reason}"
BUG_INPUT_SHOWS = (
    "Your input shows that something is wrong (it gives {buggy}, and the right result is {right}): "
    "follow it through the code line by line."
)
BUG_INPUT_TOO = "Your input does not show the bug either: right and wrong code agree on it."
BUG_INPUT_AGREES = (
    "That is the line. But your input does not show it: both the code and its right version give "
    "{right} there. When does this line make a difference?"
)
BUG_INPUT_COUNT = "An input to this code has {wanted} ({names}); yours has {came}."
BUG_INPUT_FAILS = "Even the right code cannot do anything with your input: it raises {error}."
BUG_INPUT_REFUSED = "Your input is not one that the code is made for: {reason}."
BUG_FOUND = "For your input the code gives {buggy}, the right one {right}."

# ---------------------------------------------------------------- choosing a q

CHOOSE_WRONG_KIND = "Your answer is {came}. Expected is a dictionary with {keys}."
CHOOSE_MISSING = "Nothing is said about {keys} in your answer: it needs {all}."
CHOOSE_UNKNOWN = "Your answer has {keys}, which is not asked for: it needs {all}."
CHOOSE_NO_SUCH_Q = '"q" is {came}; choose one of {choices}.'
CHOOSE_OTHER_WORD = '"{part}" is {came}; expected is one of {choices}.'
CHOOSE_NO_NUMBER = '"{part}" is {came}; expected is a number.'
CHOOSE_FORETOLD = "Foretold as it was measured: {parts}."

# ---------------------------------------------------------------- a number, a choice

NUMBER_WRONG_KIND = "Your answer is {came}; expected is one number."
NUMBER_NAN = "Your answer is {came}: expected is a number that one can point at."
NUMBER_SIGN = "The size is right, the sign is not: should it be below or above zero?"
NUMBER_HIGH = "{came} is too large. {question}"
NUMBER_LOW = "{came} is too small. {question}"
CHOOSE_FIRST = "Choose first, then play. Answer with one of {choices}."
ANSWER_ONE_OF = "Your answer is {came}. Answer with one of {choices}."

# ---------------------------------------------------------------- one's own data

OPEN_WRONG_KIND = "Your answer is {came}. Expected is a dictionary with {keys}."
OPEN_MISSING = "Your answer lacks {keys}."
OPEN_NO_NUMBERS = '"{key}" is {came}; expected are numbers: {what}.'
OPEN_NAN = 'There is a nan (not a number) in "{key}".'
OPEN_EMPTY = '"{key}" is empty.'
