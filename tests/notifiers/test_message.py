"""What notices say."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phaseflow.core.notices import NoticeKind
from phaseflow.hooks import Recipient
from phaseflow.notifiers import compose, compose_digest
from phaseflow.notifiers.message import Language
from tests.outbox import a_notice


def test_a_reminder_names_campaign_unit_title_due_outstanding_and_clause() -> None:
    """Whoever reads it knows what, where, until when, how much, and where it says so."""
    said = compose(a_notice(), recipient=Recipient(id="li", values={"name": "Li Na"}))
    assert said.subject == "[safety · north] Due soon: Reading notes (2009-03-13)"
    assert said.body == (
        "Dear Li Na,\n\nDue soon: Reading notes\n\nCampaign: safety\nUnit: north\nAbout: notes\nDue: 2009-03-13\n"
        "Outstanding: 2\nClause: 3.2\n"
    )


def test_the_same_in_chinese() -> None:
    """Labels and sentences are in one language."""
    said = compose(
        a_notice("overdue", title="读书笔记"), language="zh", recipient=Recipient(id="li", values={"name": "李娜"})
    )
    assert said.subject == "[safety · north] 已逾期：读书笔记 (2009-03-13)"
    assert said.body.startswith("李娜，您好：\n\n已逾期：读书笔记\n\n活动：safety\n单位：north\n")


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("kind", get_args(NoticeKind))
def test_every_kind_has_words_in_every_language(kind: NoticeKind, language: Language) -> None:
    """No kind of notice is without a sentence that names its subject."""
    said = compose(a_notice(kind, title="Kick-off"), language=language)
    assert "Kick-off" in said.subject
    assert "{" not in said.subject + said.body


@given(st.text(min_size=1), st.text(), st.sampled_from(get_args(Language)))
def test_what_users_wrote_is_never_a_template_and_never_a_line(title: str, reason: str, language: Language) -> None:
    """Braces stay braces, and no text can break out of its line."""
    said = compose(a_notice("document_returned", title=title, data={"reason": reason}), language=language)
    assert said.subject.isprintable()
    assert said.body.count("\n") <= 7
    braced = compose(a_notice(title="{notice.__class__} {0} %s"), language=language)
    assert "{notice.__class__} {0} %s" in braced.subject


def test_a_digest_says_each_notice_with_its_facts() -> None:
    """One greeting, how many there are, and each in its order under its own line."""
    notices = [a_notice(), a_notice("outcome", title="Completed", subject="completed", data={})]
    said = compose_digest(notices, a_notice("digest", title="2", data={}), recipient=Recipient(id="li"))
    assert said.subject == "[safety · north] 2 notices for you"
    assert said.body == (
        "Dear li,\n\n2 notices for you\n\n1. [safety · north] Due soon: Reading notes (2009-03-13)\n"
        "   Campaign: safety\n   Unit: north\n   About: notes\n   Due: 2009-03-13\n   Outstanding: 2\n"
        "   Clause: 3.2\n\n2. [safety · north] Concluded: Completed\n   Campaign: safety\n   Unit: north\n"
        "   About: completed\n   Clause: 3.2\n"
    )
    assert compose_digest(notices, a_notice("digest"), language="zh").subject == "[safety · north] 给您的2条通知"


def test_facts_without_a_label_are_shown_under_their_name() -> None:
    """A new fact in a notice is not lost."""
    assert "weather: rain\n" in compose(a_notice(data={"weather": "rain", "due": ""})).body
