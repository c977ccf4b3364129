"""Where several results are asked for: which are wrong, and what explains those alone?"""

from dataclasses import replace

import numpy as np

from checks.plain import agree, like, plain
from checks.relations import CLOSE, LOOSE, is_short_row, related
from checks.searching import Search
from checks.sentences import say


class Parts:
    """Of several results, which are wrong, and what explains those alone?"""

    def __init__(self, search):
        self.search, self.task, self.trials = search, search.task, search.trials
        self.pairs = _several(self.trials)
        self.count = len(self.pairs[0][0]) if self.pairs else 0
        self.bad = [
            k for k in range(self.count) if not all(agree(e[k], g[k]) for e, g in self.pairs)
        ]
        self.some = self.bad if len(self.bad) < self.count else []

    def which(self):
        """Which results are wrong, are two exchanged, is only one of them asked for?"""
        rtol, atol = self.task.rtol, self.task.atol
        if self.pairs and all(agree(e, g[::-1], rtol, atol) for e, g in self.pairs):
            return say("reverse_results")
        return self._told("") if self.some else self._one_of_a_tuple()

    def _told(self, hint):
        kind = "one_result_wrong" if len(self.some) == 1 else "results_wrong"
        names = f" {say('slip_and')} ".join(str(k + 1) for k in self.some)
        return say(kind, count=self.count, names=names, hint=hint).rstrip()

    def _one_of_a_tuple(self):
        if not all(isinstance(t.expected, np.ndarray) for t in self.trials):
            return ""
        if not all(isinstance(t.got, list) for t in self.trials):
            return ""
        for k in range(min(len(t.got) for t in self.trials) if self.trials else 0):
            if all(agree(t.expected, t.got[k]) for t in self.trials):
                return say("only_one_asked", number=k + 1)
        return ""

    def together(self):
        """What is wrong with some of several results, as if they alone had been asked for."""
        if not self.some:
            return ""
        k, bare = self.some[0], replace(self.task, mistakes=())
        parts = [
            replace(t, expected=e[k], got=g[k])
            for t, (e, g) in zip(self.trials, self.pairs, strict=True)
        ]
        alone = Search(bare, parts, self.search._spent, self.search.used)
        hint = alone.same_everywhere() or alone.twist() or related(bare, parts, CLOSE + LOOSE)
        if not hint and self.task.call is None and self.task.accept is None:
            hint = self._explained(self.some)
        return hint and self._told(hint)

    def one_by_one(self, wholly=False):
        """A known mistake in each wrong one (or, if not ``wholly``, in some)."""
        if not self.pairs or self.task.call is not None or self.task.accept is not None:
            return ""
        hints = {k: self._explained([k], mutants=False) for k in self.bad}
        if not any(hints.values()) or (wholly and not all(hints.values())):
            return ""
        found = [say("number_k", number=k + 1, hint=hint) for k, hint in hints.items() if hint]
        rest = [str(k + 1) for k, hint in hints.items() if not hint]
        kind = "one_more_wrong" if len(rest) == 1 else "more_wrong"
        more = say(kind, numbers=f" {say('slip_and')} ".join(rest)) if rest else ""
        return say("one_by_one", count=self.count, known=" ".join(found), more=more).rstrip()

    def _explained(self, places, mutants=True):
        """Known mistakes, replaced inputs and slips, compared in these results only."""

        def call(function, *inputs):
            results = function(*inputs)
            return [results[k] for k in places]

        parts = [
            replace(t, expected=plain([e[k] for k in places]), got=plain([g[k] for k in places]))
            for t, (e, g) in zip(self.trials, self.pairs, strict=True)
        ]
        alone = replace(self.task, call=call)
        search = Search(alone, parts, self.search._spent, self.search.used)
        return search.known_mistake() or (search.mutant() if mutants else "")


def _several(trials):
    """Pairs (right results, the student's), each a list of equally many, or [] if there is one."""
    pairs = [(t.expected, like(t.expected, t.got)) for t in trials]
    if all(is_short_row(x) for pair in pairs for x in pair):
        pairs = [([*map(np.asarray, e)], [*map(np.asarray, g)]) for e, g in pairs]
    if not all(isinstance(e, list) and isinstance(g, list) and len(e) == len(g) for e, g in pairs):
        return []
    return pairs if len({len(e) for e, _ in pairs}) == 1 else []
