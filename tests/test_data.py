"""The data that ships, and the readers: nothing malformed passes, nothing gets lost."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from helpers.data import (
    UPOS,
    Corpus,
    corpus,
    faithful,
    read_conllu,
    read_ldac,
    tagged_sentences,
    write_ldac,
)
from helpers.data.shipped import FILES

ROOT = Path(__file__).resolve().parent.parent

# --- what ships ----------------------------------------------------------------------------------


def test_old_faithful_is_the_published_table():
    data = faithful()
    assert data.shape == (272, 2)
    assert_allclose(data.mean(axis=0), [3.487783, 70.897059], atol=1e-6)
    assert_allclose(data.std(axis=0, ddof=1), [1.141371, 13.594974], atol=1e-6)
    assert data.min(axis=0).tolist() == [1.6, 43]
    assert data.max(axis=0).tolist() == [5.1, 96]
    assert data[0].tolist() == [3.6, 79]
    assert np.corrcoef(data.T)[0, 1] == pytest.approx(0.9008112, abs=1e-6)


def test_the_corpus_is_what_its_description_says():
    docs = corpus()
    assert docs.counts.shape == (1413, 1891)
    assert docs.counts.sum() == 109_810
    assert isinstance(docs.counts, sparse.csr_array)
    assert len(docs) == len(set(docs.names)) == 1413
    assert {"numpy.fft", "numpy.random", "scipy.sparse", "matplotlib.axes"} <= set(docs.labels)
    assert all(n.startswith(label) for n, label in zip(docs.names, docs.labels, strict=True))
    documents_with_word = np.diff(docs.counts.tocsc().indptr)
    assert documents_with_word.min() >= 8
    assert documents_with_word.max() <= 0.25 * 1413
    assert docs.counts.sum(axis=1).min() >= 15


def test_the_lecture_on_lda_counts_its_documents_and_modules_right():
    docs = corpus()
    path = ROOT / "notebooks" / "04b_mean_field_lda.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    prose = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    said = {what: re.findall(rf"(\d[\d,]*) {what}", prose) for what in ("documents", "modules")}
    assert set(said["documents"]) == {f"{len(docs):,}"}
    assert set(said["modules"]) == {f"{len(set(docs.labels)):,}"}


def test_no_two_documents_of_the_corpus_are_nearly_the_same():
    counts = corpus().counts.astype(float)
    scaled = sparse.diags_array(1 / np.sqrt((counts**2).sum(axis=1))) @ counts
    close = sparse.tril(scaled @ scaled.T, k=-1)
    assert np.mean(close.max(axis=1).toarray() > 0.92) < 0.01


def test_what_ships_has_its_provenance_beside_it():
    readme = (FILES / "README.md").read_text(encoding="utf-8")
    for path in FILES.iterdir():
        assert path.name == "README.md" or path.name in readme
    assert sum(path.stat().st_size for path in FILES.iterdir()) < 1_000_000


def test_tagged_sentences_are_a_few_hundred_and_all_different():
    sentences = tagged_sentences()
    assert len(sentences) == 300
    assert sum(len(s) for s in sentences) == 2661
    assert len({tuple(s) for s in sentences}) == 300
    assert {tag for s in sentences for _, tag in s} == set(UPOS)


CLOSED_CLASSES = {
    "PUNCT": '. , ? ! ; : "',
    "CCONJ": "and or but nor either neither both",
    "PART": "n't not to 's '",
    "SCONJ": "although as because before if since than that until whether while",
    "DET": "a an the this that these those every each no some all any both another such what which"
    " neither",
    "AUX": "'d 'll 's am are be been can could did do does had has have is must should was were"
    " will would",
}


def test_closed_classes_hold_only_their_words():
    for sentence in tagged_sentences():
        for word, tag in sentence:
            if tag in CLOSED_CLASSES:
                assert word.lower() in CLOSED_CLASSES[tag].split(), (word, tag, sentence)


def test_words_of_one_class_have_that_tag_wherever_they_stand():
    only = {
        "DET": "the a an every",
        "CCONJ": "and or",
        "PRON": "i you he she it we they me him us them my your his her our their who",
        "AUX": "is are was were will would should must could",
        "ADP": "of at in for from with by",
        "PUNCT": ". , ? ! ; :",
        "PART": "n't not",
        "ADV": "when where why how so never always",
    }
    tag_of = {word: tag for tag, words in only.items() for word in words.split()}
    for sentence in tagged_sentences():
        for word, tag in sentence:
            assert tag_of.get(word.lower(), tag) == tag, (word, tag, sentence)


def test_capitals_and_figures_have_the_tags_that_they_must():
    for sentence in tagged_sentences():
        for i, (word, tag) in enumerate(sentence):
            if word[0].isdigit():
                assert tag in ("NUM", "NOUN"), (word, tag)  # 1990s is a noun
            if tag == "PROPN":
                assert word[0].isupper(), sentence
            if i > 0 and word[0].isupper() and word not in ("I", "C", "Ctrl"):
                starts_quotation = sentence[i - 1][0] == '"'
                assert tag in ("PROPN", "ADJ") or starts_quotation, (word, tag, sentence)
        assert sentence[0][0][0].isupper() or sentence[0][0] == '"', sentence


def test_to_is_a_particle_before_a_verb_and_a_preposition_elsewhere():
    for sentence in tagged_sentences():
        for (word, tag), (_, after) in pairwise(sentence):
            if word.lower() == "to":
                assert (tag == "PART") == (after in ("VERB", "AUX")), sentence


def test_auxiliaries_help_and_ambiguous_words_are_there():
    tags = {}
    for sentence in tagged_sentences():
        for word, tag in sentence:
            tags.setdefault(word.lower(), Counter())[tag] += 1
    ambiguous = [word for word, counts in tags.items() if len(counts) > 1]
    assert len(ambiguous) > 50
    assert {"can", "watch", "fish", "like", "left", "that"} <= set(ambiguous)


# --- Corpus and LDA-C ----------------------------------------------------------------------------


def a_corpus(rows):
    counts = sparse.csr_array(np.array(rows))
    d, v = counts.shape
    words = [f"word{i}" for i in range(v)]
    names, labels = [f"doc {i}" for i in range(d)], [f"label {i % 2}" for i in range(d)]
    return Corpus(counts, words, names, labels)


tables = st.integers(1, 6).flatmap(
    lambda v: st.lists(st.lists(st.integers(0, 3), min_size=v, max_size=v), min_size=1, max_size=6)
)


@settings(max_examples=40, deadline=None)
@given(tables)
def test_written_and_read_back_is_the_same(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("ldac")
    before = a_corpus(rows)
    paths = folder / "c.ldac", folder / "c.vocab", folder / "c.names"
    write_ldac(before, *paths)
    after = read_ldac(*paths)
    assert_array_equal(after.counts.toarray(), np.array(rows))
    assert (after.vocabulary, after.names, after.labels) == (
        before.vocabulary, before.names, before.labels,
    )  # fmt: skip
    assert read_ldac(*paths[:2]).names == tuple(str(d + 1) for d in range(len(rows)))


def test_a_selection_keeps_names_and_counts_together():
    docs = a_corpus([[2, 0, 1], [0, 3, 0]])
    chosen = docs.select([1])
    assert chosen.names == ("doc 1",)
    assert_array_equal(chosen.counts.toarray(), [[0, 3, 0]])
    assert len(docs.select(np.array([True, False]))) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (([[1.5]], ["a"], ["d"], [""]), "counts: expected whole numbers"),
        (([[-1]], ["a"], ["d"], [""]), "counts: expected whole numbers"),
        (([[np.inf]], ["a"], ["d"], [""]), "counts: expected whole numbers"),
        (([[np.nan]], ["a"], ["d"], [""]), "counts: expected whole numbers"),
        (([[1e300]], ["a"], ["d"], [""]), "counts: expected whole numbers"),
        (([[1j]], ["a"], ["d"], [""]), "counts: expected whole numbers"),
        (([1], ["a"], ["d"], [""]), "counts: expected documents by words, got shape .1,."),
        (([[1]], ["a", "b"], ["d"], [""]), "vocabulary: has 2 entries, expected 1"),
        (([[1]], ["a"], [], [""]), "names: has 0 entries, expected 1"),
        (([[1]], ["a"], ["d"], ["", ""]), "labels: has 2 entries, expected 1"),
    ],
)
def test_corpus_of_contradicting_parts(fields, message):
    with pytest.raises(ValueError, match=message):
        Corpus(sparse.csr_array(np.array(fields[0])), *fields[1:])


def ldac_files(folder, docs, vocabulary="a\nb\nc\n", names=None):
    (folder / "x.ldac").write_text(docs, encoding="utf-8")
    (folder / "x.vocab").write_text(vocabulary, encoding="utf-8")
    if names is None:
        return folder / "x.ldac", folder / "x.vocab"
    (folder / "x.names").write_text(names, encoding="utf-8")
    return folder / "x.ldac", folder / "x.vocab", folder / "x.names"


def test_a_good_file_whatever_ends_its_lines(tmp_path):
    for docs in ("2 0:1 2:3\n0\n", "2 2:3 0:1\r\n0\r\n", "2 0:1 2:3\n0"):
        read = read_ldac(*ldac_files(tmp_path, docs))
        assert_array_equal(read.counts.toarray(), [[1, 0, 3], [0, 0, 0]])


@pytest.mark.parametrize(
    ("docs", "line", "message"),
    [
        ("1 0:1\n2 0:1\n", 2, "announces 2 terms but lists 1"),
        ("1 0:1 1:1\n", 1, "announces 1 terms but lists 2"),
        ("1 0:1\n\n1 1:1\n", 2, "is empty"),
        ("1 0:1\n1 1:1\n\n", 3, "is empty"),
        ("1 3:1\n", 1, "term 3 is outside the vocabulary of 3 words"),
        ("1 -1:1\n", 1, "the term of '-1:1' is '-1', expected a whole number"),
        ("1 0:-2\n", 1, "the count of '0:-2' is '-2', expected a whole number"),
        ("1 0:1.5\n", 1, "the count of '0:1.5' is '1.5'"),
        ("1 0:\n", 1, "the count of '0:' is ''"),
        ("1 0:0\n", 1, "the count of '0:0' is 0, expected at least 1"),
        ("1 0\n", 1, "expected term:count, got '0'"),
        ("x 0:1\n", 1, "the number of terms is 'x'"),
        ("2 0:1 0:1\n", 1, "term 0 is listed twice"),
        ("1 0:1_0\n", 1, "expected a whole number"),
    ],
)
def test_malformed_documents_name_file_line_and_fault(tmp_path, docs, line, message):
    paths = ldac_files(tmp_path, docs)
    with pytest.raises(ValueError) as error:
        read_ldac(*paths)
    assert str(error.value).startswith(f"{paths[0]}, line {line}: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        ("a\n\nc\n", "x.vocab, line 2: is empty"),
        ("a\nb\na\n", "x.vocab, line 3: the word 'a' is on line 1 already"),
        ("", "x.vocab: holds no word"),
    ],
)
def test_malformed_vocabularies(tmp_path, vocabulary, message):
    with pytest.raises(ValueError, match=message):
        read_ldac(*ldac_files(tmp_path, "1 0:1\n", vocabulary))


@pytest.mark.parametrize(
    ("names", "message"),
    [("d1\n", r"x\.names, line 1: expected a name, a tab"), ("", "names 0 documents, but there")],
)
def test_malformed_names(tmp_path, names, message):
    with pytest.raises(ValueError, match=message):
        read_ldac(*ldac_files(tmp_path, "1 0:1\n", names=names))


def test_files_that_are_empty_or_not_text(tmp_path):
    with pytest.raises(ValueError, match="holds no document"):
        read_ldac(*ldac_files(tmp_path, ""))
    paths = ldac_files(tmp_path, "1 0:1\n")
    paths[0].write_bytes(b"\xff\xfe1 0:1")
    with pytest.raises(ValueError, match="is not UTF-8"):
        read_ldac(*paths)


@pytest.mark.parametrize(
    ("words", "name", "label"),
    [
        (["two\nlines"], "d", ""),
        (["tab\t"], "d", ""),
        ([""], "d", ""),
        ([" a"], "d", ""),
        (["a\u00a0"], "d", ""),
        (["\ufeffa"], "d", ""),
        (["\ud800"], "d", ""),
        (["a"], "d\te", ""),
        (["a"], "\ufeffd", ""),
        (["a"], "d", "e\r"),
    ],
)
def test_what_cannot_be_written_and_read_back_is_refused(tmp_path, words, name, label):
    bad = Corpus(sparse.csr_array(np.array([[1] * len(words)])), words, [name], [label])
    with pytest.raises(ValueError, match="cannot be written on a line of its own"):
        write_ldac(bad, tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert not list(tmp_path.iterdir())


def test_a_corpus_that_could_not_be_read_is_not_written(tmp_path):
    twice = Corpus(sparse.csr_array(np.array([[1, 2]])), ["a", "a"], ["d"], [""])
    with pytest.raises(ValueError, match="word 'a': is in the vocabulary twice"):
        write_ldac(twice, tmp_path / "a", tmp_path / "b")
    nothing = a_corpus([[1, 0]]).select([])
    with pytest.raises(ValueError, match="corpus: expected at least one document and one word"):
        write_ldac(nothing, tmp_path / "a", tmp_path / "b")
    assert not list(tmp_path.iterdir())


odd_strings = st.text(st.sampled_from("a \t\n\r\x0b\x1c\x85\u00a0\u2028\ufeff"), max_size=4)


@settings(max_examples=200, deadline=None)
@given(st.lists(odd_strings, min_size=1, max_size=2), odd_strings, odd_strings)
def test_what_is_written_is_read_back_unchanged(tmp_path_factory, words, name, label):
    folder = tmp_path_factory.mktemp("odd")
    before = Corpus(sparse.csr_array(np.array([[1] * len(words)])), words, [name], [label])
    paths = folder / "c.ldac", folder / "c.vocab", folder / "c.names"
    try:
        write_ldac(before, *paths)
    except ValueError:
        return
    after = read_ldac(*paths)
    assert (after.vocabulary, after.names, after.labels) == (tuple(words), (name,), (label,))


def test_repeated_entries_of_counts_are_added_up_in_a_copy():
    given_counts = sparse.csr_array((np.array([2, 3, 1]), np.array([1, 1, 0]), np.array([0, 3])))
    docs = Corpus(given_counts, ["a", "b"], ["d"], [""])
    assert_array_equal(docs.counts.toarray(), [[1, 5]])
    assert docs.counts.has_canonical_format
    assert_array_equal(given_counts.data, [2, 3, 1])


# --- CoNLL-U -------------------------------------------------------------------------------------


def token(identifier, word, tag):
    return "\t".join([str(identifier), word, "_", tag, *["_"] * 6])


def read_text(folder, *lines, end="\n"):
    path = folder / "bank.conllu"
    path.write_bytes((end.join(lines) + end).encode())
    return path


WE, DOG = token(1, "We", "PRON"), [token(1, "a", "DET"), token(2, "dog", "NOUN"), ""]
GOOD = [
    "# sent_id = 1",
    token("1", "I", "PRON"),
    token("2-3", "don't", "_"),
    token("2", "do", "AUX"),
    token("3", "n't", "PART"),
    token("3.1", "know", "VERB"),
    "",
    token("1", "#", "SYM"),
    token("2", "New York", "PROPN"),
    "",
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_words_ranges_and_empty_nodes(tmp_path, end):
    expected = [
        [("I", "PRON"), ("do", "AUX"), ("n't", "PART")],
        [("#", "SYM"), ("New York", "PROPN")],
    ]
    assert read_conllu(read_text(tmp_path, *GOOD, end=end)) == expected
    assert read_conllu(read_text(tmp_path, *GOOD[:-1], end=end)) == expected  # no last empty line
    assert read_conllu(read_text(tmp_path, "", *GOOD, "", end=end)) == expected  # two empty lines


def test_ranges_and_empty_nodes_may_follow_one_another(tmp_path):
    lines = [
        token("0.1", "who", "_"),
        token("1-2", "don't", "_"),
        token("1", "do", "AUX"),
        token("1.1", "you", "_"),
        token("1.2", "ever", "_"),
        token("2", "n't", "PART"),
        token("3-4", "dunno", "_"),
        token("3", "dun", "VERB"),
        token("4", "no", "PART"),
    ]
    expected = [("do", "AUX"), ("n't", "PART"), ("dun", "VERB"), ("no", "PART")]
    assert read_conllu(read_text(tmp_path, *lines)) == [expected]


def test_unicode_line_separators_do_not_split_a_word(tmp_path):
    assert read_conllu(read_text(tmp_path, token(1, "a\u2028b", "X"), "")) == [[("a\u2028b", "X")]]


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (["1\tI\t_\tPRON"], 1, "4 fields between tabs, expected 10"),
        (["1 I _ PRON _ _ _ _ _ _"], 1, "are there spaces where tabs should be?"),
        ([token(1, "I", "PRON") + "\t_"], 1, "11 fields"),
        ([token(1, "I", "PRP")], 1, "the tag is 'PRP', expected one of ADJ, ADP"),
        ([token(1, "I", "_")], 1, "the tag is '_'"),
        ([token(1, "", "PRON")], 1, "the word is empty"),
        ([token(2, "I", "PRON")], 1, "the token is numbered '2', expected 1"),
        ([token(1, "I", "PRON"), token(3, "am", "AUX")], 2, "numbered '3', expected 2"),
        ([token(1, "I", "PRON"), token(1, "am", "AUX")], 2, "numbered '1', expected 2"),
        ([token("x", "I", "PRON")], 1, "numbered 'x', expected 1"),
        ([token("2-3", "I", "_")], 1, "the range 2-3 does not start at the next word, 1"),
        ([token("1", "I", "PRON"), token("5.1", "I", "_")], 2, "does not follow word 1"),
        ([token("1", "I", "PRON"), "# oh", token("2", "I", "PRON")], 2, "a comment inside"),
        (["# only a comment", "", token("1", "I", "PRON")], 1, "after only comments"),
        ([token("1", "I", "PRON"), "", "# cut off"], 3, "ends without a word, after only comm"),
        ([token("1", "I", "PRON"), " ", token("1", "I", "PRON")], 2, "1 fields"),
        ([*DOG, token("1-2", "dont", "_"), "", *DOG], 4, "the range 1-2 ends beyond the last word"),
        ([*DOG, token("0.1", "x", "_"), "", *DOG], 4, "without a word, after only empty nodes"),
        (
            [*DOG, WE, token("2-3", "dont", "_"), "", *DOG],
            5,
            "beyond the last word of its sentence, 1",
        ),
        ([*DOG, WE, token("2-3", "dont", "_")], 5, "the range 2-3 ends beyond the last word"),
        (
            [*DOG, token("1-2", "dont", "_"), token("1", "do", "AUX")],
            4,
            "the range 1-2 ends beyond",
        ),
        (["# text = dont", token("1-2", "dont", "_"), "", *DOG], 2, "the range 1-2 ends beyond"),
        ([token("1-9", "x", "_"), *DOG], 1, "beyond the last word of its sentence, 2"),
        (
            [token("1-2", "x", "_"), DOG[0], token("2-3", "y", "_")],
            3,
            "starts inside the range 1-2",
        ),
        ([token("1-2", "x", "_"), token("1-2", "x", "_"), *DOG], 2, "starts inside the range 1-2"),
        ([WE, token("1.2", "x", "_"), token("1.1", "x", "_")], 2, "empty node 1.2, expected 1.1"),
        ([WE, token("1.1", "x", "_"), token("1.1", "x", "_")], 3, "empty node 1.1, expected 1.2"),
        ([token("1-2", "x", "_"), "# oh", *DOG], 2, "a comment inside"),
        ([token("01-2", "x", "_"), *DOG], 1, "numbered '01-2', expected 1"),
    ],
)
def test_malformed_treebanks_name_file_line_and_fault(tmp_path, lines, line, message):
    path = read_text(tmp_path, *lines)
    with pytest.raises(ValueError) as error:
        read_conllu(path)
    assert str(error.value).startswith(f"{path}, line {line}: ")
    assert message in str(error.value)


def test_an_empty_treebank(tmp_path):
    (tmp_path / "e.conllu").write_text("")
    with pytest.raises(ValueError, match="holds no sentence"):
        read_conllu(tmp_path / "e.conllu")


# --- as others write it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "value"), [("1.0", 1), ("1e+06", 10**6), ("1.5e+06", 1_500_000), ("12.", 12)]
)
def test_counts_as_gensim_writes_them(tmp_path, count, value):
    read = read_ldac(*ldac_files(tmp_path, f"1 0:{count}\n"))
    assert read.counts.toarray().tolist() == [[value, 0, 0]]


@pytest.mark.parametrize("count", ["1.5", "1e-3", "1e18", "1e99", "nan", "inf", "0.0", "1_0.0"])
def test_counts_that_are_no_whole_number(tmp_path, count):
    with pytest.raises(ValueError, match=r"x\.ldac, line 1: the count of"):
        read_ldac(*ldac_files(tmp_path, f"1 0:{count}\n"))


def test_numbers_without_a_word_are_dashes(tmp_path):
    read = read_ldac(*ldac_files(tmp_path, "2 0:1 3:2\n", "a\n---\n---\nd\n"))
    assert read.counts.toarray().tolist() == [[1, 0, 0, 2]]
    again = tmp_path / "y.ldac", tmp_path / "y.vocab"
    write_ldac(read, *again)
    assert read_ldac(*again).vocabulary == read.vocabulary == ("a", "---", "---", "d")
    with pytest.raises(ValueError, match=r"line 1: term 1 has no word"):
        read_ldac(*ldac_files(tmp_path, "1 1:1\n", "a\n---\n---\nd\n"))


def test_an_accent_typed_in_two_ways_is_one_word(tmp_path):
    composed, combining = "caf\u00e9", "cafe\u0301"
    with pytest.raises(ValueError, match="line 2: the word 'caf\u00e9' is on line 1 already"):
        read_ldac(*ldac_files(tmp_path, "1 0:1\n", f"{composed}\n{combining}\n"))
    assert Corpus([[1]], [combining], ["d"], [""]).vocabulary == (composed,)
    path = tmp_path / "x.conllu"
    forms = ["dog", "dog ", " dog", "dog\u00a0", composed, combining]
    rows = [f"{i}\t{form}\t_\tNOUN" + 6 * "\t_" for i, form in enumerate(forms, start=1)]
    path.write_text("\n".join(rows) + "\n\n", encoding="utf-8")
    assert [word for word, _ in read_conllu(path)[0]] == ["dog"] * 4 + [composed] * 2


def test_an_empty_node_stands_before_the_range_that_follows(tmp_path):
    path, rest = tmp_path / "x.conllu", 6 * "\t_"
    rows = {
        "word 1": f"1\tI\t_\tPRON{rest}",
        "range": f"2-3\tdont\t_\t_{rest}",
        "node": f"1.1\tever\t_\t_{rest}",
        "word 2": f"2\tdo\t_\tAUX{rest}",
        "word 3": f"3\tnt\t_\tPART{rest}",
    }
    path.write_text("\n".join(rows.values()) + "\n\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 3: empty node 1\.1 after the range 2-3"):
        read_conllu(path)
    order = ["word 1", "node", "range", "word 2", "word 3"]
    path.write_text("\n".join(rows[name] for name in order) + "\n\n", encoding="utf-8")
    assert [word for word, _ in read_conllu(path)[0]] == ["I", "do", "nt"]
