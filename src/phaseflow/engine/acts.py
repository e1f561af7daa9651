"""The table of acts: one row for every command of a run, as it is typed after ``do`` and written in a scenario.

A row says what is typed; what it means is said by the method of `Run`. A test holds this table against `Run`: no
command may be without a sub-verb, and no sub-verb may hand over what its method does not take.
"""

from __future__ import annotations

from collections.abc import Mapping

from phaseflow.engine.grammar import (
    AXES,
    DUE,
    EVIDENCE,
    FIELDS,
    JOINT,
    REASON,
    STEP,
    SUBJECT,
    UNTIL,
    VERSION,
    WHY,
    Act,
    attendance,
    choice,
    counts,
    invited,
    number,
    option,
    person,
    renamed,
    split,
    tables,
    version,
    yes_where,
)

ACTS: Mapping[str, Act] = {
    # moves
    "request": Act(
        method="request", help="Ask for a move: study.close, study.open, a transition or an outcome.", words=("move",)
    ),
    "suspend": Act(method="suspend", help="Halt the run.", options=(REASON,)),
    "resume": Act(method="resume", help="Go on after a halt."),
    "cancel": Act(method="cancel", help="End the run without an outcome.", options=(REASON,)),
    "reopen": Act(
        method="reopen",
        help="Take back the conclusion and go on in PHASE; say whether what the conclusion spawned stands.",
        words=("phase", choice("spawned", "stands", "withdrawn")),
        options=(REASON,),
    ),
    "archive": Act(method="archive", help="Put an ended run away.", by_system=True),
    "withdraw": Act(
        method="withdraw",
        help="Take a unit out of this programme.",
        words=("unit",),
        by_system=True,
        options=(
            REASON,
            option("--into", multiple=True, metavar="RUN", help="A run that goes on with it; may be repeated."),
        ),
    ),
    "merge": Act(
        method="merge",
        help="Let units of this programme go on in the unit INTO, whose run has been started.",
        words=("into",),
        by_system=True,
        read=lambda given: {"units": (), "carry": (), **given},
        options=(
            REASON,
            option("--unit", "units", multiple=True, required=True, metavar="UNIT", help="A unit; may be repeated."),
            option(
                "--carry",
                multiple=True,
                metavar="WHAT",
                help="What goes along: open_items, debts, waivers, holders; may be repeated.",
            ),
        ),
    ),
    "split": Act(
        method="split",
        help="Let a unit of this programme go on in several others, whose runs have been started.",
        words=("unit",),
        by_system=True,
        read=split,
        options=(
            REASON,
            option("--into", multiple=True, required=True, metavar="UNIT", help="A unit; may be repeated."),
            option(
                "--carry",
                multiple=True,
                pairs=True,
                metavar="UNIT=WHAT",
                help="What a unit takes along: open_items, an item's id, debts, waivers, holders; may be repeated.",
            ),
        ),
    ),
    # duties
    "record": Act(
        method="record",
        help="Record an amount towards a quota, such as '12000 characters'.",
        words=("duty", "amount"),
        options=(
            SUBJECT,
            option("--with", "pair", default="", metavar="NAME", help="The partner, where the quota pairs two."),
            EVIDENCE,
        ),
    ),
    "complete": Act(
        method="complete",
        help="Say that a task, a bulletin or an own action is done.",
        words=("duty",),
        options=(SUBJECT, EVIDENCE),
    ),
    "check": Act(
        method="check", help="Tick one entry of a checklist.", words=("duty", "entry"), options=(SUBJECT, EVIDENCE)
    ),
    "hold": Act(
        method="hold",
        help="Say that a meeting was held.",
        words=("meeting",),
        read=attendance,
        options=(
            *(
                option(f"--{state}", default="", metavar="A,B", help=f"Persons who were {state}.")
                for state in ("present", "excused", "absent")
            ),
            option(
                "--count",
                "counts",
                multiple=True,
                pairs=True,
                metavar="ROLE=COUNT",
                help="Those present who are not named; may be repeated.",
            ),
            SUBJECT,
            EVIDENCE,
        ),
    ),
    "confirm": Act(
        method="confirm",
        help="Confirm what a subject did, or find it poor.",
        words=("duty", choice("verdict", "good", "poor")),
        options=(SUBJECT, WHY),
        read=yes_where("verdict", "good", "good"),
    ),
    "add-action": Act(
        method="add_action",
        help="Add an action of one's own to an open phase.",
        words=("phase", "name"),
        options=(option("--title", required=True, help="What it is."),),
    ),
    "make-up": Act(
        method="make_up",
        help="Judge duties one by one; what is missing or poor is owed again.",
        read=tables("judged"),
        options=(
            option(
                "--judge",
                "judged",
                multiple=True,
                required=True,
                pairs=True,
                metavar="DUTY=VERDICT",
                help="present, missing or poor; may be repeated.",
            ),
        ),
    ),
    # documents
    "draft": Act(
        method="draft",
        help="Hand in a version of a document.",
        words=("document",),
        read=version,
        options=(
            option(
                "--file",
                path=True,
                help="The version; only its SHA-256 is recorded.",
            ),
            option("--digest", default="", help="The SHA-256 of the version, where the file is not here."),
            option("--ref", default="", help="Where it is kept; the file's path by default."),
            option(
                "--answer",
                "answers",
                multiple=True,
                pairs=True,
                metavar="N=ANSWER",
                help="Answer opinion N: absorbed, or why not.",
            ),
            SUBJECT,
            STEP,
            EVIDENCE,
        ),
    ),
    "mark": Act(
        method="mark",
        help="Mark a part of a document for a further step.",
        words=("document", "part", "mark"),
        options=(SUBJECT,),
    ),
    "opine": Act(
        method="opine",
        help="Give an opinion on a document.",
        words=("document",),
        options=(
            option("--ref", required=True, help="Where its text is kept."),
            option("--group", default="", help="In which group's name."),
            SUBJECT,
            STEP,
            VERSION,
        ),
    ),
    "answer-opinion": Act(
        method="answer_opinion",
        help="Answer an opinion: absorbed or not, and why.",
        read=yes_where("verdict", "absorbed", "absorbed"),
        options=(REASON, SUBJECT),
        words=("document", number("opinion"), choice("verdict", "absorbed", "declined")),
    ),
    "end-consultation": Act(
        method="end_consultation",
        help="End a consulting or reviewing step.",
        words=("document",),
        read=counts,
        options=(
            SUBJECT,
            STEP,
            option(
                "--consulted",
                multiple=True,
                pairs=True,
                metavar="GROUP=COUNT",
                help="How many were asked, by group; may be repeated.",
            ),
        ),
    ),
    "judge": Act(
        method="judge",
        help="Accept the version at hand, or send it back with a reason.",
        words=("document", choice("verdict", "accept", "return")),
        options=(WHY, SUBJECT, STEP, VERSION),
        read=yes_where("verdict", "accept", "accept"),
    ),
    "hand": Act(
        method="hand",
        help="Publish, circulate, submit or file a document: STEP names the act.",
        words=("document", "step"),
        options=(SUBJECT, EVIDENCE),
    ),
    # polls
    "open-poll": Act(
        method="open_poll",
        help="Open a poll.",
        words=("poll",),
        read=invited,
        options=(
            option(
                "--invited",
                multiple=True,
                pairs=True,
                metavar="EDGE/GROUP=COUNT",
                help="How many are invited; may be repeated.",
            ),
        ),
    ),
    "cast": Act(
        method="cast",
        help="Take part in a poll.",
        words=("poll", "edge", "choice?"),
        read=lambda given: {"choice": "", **tables("answers")(given)},
        options=(
            option("--group", default="", help="Where the participant belongs."),
            option("--rated", default="", help="Who is rated; the unit itself if left out."),
            option(
                "--answer",
                "answers",
                multiple=True,
                pairs=True,
                metavar="RATED=CHOICE",
                help="A line of a paper that rates several; may be repeated.",
            ),
        ),
    ),
    "close-poll": Act(method="close_poll", help="Close a poll and count it.", words=("poll",)),
    # ledgers
    "open-item": Act(
        method="open_item",
        help="Open an item of a ledger, in class KIND where the ledger has classes.",
        words=("ledger", "kind?"),
        read=lambda given: {"fields": {}, **tables("fields", "axes")(given)},
        options=(
            option("--owner", required=True, metavar="PERSON", help="Who answers for it."),
            JOINT,
            FIELDS,
            DUE,
            AXES,
        ),
    ),
    "amend-item": Act(
        method="amend_item",
        help="Change an open item; what is left out stays.",
        words=("item",),
        read=tables("fields", "axes"),
        options=(
            REASON,
            option("--kind", default="", help="Another class."),
            FIELDS,
            option("--owner", default="", help="Another owner."),
            JOINT,
            DUE,
            AXES,
        ),
    ),
    "settle-item": Act(method="settle_item", help="Report an item as settled.", words=("item",), options=(EVIDENCE,)),
    "verify-item": Act(
        method="verify_item",
        help="Verify a settled item, or find the result poor.",
        words=("item", choice("verdict", "good", "poor")),
        options=(WHY,),
        read=yes_where("verdict", "good", "good"),
    ),
    "explain-item": Act(
        method="explain_item",
        help="Explain why an item cannot be solved now.",
        words=("item",),
        options=(REASON, EVIDENCE),
    ),
    "publish-item": Act(
        method="publish_item", help="Publish an item with its commitment.", words=("item",), options=(EVIDENCE,)
    ),
    "reopen-item": Act(method="reopen_item", help="Open a closed item again.", words=("item",), options=(REASON,)),
    # waivers and extensions
    "waive": Act(
        method="waive",
        help="Except a subject (or all) from a duty.",
        words=("duty",),
        options=(
            option("--grounds", required=True, help="One of the grounds that the policy names."),
            REASON,
            SUBJECT,
            UNTIL,
        ),
    ),
    "revoke-waiver": Act(method="revoke_waiver", help="Take a waiver back.", words=("waiver",), options=(REASON,)),
    "request-extension": Act(
        method="request_extension",
        help="Ask for a later due day.",
        words=("duty",),
        options=(
            option("--type", required=True, help="One of the policy's types."),
            option("--until", required=True, metavar="DATE", help="The day asked for."),
            REASON,
            SUBJECT,
        ),
    ),
    "extend": Act(
        method="extend",
        help="Move a due day, on request or without one.",
        words=("duty",),
        options=(
            option("--type", required=True, help="One of the policy's types."),
            option("--until", required=True, metavar="DATE", help="The new due day."),
            REASON,
            SUBJECT,
        ),
    ),
    "refuse-extension": Act(
        method="refuse_extension",
        help="Refuse a request for a later due day.",
        words=("duty",),
        options=(REASON, SUBJECT),
    ),
    # people
    "join": Act(
        method="join",
        help="Add a person to the roster, or give further roles.",
        words=("person",),
        by_system=True,
        read=person,
        options=(
            option("--role", multiple=True, required=True, help="A role of the policy; may be repeated."),
            option("--group", "groups", multiple=True, help="A group that polls ask for."),
            *(
                option(f"--{field}", default="", help="Kept apart from the trail, and erasable.")
                for field in ("name", "email", "phone")
            ),
        ),
    ),
    "leave": Act(
        method="leave",
        help="Take a person, or some roles, off the roster.",
        words=("person",),
        by_system=True,
        read=renamed(role="roles"),
        options=(option("--role", multiple=True, help="Only this role; may be repeated."),),
    ),
    "appoint": Act(
        method="appoint",
        help="Give a role for a time.",
        words=("person", "role"),
        by_system=True,
        options=(option("--since", required=True, metavar="DATE", help="First day."), UNTIL),
    ),
    "delegate": Act(
        method="delegate",
        help="Let TO act in one's place.",
        words=("to",),
        read=renamed(role="roles"),
        options=(
            option("--role", multiple=True, required=True, help="Which role; may be repeated."),
            option("--since", required=True, metavar="DATE", help="First day."),
            option("--until", required=True, metavar="DATE", help="Last day."),
            REASON,
            option("--absence", flag=True, help="The giver is away: only the substitute acts."),
        ),
    ),
    "end-delegation": Act(method="end_delegation", help="Take a delegation back.", words=("delegation",)),
    "recuse": Act(
        method="recuse", help="Keep out of a duty, document, poll or item.", words=("subject",), options=(REASON,)
    ),
    "list-body": Act(
        method="list_body", help="Add a body to the list of its kind.", words=("kind", "body"), by_system=True
    ),
    "erase": Act(
        method="erase",
        help="Erase a person's personal data; the trail keeps only commitments.",
        words=("person",),
        by_system=True,
        options=(REASON,),
    ),
    # answers and corrections
    "answer": Act(
        method="answer",
        help="Answer a question that the run put to a role.",
        words=("question", "verdict"),
        options=(REASON,),
    ),
    "void": Act(
        method="void",
        help="Take back what entry SEQ of the trail recorded.",
        words=(number("seq"),),
        options=(REASON,),
    ),
    "correct": Act(
        method="correct",
        help="Record anew what entry SEQ recorded wrongly.",
        words=(number("seq"),),
        options=(
            REASON,
            option("--amount", metavar="AMOUNT", help="The right amount."),
            option("--happened", metavar="WHEN", help="When it really happened."),
        ),
    ),
}
"""Every act, in the order of the help."""
