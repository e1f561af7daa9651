"""A paper that everybody has of their own concerns its writer, and nobody else who writes one."""

from __future__ import annotations

import hashlib

from phaseflow import Engine, compile_policy
from phaseflow.engine.texts import read_notice
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: papers
zone: Asia/Shanghai
roles: {lead: Lead, member: Member}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: none}}
phases:
  study:
    window: 03-01 .. 03-31
    duties:
      own: {document: Speech, each: member, route: [{draft: member}, {vet: lead, returns_to: draft}, {submit: lead}]}
      joint: {document: Report, by: member, route: [{draft: member}, {vet: lead, returns_to: draft}]}
outcomes: {completed: {by: lead, from: study}}
"""
PEOPLE = [{"id": name, "roles": ["member"]} for name in ("li", "zhao")]


def told(paper: str, subject: str) -> list[tuple[str, tuple[str, ...]]]:
    """Kind and receivers of every notice while a paper is returned once, accepted, and handed on."""
    engine = Engine("memory:")
    policy = compile_policy(read_policy(POLICY).result())
    run = engine.start(policy, start="2009-03-01", roster=[{"id": "wang", "roles": ["lead"]}, *PEOPLE])
    for accept in (False, True):
        run.draft(paper, by="li", digest=hashlib.sha256(paper.encode() + bytes([accept])).hexdigest(), ref="x")
        run.judge(paper, by="wang", accept=accept, subject=subject, reason="too short")
    with engine.store.transaction(write=False) as tx:
        notices = [read_notice(one.body) for one in tx.notices(run=run.id)]
    return [(one.kind, one.persons) for one in notices if one.subject == paper and one.kind.startswith("document")]


def test_a_paper_of_ones_own_is_told_to_its_writer_alone():
    """What goes back to Li, is approved, or waits to be handed on is no news for Zhao; the lead hears what to judge."""
    assert told("own", "li") == [
        ("document_waiting", ("wang",)),
        ("document_returned", ("li",)),
        ("document_waiting", ("li",)),
        ("document_waiting", ("wang",)),
        ("document_approved", ("li",)),
        ("document_waiting", ("li",)),
    ]


def test_a_paper_of_all_is_told_to_all_who_write_it():
    """Li wrote the joint report, and Zhao may write the next version."""
    assert ("document_returned", ("li", "zhao")) in told("joint", "")
    assert ("document_approved", ("li", "zhao")) in told("joint", "")
