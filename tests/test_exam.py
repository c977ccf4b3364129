"""Exam papers: set, computed, printed; bad questions named with their place."""

import exam
import printing
import pytest

QUESTIONS = exam.read()


def test_two_papers_of_twenty_questions_with_keys_of_their_own():
    assert len(QUESTIONS) == 20
    for number, question in enumerate(QUESTIONS, 1):
        keys = {exam.set_question(question, paper)[1] for paper in exam.PAPERS}
        assert len(keys) == 2, number
        assert set(question["A"]) == set(question["B"]), number


def test_some_keys_by_hand():
    by_text = {q["text"][:30]: q for q in QUESTIONS}
    evidence = next(q for start, q in by_text.items() if start.startswith("A latent $z$ is 1"))
    assert exam.set_question(evidence, "A")[1] == pytest.approx(0.3 * 0.8 + 0.7 * 0.2)
    variance = next(q for q in QUESTIONS if q["text"].startswith("Mean field is fitted"))
    assert exam.set_question(variance, "A")[1] == pytest.approx(1 - 0.8**2)


def test_the_gap_on_the_papers_is_the_bound_subtracted():
    gap = next(q for q in QUESTIONS if "by how many nats does the ELBO miss" in q["text"])
    numbers = gap["A"]
    found = exam.bound_by_enumeration(exam.two(*(numbers[n] for n in "abc")), [0.5, 0.5])
    assert exam.set_question(gap, "A")[1] == pytest.approx(
        found.log_evidence - found.elbo, abs=1e-12
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"exam.toml: no list of questions"),
        ("[[question]]\ntext = 'x'", "question 1: about, key, A, B is missing"),
        ("[[question]]\nabout='01'\ntext='{b}'\nkey='1'\nA={a=1}\nB={a=2}", "question 1, paper A"),
        ("[[question]]\nabout='01'\ntext='x'\nkey='log(a-1)*0'\nA={a=1}\nB={a=2}", "key is nan"),
        ("[[question]]\nabout='01'\ntext='x'\nkey='open(1)'\nA={a=1}\nB={a=2}", "cannot be set"),
        ("[[question", "no list of questions"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_a_question_that_cannot_be_set_is_named_with_its_place(tmp_path, content, message, capsys):
    path = tmp_path / "exam.toml"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        exam.papers(path)
    assert exam.main(["--questions", str(path), "--out", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()


def test_everything_is_printed_and_the_formula_sheet_fills_two_pages_at_most(browser, tmp_path):
    pages = exam.pages()
    assert set(pages) == {"paper_A", "paper_B", "key_A", "key_B", "formula_sheet", "questionnaire"}
    sheet = printing.pdf(browser, pages["formula_sheet"], tmp_path / "sheet.pdf").read_bytes()
    assert 1 <= sheet.count(b"/Type /Page\n") + sheet.count(b"/Type /Page ") <= 2
    tab = browser.new_page()
    (tmp_path / "paper.html").write_text(pages["paper_A"], encoding="utf-8")
    tab.goto((tmp_path / "paper.html").as_uri())
    tab.wait_for_selector("html[data-ready]")
    assert tab.locator("mjx-container").count() > 20 and tab.locator("mjx-merror").count() == 0
    assert "{" not in tab.locator("body").inner_text()
    tab.close()
