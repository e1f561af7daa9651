"""What a PostgreSQL URL says: where the database is, and phaseflow's own options ``schema``, ``pool`` and ``hold``."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import attrs

from phaseflow.stores.base import StoreMisuse
from phaseflow.stores.sql import SCHEMA

POOL = 8
"""Connections of one process at most, unless the URL says ``?pool=N``."""

HOLD = 60
"""Seconds for which a silent process keeps what it holds in a transaction, unless the URL says ``?hold=N``."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@attrs.frozen(kw_only=True)
class Place:
    """One schema in one database: *conninfo* goes to the driver and may hold a password, *shown* goes into errors."""

    conninfo: str = attrs.field(repr=False)
    shown: str
    schema: str
    pool: int
    hold: int


def read_url(url: str) -> Place:
    """Take a URL apart.

    Raises:
        StoreMisuse: The schema is no plain name, or another option no number in its bounds.

    >>> read_url("postgresql://office:secret@db.example/campaigns?schema=north").shown
    'postgresql://db.example/campaigns (schema north)'
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    schema, pool = options.pop("schema", SCHEMA), options.pop("pool", str(POOL))
    hold = options.pop("hold", str(HOLD))
    if not _PLAIN.fullmatch(schema) or schema.startswith("pg_"):
        raise StoreMisuse(
            f"{schema!r} cannot be the schema of a store",
            why="a schema is a plain name: small letters, digits and underscores, at most 63, not beginning with pg_",
            fix="write ?schema=phaseflow, or leave it out",
        )
    if not (pool.isascii() and pool.isdigit() and 1 <= int(pool) <= 1000):
        raise StoreMisuse(
            f"{pool!r} cannot be the size of a pool",
            why="it says how many connections one process may hold: a number from 1 to 1000",
            fix=f"write ?pool={POOL}, or leave it out",
        )
    if not (hold.isascii() and hold.isdigit() and 1 <= int(hold) <= 86400):
        raise StoreMisuse(
            f"{hold!r} cannot be how long a transaction may hold what it has taken",
            why="it says after how many seconds of silence the server ends it: a number from 1 to 86400",
            fix=f"write ?hold={HOLD}, or leave it out",
        )
    options.setdefault("application_name", "phaseflow")
    where = parts.netloc.rpartition("@")[2] or options.get("host", "")
    shown = f"postgresql://{unquote(where)}{parts.path} (schema {schema})"
    conninfo = urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(options, quote_via=quote), ""))
    return Place(conninfo=conninfo, shown=shown, schema=schema, pool=int(pool), hold=int(hold))
