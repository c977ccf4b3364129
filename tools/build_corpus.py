"""Build the course's corpus from the docstrings of NumPy, SciPy and Matplotlib.

    python tools/build_corpus.py

A document is the docstring of a public function, class or method, its label the module that offers
it. The result is committed, so that every student has the same; run this again only to renew it
(the counts depend on the installed releases, which go into the provenance file).

What is dropped, so that topics are about subjects and not about how docstrings are written:
  - examples' code and its output, and the lists of references;
  - lines that occur almost word for word in many documents ("axis : int, optional"), among them
    nearly all of the docstrings that scipy.stats and numpy.ma generate;
  - the stop words below, words of fewer than three letters, very rare and very frequent words;
  - documents that are nearly another document: the first one stays.
"""

import importlib
import inspect
import re
from collections import Counter
from pathlib import Path

import numpy as np
from scipy import sparse

from helpers.data import Corpus, write_ldac

FILES = Path(__file__).resolve().parents[1] / "helpers" / "data" / "files"

MODULES = """
numpy.fft numpy.linalg numpy.polynomial numpy.random numpy.strings numpy.testing numpy.ma
numpy.lib.stride_tricks numpy
scipy.cluster.hierarchy scipy.cluster.vq scipy.constants scipy.datasets scipy.differentiate
scipy.fft scipy.integrate scipy.interpolate scipy.io scipy.linalg scipy.ndimage scipy.odr
scipy.optimize scipy.signal.windows scipy.signal scipy.sparse.csgraph scipy.sparse.linalg
scipy.sparse scipy.spatial.distance scipy.spatial.transform scipy.spatial scipy.special
scipy.stats.mstats scipy.stats.qmc scipy.stats.contingency scipy.stats
matplotlib.animation matplotlib.artist matplotlib.axes matplotlib.axis matplotlib.cm
matplotlib.collections matplotlib.colors matplotlib.contour matplotlib.dates matplotlib.figure
matplotlib.gridspec matplotlib.image matplotlib.legend matplotlib.lines matplotlib.markers
matplotlib.patches matplotlib.path matplotlib.patheffects matplotlib.projections matplotlib.pyplot
matplotlib.scale matplotlib.spines matplotlib.text matplotlib.ticker matplotlib.transforms
matplotlib.tri matplotlib.widgets
""".split()

STOP_WORDS = frozenset(
    """
about above accepted according actual add added adding additional additionally after all allow
allowed allows almost along already also although always among another any anything apart appear
applied applies apply appropriate are arg args argument arguments around array arrays asarray assume
assumed attr attribute attributes automatically available axes axis based basic because become
becomes been before behavior behaviour being below best better between beyond bool both bug but call
callable called calling calls can cannot care case cases cause cdot certain change changed changes
changing check checked choice choose chosen class classes code com common commonly compatibility
compatible complete completely computation compute computed computes computing consider considered
constructor contain contained containing contains control convenience convention correct correspond
corresponding corresponds could create created creates creating current currently custom data
dataset default defaults define defined defines definition depend depending depends deprecated
describe described description desired detail detailed details determine determined determines dict
dictionary did different directly disable discussion doc docs docstring documentation does doi doing
don done dtype due during each easily effect either element elements else empty enable enough ensure
entire entries entry equal equivalent etc even every exactly example examples except exception exist
existing exists expected explicitly extra fact false far few first flag float following follows for
form format former found four frac from full func function functionality functions further future
general generally generate generated get give given gives giving good had handle handled has have
having hence here how however html http https identical ignore ignored ignores illustrate implement
implementation implemented important include included includes including indicate indicated
indicates indicating individual information initial inplace input inputs inside instance instances
instead int internal internally interpreted into introduced ints invalid issue its itself just keep
keyword keywords known kwargs kwds large larger last later latter ldots least length leq less let
like likely list listed lists longer look made main make makes making many math matplotlib may
meaning means meth method methods might mind mod modified more moreover most much multiple must name
named names nan ndarray necessarily necessary need needed needs neither new next none nor normally
not note noted notes nothing now number numbers numpy object objects obtain obtained off often old
once one ones only onto option optional optionally options order org original other others otherwise
our out output outputs over overridden overview own page parameter parameters part particular
particularly pass passed passing per perform performance performed performing performs please plt
positional possible possibly practice present preserved previous previously primarily probably
problem problems produce produced produces properties property provide provided provides purpose
purposes put pyplot quantity raise raised raises range rather really reason recommended ref refer
reference references regardless related relevant remaining replace replaced represent representation
representing represents require required requires respect respectively result resulting results
return returned returning returns routine routines rst run same scalar scipy second section see seen
self sense set sets setting settings several shall shape shaped should show shown shows similar
similarly simple simply since single size slightly small smaller some something sometimes special
specific specification specified specifies specify specifying started starting starts still store
stored str subclass such suitable supplied supply support supported supports sure take taken takes
taking than that the their them themselves then there therefore these they thing this those though
three through thus together too total treat treated true try tuple tuples turn two type types
typical typically undefined under understood unless until update updated upon usage use used useful
user users uses using usual usually valid value values variable variables various vary version
versionadded versionchanged versions very via want was way ways well were what when where whereas
whether which while who whole whose why will wish with within without work working works would wrong
yet yield yields you your
""".split()
)


def public_objects():
    """(name, label, docstring) of every public function, class and method, each object once."""
    seen = set()
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name in sorted(getattr(module, "__all__", None) or dir(module)):
            member = getattr(module, name, None)
            if name.startswith("_") or inspect.ismodule(member) or not belongs(member, module_name):
                continue
            yield from documented(f"{module_name}.{name}", module_name, member, seen)
            if inspect.isclass(member):
                for method_name, method in sorted(vars(member).items()):
                    if not method_name.startswith("_"):
                        full_name = f"{module_name}.{name}.{method_name}"
                        yield from documented(full_name, module_name, method, seen)


def belongs(member, module_name):
    """Whether the library of the module wrote the member (not Python, and not another library)."""
    if isinstance(member, np.ufunc):  # scipy.special's say nothing of their home
        return module_name == "scipy.special" or member.__name__ in dir(np)
    home = getattr(member, "__module__", None) or type(member).__module__ or ""
    return home.split(".")[0] == module_name.split(".")[0]


def documented(name, label, member, seen):
    docstring = getattr(member, "__doc__", None)
    if isinstance(docstring, str) and docstring not in seen and not isinstance(member, (int, str)):
        seen.add(docstring)
        yield name, label, inspect.cleandoc(docstring)


def prose_lines(docstring):
    """Each line's words, without examples' code, its output, references and mark-up."""
    lines, in_output, in_references = [], False, False
    for line in docstring.splitlines():
        stripped = line.strip()
        in_output = stripped.startswith((">>>", "...")) or (in_output and stripped != "")
        if stripped in ("References", "See Also"):
            in_references = True
        elif in_references and stripped in ("Examples", "Notes", "Methods"):
            in_references = False
        if not (in_output or in_references or stripped.startswith("..")):
            lines.append(re.findall(r"(?<![A-Za-z_])[a-z]{3,}(?![A-Za-z_])", stripped.lower()))
    return lines


def without_boilerplate(documents, times=8):
    """Drop every line whose words occur, as a line, in `times` documents or more."""
    frequency = Counter(line for lines in documents for line in {tuple(words) for words in lines})
    return [
        [w for words in lines if frequency[tuple(words)] < times for w in words]
        for lines in documents
    ]


def without_twins(counts, similarity=0.9):
    """The documents (indices) whose cosine with every earlier one that stays is below."""
    scaled = counts.astype(float)
    scaled = sparse.diags_array(1 / np.sqrt((scaled**2).sum(axis=1))) @ scaled
    close = sparse.coo_array(sparse.tril(scaled @ scaled.T > similarity, k=-1))
    twins = {}
    for later, earlier in zip(*close.coords, strict=True):
        twins.setdefault(later, []).append(earlier)
    keep = []
    kept = set()
    for d in range(counts.shape[0]):
        if kept.isdisjoint(twins.get(d, [])):
            keep.append(d)
            kept.add(d)
    return keep


def count_words(documents, fewest=8, most=0.25):
    """(counts, vocabulary) over the words in `fewest` documents up to a share `most` of them."""
    frequency = Counter(word for words in documents for word in set(words))
    vocabulary = sorted(
        word
        for word, n in frequency.items()
        if fewest <= n <= most * len(documents) and word not in STOP_WORDS
    )
    column = {word: v for v, word in enumerate(vocabulary)}
    rows = [[column[word] for word in words if word in column] for words in documents]
    starts = np.cumsum([0] + [len(row) for row in rows])
    indices = np.concatenate(rows).astype(int)
    counts = sparse.csr_array(
        (np.ones(len(indices), dtype=int), indices, starts), shape=(len(rows), len(vocabulary))
    )
    counts.sum_duplicates()
    return counts, vocabulary


def build(fewest_tokens=30):
    """The corpus: see the module's docstring for what stays."""
    found = list(public_objects())
    documents = without_boilerplate([prose_lines(docstring) for _, _, docstring in found])
    counts, _ = count_words(documents)
    long = [d for d in range(len(found)) if counts[[d]].sum() >= fewest_tokens]
    keep = [long[i] for i in without_twins(counts[long])]
    counts, vocabulary = count_words([documents[d] for d in keep])
    names, labels = [found[d][0] for d in keep], [found[d][1] for d in keep]
    return Corpus(counts, vocabulary, names, labels)


def main():
    corpus = build()
    write_ldac(
        corpus, FILES / "docstrings.ldac", FILES / "docstrings.vocab", FILES / "docstrings.names"
    )
    print(
        f"{len(corpus)} documents, {len(corpus.vocabulary)} words, {corpus.counts.sum()} tokens, "
        f"{len(set(corpus.labels))} labels"
    )


if __name__ == "__main__":
    main()
