"""Scalar phrases: what is read, what is refused and where, and what the canonical text says."""

from __future__ import annotations

import doctest
import re
from datetime import date
from fractions import Fraction

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import phaseflow.spec.phrases as room
from phaseflow.errors import PolicyError, Span
from phaseflow.spec.phrases import (
    EDGES,
    MONTHS,
    PHRASES,
    RESERVED,
    AmountPhrase,
    AnchorPhrase,
    ClosesPhrase,
    DayPhrase,
    LengthPhrase,
    MomentPhrase,
    OpensPhrase,
    PeriodPhrase,
    Phrase,
    PhraseError,
    SharePhrase,
    WindowPhrase,
)

HERE = Span("p.yaml", 3, 10, 1)


def fault(kind: type[Phrase], text: str) -> tuple[str, str, str]:
    """Code, the marked part of *text* and the fix of the problem that *text* causes."""
    with pytest.raises(PhraseError) as caught:
        kind.parse(text, HERE)
    problem = caught.value.problem
    start = problem.span.col - HERE.col
    assert problem.span.line == HERE.line
    assert problem.why
    return problem.code, text[start : start + problem.span.length], problem.fix


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PHRASES)
def test_examples_are_canonical_and_match_their_pattern(kind: type[Phrase]) -> None:
    """Every published example is read, matches the published pattern, and survives its canonical text."""
    assert kind.description
    for text in kind.examples:
        phrase = kind.parse(text, HERE)
        assert re.search(kind.pattern, text)
        assert kind.parse(str(phrase)) == phrase
        assert phrase.text == text
        assert phrase.span == attrs.evolve(HERE, length=len(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2009-03-13", DayPhrase(year=2009, month=3, day=13)),
        ("03-13", DayPhrase(month=3, day=13)),
        ("02-29", DayPhrase(month=2, day=29)),
        ("may", DayPhrase(month=5)),
        ("about 2009  may late ", DayPhrase(year=2009, month=5, part="late", about=True)),
    ],
)
def test_days(text: str, expected: DayPhrase) -> None:
    """A day is a date with or without its year, or an English month with or without a part."""
    assert DayPhrase.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("february early", "2012-02-01", "2012-02-10"),
        ("february middle", "2012-02-11", "2012-02-20"),
        ("february late", "2012-02-21", "2012-02-29"),
        ("may late", "2012-05-21", "2012-05-31"),
        ("february", "2012-02-01", "2012-02-29"),
        ("february start", "2012-02-01", "2012-02-01"),
        ("february end", "2012-02-29", "2012-02-29"),
        ("2011 february end", "2011-02-28", "2011-02-28"),
        ("02-29", "2012-02-29", "2012-02-29"),
    ],
)
def test_bounds(text: str, first: str, last: str) -> None:
    """Parts of months have the days of the source: 1-10, 11-20, 21 to the last, leap years included."""
    bounds = DayPhrase.parse(text).bounds(2012)
    assert bounds == (date.fromisoformat(first), date.fromisoformat(last))


def test_bounds_refuse_a_day_that_is_not_there() -> None:
    """29 February in a common year and a date without any year are clear ValueErrors."""
    with pytest.raises(ValueError, match="'02-29' is no day of 2009: february 2009 has 28 days"):
        DayPhrase.parse("02-29").bounds(2009)
    with pytest.raises(ValueError, match="names no year"):
        DayPhrase.parse("03-13").bounds()


def test_lengths() -> None:
    """A length has a whole count, a unit, and a rounding exactly where it counts months."""
    assert LengthPhrase.parse("1 business day") == LengthPhrase(count=1, unit="business_day")
    assert LengthPhrase.parse("0 days") == LengthPhrase(count=0, unit="day")
    assert LengthPhrase.parse("about 3 months round up") == LengthPhrase(
        count=3, unit="month", rounding="up", about=True
    )
    assert LengthPhrase.parse("1 week") != LengthPhrase.parse("7 days")


def test_moments() -> None:
    """A moment is a day, an anchor, a length from an anchor, or an undated 'after'."""
    anchor = AnchorPhrase(name="study.kickoff", edge="done")
    assert MomentPhrase.parse("may end").day == DayPhrase(month=5, part="end")
    assert MomentPhrase.parse("study.kickoff done") == MomentPhrase(anchor=anchor)
    late = MomentPhrase.parse("about 2 weeks after study.kickoff done")
    assert (late.anchor, late.direction, late.about, late.undated) == (anchor, "after", True, False)
    assert MomentPhrase.parse("after study.kickoff done").undated
    assert not MomentPhrase.parse("3 days before study end").undated


def test_edge_words_with_one_meaning_are_one_edge() -> None:
    """'begins' is 'start', 'closed' is 'closes': synonyms of the edge table compare equal."""
    assert AnchorPhrase.parse("study begins") == AnchorPhrase.parse("study start")
    assert AnchorPhrase.parse("study closed") == AnchorPhrase.parse("study closes")
    assert AnchorPhrase.parse("study closes") != AnchorPhrase.parse("study end")


def test_windows() -> None:
    """A window is two edges, a month or ten-day period for short, a length from opening, or none."""
    assert WindowPhrase.parse("may late") == WindowPhrase.parse("may late .. may late")
    assert WindowPhrase.parse("03-01..04-30").kind == "between"
    assert WindowPhrase.parse("30 days") == WindowPhrase(length=LengthPhrase(count=30, unit="day"))
    assert WindowPhrase.parse("none") == WindowPhrase()
    assert WindowPhrase.parse("12-01 .. 01-31").kind == "between", "a yearless window may cross New Year"
    last = WindowPhrase.parse("study end .. 2 weeks after study end", HERE).last
    assert last is not None
    assert last.offset is not None
    assert (last.span.col, last.text) == (HERE.col + 13, "2 weeks after study end")
    assert last.offset.span == Span("p.yaml", 3, HERE.col + 13, 7)


def test_amounts() -> None:
    """One article and three articles share a unit; other spellings never do; 'some' states no number."""
    assert AmountPhrase.parse("1 article") == AmountPhrase(count=Fraction(1), unit="articles")
    assert AmountPhrase.parse("1.5 days").count == Fraction(3, 2)
    assert AmountPhrase.parse("some topics") == AmountPhrase(count=None, unit="topics")
    assert AmountPhrase.parse("1 class").unit != AmountPhrase.parse("2 classes").unit
    assert str(AmountPhrase.parse("1 articles")) == "1 article"
    assert str(AmountPhrase.parse("1 class")) == "1 class"
    assert str(AmountPhrase.parse("1/3 days")) == "1/3 days"


def test_shares() -> None:
    """Shares are exact, between 0 and 1, and keep their base."""
    assert SharePhrase.parse("12.5%").value == Fraction(1, 8)
    assert SharePhrase.parse("10% of invited") == SharePhrase.parse("1/10 of invited")
    assert SharePhrase.parse("10% of invited") != SharePhrase.parse("10% of cast")
    assert SharePhrase.parse("0%").value == 0
    assert SharePhrase.parse("100%").value == 1


def test_periods_openings_and_closings() -> None:
    """The small closed phrases give their parts."""
    assert PeriodPhrase.parse("week from opening") == PeriodPhrase(unit="week", from_opening=True)
    assert PeriodPhrase.parse("2 quarters") == PeriodPhrase(count=2, unit="quarter")
    assert OpensPhrase.parse("when study closes") == OpensPhrase(kind="closes", name="study")
    assert OpensPhrase.parse("with campaign") == OpensPhrase(kind="campaign")
    assert ClosesPhrase.parse("by office") == ClosesPhrase(kind="role", name="office")
    assert ClosesPhrase.parse("on date") == ClosesPhrase(kind="date")


# --- refusing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "code", "marked", "fix"),
    [
        (DayPhrase, "", "PF120", "", "drop the key"),
        (DayPhrase, "feburary", "PF122", "feburary", "'february'"),
        (DayPhrase, "about May", "PF122", "May", "'may'"),
        (DayPhrase, "may midle", "PF122", "midle", "'middle'"),
        (DayPhrase, "02-30", "PF123", "02-30", "'february end'"),
        (DayPhrase, "2009-02-29", "PF123", "2009-02-29", "'2009 february end'"),
        (DayPhrase, "13-01", "PF123", "13-01", ""),
        (DayPhrase, "3-13", "PF121", "3-13", "03-13"),
        (DayPhrase, "2009-03", "PF121", "2009-03", "2009 march"),
        (DayPhrase, "march 5", "PF121", "5", "03-05"),
        (DayPhrase, "5 march", "PF121", "5", "03-05"),
        (DayPhrase, "1950-01-01", "PF124", "1950-01-01", ""),
        (DayPhrase, "03-13 04-30", "PF121", "04-30", "for instance"),
        (LengthPhrase, "3 busines days", "PF122", "busines days", "'business days'"),
        (LengthPhrase, "7", "PF121", "7", "7 days"),
        (LengthPhrase, "7days", "PF120", "7days", "7 days"),
        (AmountPhrase, "1.5days", "PF120", "1.5days", "1.5 days"),
        (LengthPhrase, "10,000 hours", "PF120", ",000", "10000"),
        (LengthPhrase, "1.5 days", "PF124", "1.5", "another unit"),
        (LengthPhrase, "100001 days", "PF124", "100001", ""),
        (LengthPhrase, "1 month", "PF125", "month", "'month round down'"),
        (LengthPhrase, "2 days round up", "PF125", "round", "drop"),
        (LengthPhrase, "2 years", "PF122", "years", "12 months"),
        (AnchorPhrase, "step survey end", "PF121", "survey", "'step.survey end'"),
        (AnchorPhrase, "may end", "PF127", "may", "another name"),
        (AnchorPhrase, "study finish", "PF122", "finish", ""),
        (AnchorPhrase, "Study end", "PF122", "Study", "'study'"),
        (MomentPhrase, "3 days", "PF121", "3 days", "before, after"),
        (MomentPhrase, "3 days befor study end", "PF122", "befor", "'before'"),
        (MomentPhrase, "before study end", "PF121", "before", "a length first"),
        (MomentPhrase, "feburary late", "PF122", "feburary", "'february'"),
        (WindowPhrase, "feburary", "PF122", "feburary", "'february'"),
        (WindowPhrase, "05-01", "PF126", "05-01", "'05-01 .. 05-01'"),
        (WindowPhrase, "study end", "PF126", "study end", "'..'"),
        (WindowPhrase, "0 days", "PF126", "0 days", "'none'"),
        (WindowPhrase, "after kickoff held .. 05-01", "PF126", "after", "'kickoff held'"),
        (WindowPhrase, "2009-05-01 .. 2009-04-30", "PF126", "2009-05-01 .. 2009-04-30", "2009-04-30 .. 2009-05-01"),
        (WindowPhrase, "may ..", "PF121", "may ..", "03-01"),
        (WindowPhrase, "may .. june .. july", "PF121", ".. july", ""),
        (AmountPhrase, "5", "PF121", "5", "articles"),
        (AmountPhrase, "50%", "PF121", "%", "a unit"),
        (AmountPhrase, "1/0 days", "PF124", "0", ""),
        (AmountPhrase, "1234567890123 days", "PF124", "1234567890123", ""),
        (SharePhrase, "85", "PF128", "85", "85%"),
        (SharePhrase, "0.85", "PF128", "0.85", "85%"),
        (SharePhrase, "120%", "PF128", "120%", ""),
        (SharePhrase, "3/2 of cast", "PF128", "3/2", ""),
        (SharePhrase, "10% of", "PF121", "10% of", ""),
        (PeriodPhrase, "ten days", "PF122", "ten days", "'ten_days'"),
        (PeriodPhrase, "weekly", "PF122", "weekly", "'week'"),
        (PeriodPhrase, "0 weeks", "PF124", "0", ""),
        (OpensPhrase, "by gate", "PF127", "gate", "'when gate'"),
        (OpensPhrase, "when study clos", "PF122", "clos", "'closes'"),
        (ClosesPhrase, "with campaign", "PF122", "with", ""),
        (ClosesPhrase, "on dat", "PF122", "dat", "'date'"),
    ],
)
def test_refusals(kind: type[Phrase], text: str, code: str, marked: str, fix: str) -> None:
    """A refusal marks the wrong part inside the scalar and names the nearest thing that can be written."""
    got = fault(kind, text)
    assert got[:2] == (code, marked)
    assert fix in got[2]


def test_long_text_is_refused_at_once() -> None:
    """Text over 200 characters is no phrase, and 200 characters still may be one."""
    assert fault(DayPhrase, "may" + " " * 198)[0] == "PF120"
    assert DayPhrase.parse("may" + " " * 197) == DayPhrase(month=5)


def test_canonical_text_is_never_too_long() -> None:
    """A phrase whose canonical text would pass the limit is refused with it, so that text can be read back."""
    unit = "w" * 197
    assert str(AmountPhrase.parse(f"5 {unit}")) == f"5 {unit}s"
    assert fault(AmountPhrase, f"5 {unit}w")[0] == "PF120"


def test_phrase_errors_are_policy_errors() -> None:
    """Whoever catches PolicyError sees phrase faults with their problem."""
    with pytest.raises(PolicyError) as caught:
        DayPhrase.parse("maybe")
    assert [problem.code for problem in caught.value.problems] == ["PF122"]


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_reserved_words_name_nothing(word: str) -> None:
    """No phase can be called like a word of the grammar, so 'may end' has one meaning."""
    assert fault(OpensPhrase, f"when {word} opens")[0] in ("PF127", "PF121")


# --- laws ------------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["study", "kickoff", "a", "notes_2", "office"])
COUNTS = st.integers(0, 100_000)
DAYS = st.one_of(
    st.builds(
        lambda day, dated, about: DayPhrase(
            year=day.year if dated else None, month=day.month, day=day.day, about=about
        ),
        st.dates(date(1970, 1, 1), date(2100, 12, 31)), st.booleans(), st.booleans(),
    ),
    st.builds(
        DayPhrase,
        year=st.none() | st.integers(1970, 2100),
        month=st.integers(1, 12),
        part=st.sampled_from([None, "early", "middle", "late", "start", "end"]),
        about=st.booleans(),
    ),
)
LENGTHS = st.one_of(
    st.builds(
        LengthPhrase, count=COUNTS, unit=st.sampled_from(["hour", "day", "business_day", "week"]), about=st.booleans()
    ),
    st.builds(
        LengthPhrase, count=COUNTS, unit=st.just("month"), rounding=st.sampled_from(["down", "up"]), about=st.booleans()
    ),
)
ANCHORS = st.builds(
    AnchorPhrase,
    name=st.lists(NAMES, min_size=1, max_size=3).map(".".join),
    edge=st.sampled_from(sorted(set(EDGES.values()))),
)
DATED = st.one_of(
    st.builds(MomentPhrase, day=DAYS),
    st.builds(MomentPhrase, anchor=ANCHORS),
    st.builds(MomentPhrase, anchor=ANCHORS, offset=LENGTHS, direction=st.sampled_from(["before", "after"])),
)
MOMENTS = DATED | st.builds(MomentPhrase, anchor=ANCHORS, direction=st.just("after"))
ORDERED = st.tuples(DATED, DATED).filter(
    lambda pair: not all(moment.day and moment.day.year for moment in pair)
)
WINDOWS = st.one_of(
    st.builds(lambda pair: WindowPhrase(first=pair[0], last=pair[1]), ORDERED),
    st.builds(lambda moment: WindowPhrase(first=moment, last=moment), DATED),
    st.builds(WindowPhrase, length=LENGTHS.filter(lambda length: length.count > 0)),
    st.just(WindowPhrase()),
)
NUMBERS = st.one_of(
    st.fractions(0, 10**6, max_denominator=10**6),
    st.integers(0, 10**12 - 1).map(lambda digits: Fraction(digits, 10**6)),
)
ANY_PHRASE = st.one_of(
    DAYS, LENGTHS, ANCHORS, MOMENTS, WINDOWS,
    st.builds(
        AmountPhrase, count=st.none() | NUMBERS, about=st.booleans(),
        unit=st.sampled_from(["s", "days", "class", "status", "ss", "study_days"]),
    ),
    st.builds(SharePhrase, value=st.fractions(0, 1, max_denominator=10**9), base=st.none() | NAMES),
    st.builds(
        PeriodPhrase, count=st.integers(1, 1000), from_opening=st.booleans(),
        unit=st.sampled_from(["day", "week", "ten_days", "month", "quarter", "year"]),
    ),
    st.sampled_from(["date", "campaign", "gate"]).map(lambda kind: OpensPhrase(kind=kind)),
    st.builds(OpensPhrase, kind=st.sampled_from(["closes", "opens", "role"]), name=NAMES),
    st.sampled_from([ClosesPhrase(kind="date"), ClosesPhrase(kind="gate"), ClosesPhrase(kind="role", name="office")]),
)


@settings(deadline=None)
@given(ANY_PHRASE)
def test_canonical_text_parses_back_equal(phrase: Phrase) -> None:
    """str(phrase) is text of its kind that means the same."""
    assert type(phrase).parse(str(phrase)) == phrase
    assert re.search(type(phrase).pattern, str(phrase))


WORDS = [
    *MONTHS, *EDGES, *RESERVED, "early", "late", "round", "up", "down", "business", "day", "days", "months", "weeks",
    "hours", "2009-03-13", "02-29", "2009", "3", "1.5", "0", "..", "%", "/", "of", "on", "with", "when", "by",
    "campaign", "from", "opening", "study", "study.kickoff", "ten_days", "articles", "x-y", "\u65e5", "\n", "1_0",
]


@settings(deadline=None)
@given(
    st.sampled_from(PHRASES),
    st.one_of(
        st.text(max_size=210),
        st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join),
        st.lists(st.sampled_from([*WORDS, " ", "  "]), max_size=9).map("".join),
    ),
)
def test_any_text_is_a_phrase_or_a_phrase_error(kind: type[Phrase], text: str) -> None:
    """Whatever is typed: a phrase that its pattern admits and its text repeats, or one problem inside the scalar."""
    try:
        phrase = kind.parse(text, HERE)
    except PhraseError as error:
        problem = error.problem
    else:
        assert re.search(kind.pattern, text)
        assert kind.parse(str(phrase)) == phrase
        assert phrase.text == text.strip(" ")
        return
    assert HERE.col <= problem.span.col
    assert problem.span.col + problem.span.length <= HERE.col + max(1, len(text))
    assert problem.what.isprintable()
    assert re.fullmatch(r"PF12[0-8]", problem.code)


def test_examples_in_docstrings_run() -> None:
    """The example at the door of the room does what it says."""
    assert doctest.testmod(room).failed == 0
