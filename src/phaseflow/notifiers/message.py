"""What a notice says to a person: a subject and a plain text, in English or Chinese.

The templates are ours and fixed; whatever an author or a user wrote is only ever a value in them, on one line.
Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import attrs

from phaseflow.core.notices import NoticeKind
from phaseflow.hooks import Recipient

if TYPE_CHECKING:
    from phaseflow.core.notices import Notice

Language = Literal["en", "zh"]


@attrs.frozen
class Message:
    """A subject without line breaks, and a plain text that ends with one."""

    subject: str
    body: str


_SAYS: Mapping[Language, Mapping[NoticeKind, str]] = {
    "en": {
        "due_soon": "Due soon: {title}",
        "overdue": "Overdue: {title}",
        "escalated": "Still not done: {title}",
        "gate_held": "Held: {title}",
        "phase_opened": "{title} has begun",
        "phase_closed": "{title} is closed",
        "phase_overdue": "{title} has run past its window",
        "document_waiting": "Waiting for you: {title}",
        "document_returned": "Sent back: {title}",
        "document_approved": "Approved: {title}",
        "poll_opened": "Open for your answer: {title}",
        "poll_decided": "Result: {title}",
        "item_opened": "New item: {title}, {subject}",
        "item_due": "Item due: {title}, {subject}",
        "item_closed": "Item closed: {title}, {subject}",
        "outcome": "Concluded: {title}",
        "question": "A decision is needed: {title}",
        "extension": "Extension: {title}",
        "waiver": "Waiver: {title}",
        "redo_owed": "To be done once more: {title}",
        "obliged": "Owed after a decision of the programme: {title}",
        "plan_amended": "The rules have changed: {title}",
        "digest": "{title} notices for you",
    },
    "zh": {
        "due_soon": "即将到期：{title}",
        "overdue": "已逾期：{title}",
        "escalated": "仍未完成：{title}",
        "gate_held": "暂不通过：{title}",
        "phase_opened": "{title}已开始",
        "phase_closed": "{title}已结束",
        "phase_overdue": "{title}已超过规定时间",
        "document_waiting": "等待您处理：{title}",
        "document_returned": "已退回：{title}",
        "document_approved": "已批准：{title}",
        "poll_opened": "请您填答：{title}",
        "poll_decided": "结果：{title}",
        "item_opened": "新增事项：{title}，{subject}",
        "item_due": "事项到期：{title}，{subject}",
        "item_closed": "事项办结：{title}，{subject}",
        "outcome": "结论：{title}",
        "question": "需要您决定：{title}",
        "extension": "延期：{title}",
        "waiver": "豁免：{title}",
        "redo_owed": "需要补课：{title}",
        "obliged": "按上级决定须完成：{title}",
        "plan_amended": "规则已修订：{title}",
        "digest": "给您的{title}条通知",
    },
}

# fmt: off
_LABELS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "campaign": "Campaign", "unit": "Unit", "subject": "About", "due": "Due", "ends": "Ends",
        "closes": "Closes", "until": "Until",
        "outstanding": "Outstanding", "owed": "Owed in all",
        "open_duties": "Duties still open", "open_items": "Items still open",
        "step": "Step", "to": "Back to", "version": "Version", "reason": "Reason",
        "reasons": "Reasons", "why": "Why", "grounds": "Grounds",
        "about": "About", "band": "Band", "share": "Share", "go": "What follows", "clause": "Clause",
    },
    "zh": {
        "campaign": "活动", "unit": "单位", "subject": "对象", "due": "期限",
        "ends": "截止", "closes": "截止", "until": "延至",
        "outstanding": "未完成", "owed": "应完成", "open_duties": "未完成任务", "open_items": "未办结事项",
        "step": "步骤", "to": "退回至", "version": "版本",
        "reason": "原因", "reasons": "原因", "why": "原因", "grounds": "理由",
        "about": "事由", "band": "档次", "share": "比例", "go": "后续", "clause": "条款",
    },
}
# fmt: on

_GREETING: Mapping[Language, str] = {"en": "Dear {name},", "zh": "{name}，您好："}
_LINE: Mapping[Language, str] = {"en": "{label}: {value}", "zh": "{label}：{value}"}


def compose(notice: Notice, *, language: Language = "en", recipient: Recipient | None = None) -> Message:
    """Say a notice in words.

    Args:
        notice: What to say.
        language: ``en`` or ``zh``.
        recipient: Whom to greet; nobody by default.
    """
    values = {"title": flat(notice.title or notice.subject), "subject": flat(notice.subject)}
    says = _SAYS[language][notice.kind].format_map(values)
    place = " · ".join(flat(part) for part in (notice.campaign, notice.unit) if part)
    due = notice.data.get("due", "")
    dated = f" ({flat(due)})" if due and notice.kind in ("due_soon", "overdue", "escalated") else ""
    greeting = [_GREETING[language].format_map({"name": flat(recipient.name)}), ""] if recipient is not None else []
    body = [*greeting, says, "", *_facts(notice, language)]
    return Message(subject=f"[{place}] {says}{dated}", body="\n".join(body) + "\n")


def compose_digest(
    notices: Sequence[Notice], summary: Notice, *, language: Language = "en", recipient: Recipient | None = None
) -> Message:
    """Say several notices at once: each under a line of its own, in their order.

    Args:
        notices: What to say, at least one.
        summary: The notice that stands for all of them.
        language: ``en`` or ``zh``.
        recipient: Whom to greet; nobody by default.
    """
    place = " · ".join(flat(part) for part in (summary.campaign, summary.unit) if part)
    says = _SAYS[language]["digest"].format_map({"title": str(len(notices))})
    body = [_GREETING[language].format_map({"name": flat(recipient.name)}), ""] if recipient is not None else []
    body += [says, ""]
    for number, notice in enumerate(notices, start=1):
        said = compose(notice, language=language)
        _, _, *facts = said.body.rstrip("\n").split("\n")
        body += [f"{number}. {said.subject}", *(f"   {fact}" for fact in facts), ""]
    return Message(subject=f"[{place}] {says}" if place else says, body="\n".join(body).rstrip("\n") + "\n")


def _facts(notice: Notice, language: Language) -> list[str]:
    facts = {"campaign": notice.campaign, "unit": notice.unit}
    if notice.subject != notice.title:
        facts["subject"] = notice.subject
    facts |= {key: value for key, value in notice.data.items() if key != "subject"}
    facts["clause"] = ", ".join(notice.clause)
    labels = _LABELS[language]
    shown = [key for key in labels if facts.get(key)] + sorted(key for key in facts if key not in labels and facts[key])
    return [
        _LINE[language].format_map({"label": labels.get(key, flat(key)), "value": flat(facts[key])}) for key in shown
    ]


def flat(text: str) -> str:
    """A text on one line, without control characters: what a user wrote can forge neither a header nor a line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
