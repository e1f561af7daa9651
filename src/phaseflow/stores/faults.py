"""What can go wrong in a store, in the same words for every adapter: the errors, and the refusals they all share.

`phaseflow.stores.base` offers the error classes to the rest of the house.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from phaseflow.errors import PhaseflowError, Problem, show


class StoreError(PhaseflowError):
    """Something about the database; *problem* says what, why and how to mend it. No driver error leaves a store."""

    code: ClassVar[str] = "PF900"
    default_why: ClassVar[str] = ""
    default_fix: ClassVar[str] = ""

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        self.problem = Problem(code=self.code, what=what, why=why or self.default_why, fix=fix or self.default_fix)
        super().__init__(show(self.problem))


class Conflict(StoreError):
    """The run moved on between reading and writing, or the command is answered already: read again and decide again."""

    code = "PF901"
    default_why = "a commit is accepted only on the state it was decided on, or one decision would overlook another"
    default_fix = "load the run again and decide again; the engine does this by itself a few times"


class StoreBusy(StoreError):
    """Another writer held the database for longer than the store was told to wait."""

    code = "PF902"
    default_why = "one writer at a time; this one waited its full time and got no turn"
    default_fix = "try again; if it happens often, raise busy_timeout or move to a server database"


class StoreReadOnly(StoreError):
    """A write was asked of a store, file or transaction that only reads."""

    code = "PF903"
    default_why = "this store, its file, or this transaction was opened for reading only"
    default_fix = "open the transaction with write=True and check the rights on the file and on its directory"


class StoreFull(StoreError):
    """The disk or the database's own limit is reached; nothing of the transaction was written."""

    code = "PF904"
    default_why = "there is no room left; the whole transaction was undone, so nothing is half written"
    default_fix = "make room on the disk, then send the command again: its id makes that safe"


class StoreCorrupt(StoreError):
    """The file is not a phaseflow database, or is damaged, or was written by a newer phaseflow."""

    code = "PF905"
    default_why = "what stands in the file is not what phaseflow wrote there"
    default_fix = "restore the file from a backup, and run `phaseflow verify` on what you restored"


class StoreClosed(StoreError):
    """The store, or the transaction, was used after it ended."""

    code = "PF906"
    default_why = "a closed store has given up its connections, and a transaction ends with its `with` block"
    default_fix = "open the store again with open_store(...)"


class StoreMisuse(StoreError):
    """A call that no state of the database could make right: a nested transaction, a batch with a hole."""

    code = "PF907"


class StoreVersion(StoreError):
    """The database was written by a newer phaseflow than this one."""

    code = "PF908"
    default_why = "a newer phaseflow may keep things that this one would not understand and would damage"
    default_fix = "upgrade phaseflow on this machine"


class StoreUnreachable(StoreError):
    """The database server does not answer; nothing was begun."""

    code = "PF930"
    default_why = "the server is down, is starting, or cannot be reached from here"
    default_fix = "see that the server runs and that the URL names it; the store connects again by itself"


class StoreLost(StoreError):
    """The connection broke inside a transaction: it is undone, unless it was being committed: that may have happened.

    Sending the same command with the same id again is always right: if it was committed its recorded answer comes
    back, and otherwise it is carried out now (law 4).
    """

    code = "PF931"
    default_why = "the server stopped or cut the connection while the transaction was under way"
    default_fix = "send the command again with the same id: what was committed is answered from the record"


# --- refusals that every adapter makes ---------------------------------------------------------------------------


def stale(run: str, expected: int, found: int) -> Conflict:
    """The conflict of a commit on a state that is no longer, or not yet, there."""
    if not found:
        return Conflict(f"run {run!r} is not stored, and the commit builds on seq {expected}")
    if not expected:
        return Conflict(f"run {run!r} exists already, at seq {found}", fix="choose another run id, or load the run")
    return Conflict(f"run {run!r} is at seq {found}, and the commit builds on seq {expected}")


def changed_identity(run: str) -> StoreMisuse:
    """The refusal of a commit that would make a run another run."""
    return StoreMisuse(
        f"the commit changes the campaign, level, unit or parent of run {run!r}",
        why="these say which case the run is; they are written once",
        fix="start a new run and link it to this one",
    )


def changed_plan(digest: str) -> StoreMisuse:
    """The refusal of another text under a digest that is kept already."""
    return StoreMisuse(
        f"another plan is kept under the digest {digest!r}",
        why="runs are pinned to plans by digest, so a kept plan never changes",
        fix="compute the digest from the text that is kept",
    )


def nested() -> StoreMisuse:
    """The refusal of a transaction inside a transaction."""
    return StoreMisuse(
        "this thread is inside a transaction of this store already",
        why="a transaction is one decision; one inside another could commit half of it",
        fix="hand the open transaction down, or leave its with block first",
    )


def over(state: Literal["spent", "over"]) -> StoreError:
    """The refusal of a call on a transaction that failed or ended."""
    if state == "over":
        return StoreClosed("this transaction has ended")
    return StoreMisuse(
        "this transaction has failed",
        why="an earlier call in it raised, so it will be undone as a whole",
        fix="let the error leave the with block, and begin again",
    )


def read_only() -> StoreReadOnly:
    """The refusal of a write in a reading transaction."""
    return StoreReadOnly("a write in a transaction that only reads", fix="begin it with transaction(write=True)")


def bad_hook(name: str) -> StoreMisuse:
    """The refusal of a hook name that would make delivery ids ambiguous."""
    return StoreMisuse(
        f"{name!r} cannot be the name of a hook",
        why="the name is the last part of a delivery id, behind a slash",
        fix="use letters, digits, dots, dashes and underscores",
    )


def unstorable(fault: BaseException) -> StoreMisuse:
    """The refusal of a value that no database takes."""
    return StoreMisuse(
        f"a value cannot be stored: {fault}",
        why="a store takes whole texts, 64-bit integers and aware instants",
        fix="write values with phaseflow.stores.codec before you hand them in",
    )


def newer(place: object, found: int, known: int) -> StoreVersion:
    """The database is of a newer schema than this version knows, found on opening or in the middle of work."""
    return StoreVersion(f"{place} has schema {found}, and this phaseflow knows schemas up to {known}")
