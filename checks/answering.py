"""The program inside the walls: runs a submission's cells and calls its functions.

It is started by ``sandbox`` with the folder of its modules as its only argument, reads questions
from its standard input and writes answers to what was its standard output; what a submission
prints goes elsewhere. It knows no right answer, so nothing in here needs to be trusted.
"""

import base64
import contextlib
import json
import os
import pickle
import sys

MEMORY, FILES, PROCESSES, OPEN = 4 << 30, 64 << 20, 64, 256
SHOWN = 20_000  # characters of a cell's output that feedback keeps


def main():
    """Answer until the questions end."""
    sys.path.insert(0, sys.argv[1])
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    _limit()
    sys.meta_path.insert(0, _OldNames())
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance(colors="NoColor")
    shell.showtraceback = shell.showsyntaxerror = lambda *_, **__: None  # errors are told once
    while size := int.from_bytes(questions.read(8), "big"):
        question = json.loads(questions.read(size))
        data = json.dumps(DOES[question["do"]](shell, question)).encode()
        answers.write(len(data).to_bytes(8, "big") + data)
        answers.flush()


def _limit():
    with contextlib.suppress(ImportError):
        import resource

        for what, most in (
            ("RLIMIT_DATA", MEMORY),
            ("RLIMIT_FSIZE", FILES),
            ("RLIMIT_NPROC", PROCESSES),
            ("RLIMIT_NOFILE", OPEN),
            ("RLIMIT_CORE", 0),
        ):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                resource.setrlimit(getattr(resource, what), (most, most))


class _OldNames:
    """``helpers.checks`` is what sheets of earlier terms import."""

    def find_spec(self, name, path=None, target=None):
        if name != "helpers.checks":
            return None
        import checks

        sys.modules[name] = checks
        return checks.__spec__


def _cell(shell, question):
    from IPython.utils.capture import capture_output

    with capture_output() as shown:
        result = shell.run_cell(question["source"], store_history=True)
    outputs = [_stream("stdout", shown.stdout), _stream("stderr", shown.stderr)]
    outputs += [_display(output.data) for output in shown.outputs]
    outputs.append(_error(result.error_before_exec or result.error_in_exec))
    return {"outputs": [output for output in outputs if output]}


def _stream(name, text):
    return text and {"output_type": "stream", "name": name, "text": text[:SHOWN]}


def _error(error):
    if error is None:
        return None
    kind, said = type(error).__name__, str(error)[:SHOWN]
    told = {"ename": kind, "evalue": said, "traceback": [f"{kind}: {said}"]}
    return {"output_type": "error"} | told


def _display(data):
    kept = {kind: data[kind] for kind in ("text/plain", "image/png") if kind in data}
    if "text/plain" in kept:
        kept["text/plain"] = str(kept["text/plain"])[:SHOWN]
    if isinstance(kept.get("image/png"), bytes):
        kept["image/png"] = base64.b64encode(kept["image/png"]).decode()
    return kept and {"output_type": "display_data", "data": kept, "metadata": {}}


def _call(shell, question):
    from checks.running import observe

    function = shell.user_ns.get(question["name"])
    call, cases, seconds = pickle.loads(base64.b64decode(question["work"]))
    if not callable(function) or isinstance(function, type):
        return {"outcomes": _dumps(None)}
    call = call or (lambda function, *inputs: function(*inputs))
    return {"outcomes": _dumps(observe(call, function, cases, seconds))}


def _value(shell, question):
    from checks.outcomes import UNWRITTEN, Outcome
    from checks.running import observe

    answer = shell.user_ns.get(question["name"], Ellipsis)
    read = pickle.loads(base64.b64decode(question["read"]))
    if answer is Ellipsis:
        return {"outcomes": _dumps([Outcome(UNWRITTEN)])}
    call = (lambda function: read(function())) if callable(answer) else read
    return {"outcomes": _dumps(observe(call, answer, [()], 30.0))}


def _dumps(outcomes):
    return base64.b64encode(pickle.dumps(outcomes)).decode()


DOES = {"cell": _cell, "call": _call, "value": _value}

if __name__ == "__main__":
    main()
