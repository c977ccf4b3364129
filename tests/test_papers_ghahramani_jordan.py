"""The rerun of Ghahramani and Jordan: its models, scores and melodies."""

import sys

import numpy as np
import pytest

from helpers import fhmm
from helpers.papers import ghahramani_jordan as paper
from helpers.papers.chorales import Melody, music21_chorales, read_chorales

EVENT = "((st {}) (pitch 67) (dur 4) (keysig 1) (timesig 12) (fermata 0))"
TWO = f"(1 {EVENT.format(8)}\n {EVENT.format(12)})\n; a comment\n\n(2 {EVENT.format(0)})\n"


def written(tmp_path, text):
    path = tmp_path / "chorales.lisp"
    path.write_text(text)
    return path


def test_true_models_are_uniform_with_the_noise_of_the_paper():
    models = [paper.true_model(3, 4, np.random.default_rng(seed)) for seed in range(200)]
    means = np.array([m.means for m in models])
    assert means.shape[1:] == (3, 4, 4)
    assert means.min() >= 0 and means.max() <= 1
    assert means.mean() == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(models[0].covariance, 0.01 * np.eye(4))


def test_bits_are_those_of_the_flat_model():
    rng = np.random.default_rng(0)
    model = paper.true_model(2, 2, rng)
    data = paper.draw(model, rng, 3, 5)
    assert [len(x) for x in data] == [5, 5, 5]
    flat = fhmm.flatten(model)
    expected = -sum(fhmm.exact(flat, x).log_evidence for x in data) / 15 / np.log(2)
    assert paper.bits_per_observation(model, data) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("method", paper.METHODS)
def test_every_method_learns(method):
    rng = np.random.default_rng(2)
    truth = paper.true_model(2, 2, rng)
    data = paper.draw(truth, rng, 10, 20)
    short = paper.learn(method, data, 2, 2, np.random.default_rng(3), max_steps=1)[0]
    model, steps = paper.learn(method, data, 2, 2, np.random.default_rng(3), max_steps=25)
    assert 1 <= steps <= 25
    size = (1, 4) if method == "HMM" else (2, 2)
    assert model.means.shape[:2] == size
    gain = paper.bits_per_observation(short, data) - paper.bits_per_observation(model, data)
    assert gain > 0.2


def test_a_table_can_be_made_in_parts():
    options = {"sizes": [(2, 2)], "methods": ["exact"], "max_steps": 3}
    whole = paper.synthetic_table(5, 3, **options)
    parts = [
        paper.synthetic_table(5, 2, **options),
        paper.synthetic_table(5, 1, first=2, **options),
    ]
    assert paper.joined(parts) == whole
    losses = whole["2 chains, 2 states"]["exact"]["test"]
    assert len(set(losses)) == 3


def test_mean_and_error():
    assert paper.mean_and_error([1, 2, 3]) == (2.0, pytest.approx(1 / 3**0.5))
    with pytest.raises(ValueError, match="values"):
        paper.mean_and_error([1.0])


def test_unknown_method_is_named():
    with pytest.raises(ValueError, match="method"):
        paper.learn("guess", [np.zeros((3, 4))], 2, 2, np.random.default_rng(0))


def test_a_uci_file_is_read(tmp_path):
    first, second = read_chorales(written(tmp_path, TWO))
    assert (first.name, second.name) == ("1", "2")
    np.testing.assert_array_equal(first.events, [[8, 67, 4, 1, 12, 0], [12, 67, 4, 1, 12, 0]])
    assert second.events.shape == (1, 6)


@pytest.mark.parametrize(
    "old, new, line, said",
    [
        ("(fermata 0)", "(fermata 2)", 1, "0 to 1"),
        ("(fermata 0)", "", 1, "lacks .fermata"),
        ("(fermata 0)", "(fermata 0) (fermata 0)", 1, "twice"),
        ("(pitch 67)", "(pitch high)", 1, "pitch high"),
        ("(pitch 67)", "(tune 67)", 1, "'tune'"),
        ("(pitch 67)", "pitch", 1, "a pair"),
        ("(st 12)", "(st 8)", 2, "after 8"),
        ("(2 ", "(", 5, "number"),
        ("; a comment", "word", 3, "'word'"),
        ("; a comment", ")", 3, "never opened"),
        ("(2 ", "(2 (", 5, "never ends"),
    ],
)
def test_mistakes_in_a_file_are_named_with_their_line(tmp_path, old, new, line, said):
    path = written(tmp_path, TWO.replace(old, new, 1))
    with pytest.raises(ValueError, match=rf"chorales.lisp, line {line}.*{said}"):
        read_chorales(path)


def test_an_empty_file_and_an_empty_melody_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no melody"):
        read_chorales(written(tmp_path, "; nothing\n"))
    with pytest.raises(ValueError, match="line 1: melody 3 has no events"):
        read_chorales(written(tmp_path, "(3)"))


def test_without_music21_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "music21", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install .*\[papers\]"):
        music21_chorales(1)


def test_music21_gives_events_in_the_same_columns():
    pytest.importorskip("music21", reason="the extra 'papers' is not installed")
    (melody,) = music21_chorales(1, more_than=40)
    assert len(melody.events) > 40
    start, pitch, duration, key, metre, fermata = melody.events.T
    assert (np.diff(start) >= duration[:-1]).all()
    assert pitch.min() >= 55 and pitch.max() <= 84  # a soprano's range
    assert set(fermata) == {0, 1}
    assert len(set(key)) == 1 and set(metre) <= {12, 16}


def melodies(n, length=45):
    rng = np.random.default_rng(0)
    rows = np.arange(length)[:, None] * [4, 0, 0, 0, 0, 0] + rng.integers(0, 2, (n, length, 6))
    return [Melody(str(i), events) for i, events in enumerate(rows)]


def test_melodies_are_split_without_overlap_and_keep_their_numbers():
    tunes = [*melodies(8), *melodies(3, length=40)]
    train, test = paper.split_melodies(tunes, np.random.default_rng(1), n_train=5)
    assert (len(train), len(test)) == (5, 3)
    rounded = {np.round(x).astype(int).tobytes() for x in [*train, *test]}
    assert rounded == {tune.events.astype(int).tobytes() for tune in tunes[:8]}
    with pytest.raises(ValueError, match="melodies"):
        paper.split_melodies(tunes, np.random.default_rng(1), n_train=8)


def test_curves_from_a_file_hold_every_size_and_run(tmp_path):
    tunes = [
        f"({m.name} "
        + " ".join(
            f"((st {s}) (pitch {60 + p}) (dur {1 + d}) "
            f"(keysig {k}) (timesig {12 + t}) (fermata {f}))"
            for s, p, d, k, t, f in m.events * [2, 1, 1, 1, 1, 1]
        )
        + ")"
        for m in melodies(6, length=42)
    ]
    path = written(tmp_path, "\n".join(tunes))
    table = paper.chorale_curves(1, [(1, 2), (2, 2)], runs=2, source=path, n_train=4)
    assert table["2 x 2"]["states"] == 4 and table["1 x 2"]["chains"] == 1
    assert len(table["2 x 2"]["test"]) == 2
    assert table["2 x 2"]["test"][0] != table["2 x 2"]["test"][1]
