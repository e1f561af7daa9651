"""When two source lines count as the same words."""

import pytest

from phaseflow.analysis.wording import cut, digest, normalised


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("學(xué)習", "學習"),
        ("開(kāi)展（huódòng）", "開(kāi)展(huódòng)"),
        ("7月29日，１天", "7月29日,1天"),
        ("  two words ", "twowords"),
        ("a\u3000b", "a b"),
    ],
)
def test_what_a_reader_takes_for_the_same_words_has_one_digest(one, other):
    """Reading aids, the width of signs and blanks do not count."""
    assert normalised(one) == normalised(other)
    assert digest([one]) == digest([other])


@pytest.mark.parametrize(
    ("one", "other"),
    [("20 hours", "30 hours"), ("学习(一)", "学习"), ("学习(Plan)", "学习"), ("plan (abc)", "plan"), ("ab", "ba")],
)
def test_a_changed_word_has_another_digest(one, other):
    """Only a lower-case reading behind a Chinese character is an aid; every other bracket is text."""
    assert digest([one]) != digest([other])


def test_where_lines_are_cut_counts():
    """Two lines are not one, and a line end at the very end begins no third."""
    assert digest(["ab", "cd"]) != digest(["abcd"])
    assert cut("\ufeffab\r\ncd\n") == ["ab", "cd"]
    assert cut("ab\n\n") == ["ab", ""]
