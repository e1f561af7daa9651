"""Polls, ledgers, waivers, opinions and checklists through the command line: what is typed arrives."""

import pytest

POLICY = """\
phaseflow: 1
campaign: rating
zone: Asia/Shanghai
roles:
  office: {}
  lead: {}
  member: {}
  guests: {invited: true}
defaults:
  duty: {due: window end}
  phase: {opens: on date, closes: by office, clock: calendar}
phases:
  study:
    window: 03-01 .. 03-31
    duties:
      books: {checklist: Books, items: [first, second], each: member}
      work:  {task: Work, each: member, checked_by: lead}
      paper:
        document: Paper
        by: lead
        route:
          - {draft: lead}
          - {consult: member, answer_each: true, silence: go_on}
          - {approve: office, returns_to: draft}
      opinion:
        poll: Are you satisfied?
        by: office
        edges: {inside: {raters: member}, outside: {raters: guests}}
        choices: [satisfied, dissatisfied]
        measure: satisfied of valid
        anonymous: true
        quorum: none
ledgers:
  problems:
    required: [measure]
    opened_by: lead
    classes: {now: 7 days}
    close: {by: lead, evidence: required, verify: office, poor: reopen}
    survives: false
waivers: {by: office, duties: [books], grounds: [illness], expires: optional}
outcomes: {completed: {by: office}}
"""


@pytest.fixture
def rating(desk):
    """A run of the policy above, on its first day."""
    (desk.folder / "rating.yaml").write_text(POLICY, encoding="utf-8")
    desk.call("start", "rating.yaml", "--start", "2009-03-01", "--roster", "roster.csv")
    return desk


def act(desk, *words, code=0):
    return desk.call("do", "rating", *words, code=code)


def events(desk):
    """The names of all events so far."""
    return [entry["event"]["type"] for entry in desk.json("history", "rating")]


def test_a_poll_is_opened_answered_and_counted_and_its_box_is_carried_over(rating):
    """Invited people are counted by edge and group; an open box is not exported; a counted one is."""
    act(rating, "open-poll", "opinion", "--by", "boss", "--invited", "inside/member=2", "--invited", "outside/guests=1")
    act(rating, "cast", "opinion", "inside", "satisfied", "--by", "li.na")
    assert '"satisfied"' not in rating.call("history", "rating", "--json").stdout
    assert "error PF713: " in rating.call("export", "rating", code=1).stderr
    act(rating, "cast", "opinion", "inside", "dissatisfied", "--by", "chen")
    act(rating, "cast", "opinion", "outside", "satisfied", "--by", "boss", "--group", "guests")
    act(rating, "close-poll", "opinion", "--by", "boss")
    assert "PollCounted" in events(rating)
    rating.call("export", "rating", "-o", "run.jsonl")
    rating.call("import", "run.jsonl", "--db", "new.db")
    assert rating.call("verify", "--db", "new.db").stdout == "ok: 1 run checked\n"


def test_a_count_of_few_answers_is_shown_without_its_numbers(rating):
    """R15: one answer on an edge would be that person's own; the trail keeps it for `verify`, and no verb shows it."""
    act(rating, "open-poll", "opinion", "--by", "boss", "--invited", "inside/member=2", "--invited", "outside/guests=9")
    act(rating, "cast", "opinion", "inside", "dissatisfied", "--by", "chen")
    for number in range(6):
        act(rating, "cast", "opinion", "outside", "satisfied", "--by", "boss", "--group", "guests", "--id", str(number))
    told = act(rating, "close-poll", "opinion", "--by", "boss").stdout + rating.call("history", "rating").stdout
    assert "satisfied, 6" in told
    assert "dissatisfied" not in told
    event = rating.json("history", "rating")[-2]["event"]
    assert [line[0] for line in event["tally"]] == ["outside"]
    assert [result.get("base") for result in event["results"]] == [None, 6]
    assert event["share"] is None
    rating.call("verify", "rating")


def test_an_item_is_opened_settled_found_poor_and_verified(rating):
    """Fields, owner and evidence arrive; the id that `todo` shows is the one to type."""
    act(rating, "open-item", "problems", "now", "--owner", "wang", "--field", "measure=mend it", "--by", "wang")
    owed = rating.json("todo", "rating", "wang")[0]["acts"]
    item = next(one["subject"] for one in owed if one["kind"] == "item")
    act(rating, "settle-item", item, "--by", "wang", "--evidence", "photo=p.jpg")
    act(rating, "verify-item", item, "poor", "--reason", "not yet", "--by", "boss")
    act(rating, "amend-item", item, "--reason", "clearer", "--field", "measure=mend it well", "--by", "wang")
    act(rating, "settle-item", item, "--by", "wang", "--evidence", "photo=q.jpg")
    act(rating, "verify-item", item, "good", "--by", "boss")
    assert rating.json("status", "rating")["items"] == {"problems": [0, 1]}


def test_a_document_collects_opinions_and_is_approved(rating):
    """A version by its file, an opinion, its answer, and the judgement of the version that was read."""
    (rating.folder / "paper.txt").write_text("One.")
    act(rating, "draft", "paper", "--file", "paper.txt", "--by", "wang")
    act(rating, "opine", "paper", "--ref", "o1.txt", "--by", "li.na")
    act(rating, "end-consultation", "paper", "--by", "wang", "--consulted", "member=2")
    assert "error PF411: " in act(rating, "judge", "paper", "accept", "--by", "boss", code=1).stderr
    act(rating, "answer-opinion", "paper", "1", "declined", "--reason", "too short", "--by", "wang")
    act(rating, "judge", "paper", "accept", "--by", "boss")
    assert events(rating)[-1] == "DutyDone"


def test_a_checklist_is_ticked_a_task_confirmed_and_a_duty_waived(rating):
    """Entries are ticked one by one; what was reported is confirmed; who is excepted owes nothing."""
    act(rating, "check", "books", "first", "--by", "li.na")
    act(rating, "check", "books", "second", "--by", "li.na")
    act(
        rating, "waive", "books", "--grounds", "illness", "--reason", "in hospital", "--subject", "chen", "--by", "boss"
    )
    act(rating, "complete", "work", "--by", "li.na")
    act(rating, "confirm", "work", "good", "--subject", "li.na", "--by", "wang")
    assert "li.na owes nothing now" in rating.call("todo", "rating", "li.na").stdout
    assert "books" not in rating.call("todo", "rating", "chen").stdout
