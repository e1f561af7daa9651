"""`renew` is `attrs.evolve` for plain rows, and for nothing else."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from phaseflow.core.state import renewing
from phaseflow.core.state.documents import DocumentState
from phaseflow.core.state.duties import PartState
from phaseflow.core.state.people import PersonState
from phaseflow.core.state.polls import PollState
from phaseflow.core.state.rows import Clock, DutyState, Head, VisitState

ROWS = (Clock, DocumentState, DutyState, Head, PartState, PersonState, PollState, VisitState)


def made(kind: type) -> Any:
    """A row with another value in each field; the fields are not checked."""
    return kind(**{field.name: f"was {field.name}" for field in attrs.fields(kind)})


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_a_row_is_renewed_as_attrs_would(kind: type) -> None:
    """Every field can be changed, the others stay, the old row is untouched, and no other field is made up."""
    row = made(kind)
    assert renewing.renew(row) == row
    for field in attrs.fields(kind):
        change: dict[str, Any] = {field.name: "is"}
        assert renewing.renew(row, **change) == attrs.evolve(row, **change) != row
    assert row == made(kind)
    with pytest.raises(KeyError):
        renewing.renew(row, other=1)


@attrs.frozen
class Converted:
    """A value that is changed when it is made."""

    number: int = attrs.field(converter=int)


def test_what_is_no_plain_row_is_refused() -> None:
    """A converter would be passed over, so such a class is an error at the first try."""
    with pytest.raises(TypeError, match="Converted is no plain row"):
        renewing.renew(Converted("3"), number="4")  # type: ignore[arg-type]
