"""The host's own transaction: what phaseflow does in it stands or falls with what the host does in it.

Real hosts on real databases: sqlite3, psycopg, SQLAlchemy and Django, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
from psycopg.rows import dict_row
from sqlalchemy.orm import Session

from phaseflow import Engine, Refused
from phaseflow.stores.base import Conflict, HeadQuery, StoreError, StoreMisuse
from phaseflow.stores.postgres_url import read_url
from tests.engine.test_engine import PEOPLE, Clock, plan

Host = Callable[[], AbstractContextManager[tuple[Any, Callable[[str], Any]]]]
"""A transaction of the host: its connection, and how the host runs a statement of its own on it."""


class Undo(Exception):
    """The host changes its mind."""


# --- hosts ----------------------------------------------------------------------------------------------------------


def sqlite3_host(url: str) -> Host:
    @contextmanager
    def begin() -> Iterator[tuple[Any, Callable[[str], Any]]]:
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.row_factory = sqlite3.Row  # A host has its own ways.
        try:
            with connection:
                yield connection, lambda text: connection.execute(text).fetchall()
        finally:
            connection.close()

    return begin


def psycopg_host(url: str) -> Host:
    @contextmanager
    def begin() -> Iterator[tuple[Any, Callable[[str], Any]]]:
        with psycopg.connect(read_url(url).conninfo, row_factory=dict_row) as connection:
            connection.execute("SET TIME ZONE 'Asia/Shanghai'")
            connection.execute("SET datestyle = 'German'")
            yield connection, lambda text: rows_of(connection.execute(text.encode()))

    return begin


def rows_of(cursor: Any) -> Any:
    return cursor.fetchall() if cursor.description else []


def alchemy_url(url: str) -> sqlalchemy.URL:
    if url.startswith("sqlite"):
        return sqlalchemy.make_url(url)
    host = url.partition("host=")[2].partition("&")[0]
    return sqlalchemy.URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": host})


def sqlalchemy_host(url: str, *, session: bool = False) -> Host:
    @contextmanager
    def begin() -> Iterator[tuple[Any, Callable[[str], Any]]]:
        alchemy = sqlalchemy.create_engine(alchemy_url(url))
        try:
            with Session(alchemy) as opened, opened.begin() if session else alchemy.begin() as begun:
                connection: Any = opened if session else begun
                yield connection, lambda text: alchemy_rows(connection.execute(sqlalchemy.text(text)))
        finally:
            alchemy.dispose()

    return begin


def alchemy_rows(result: Any) -> Any:
    return result.all() if result.returns_rows else []


def django_host(url: str) -> Host:
    import django
    from django.conf import settings
    from django.db import connections, transaction

    if not settings.configured:
        settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.dummy"}}, USE_TZ=True)
        django.setup()
    if url.startswith("sqlite"):
        place: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": url.removeprefix("sqlite:///")}
    else:
        socket = url.partition("host=")[2].partition("&")[0]
        place = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres", "HOST": socket}

    @contextmanager
    def begin() -> Iterator[tuple[Any, Callable[[str], Any]]]:
        connections.settings["host"] = connections.configure_settings({"default": {}, "host": place})["host"]
        connection = connections["host"]

        def run(text: str) -> Any:
            with connection.cursor() as cursor:
                cursor.execute(text)
                return rows_of(cursor)

        try:
            with transaction.atomic(using="host"):
                yield connection, run
        finally:
            connection.close()
            del connections["host"]

    return begin


HOSTS = [
    pytest.param(("sqlite", sqlite3_host), id="sqlite3"),
    pytest.param(("sqlite", sqlalchemy_host), id="sqlalchemy-sqlite"),
    pytest.param(("sqlite", lambda url: sqlalchemy_host(url, session=True)), id="session-sqlite"),
    pytest.param(("sqlite", django_host), id="django-sqlite"),
    pytest.param(("postgres", psycopg_host), id="psycopg"),
    pytest.param(("postgres", sqlalchemy_host), id="sqlalchemy-postgres"),
    pytest.param(("postgres", lambda url: sqlalchemy_host(url, session=True)), id="session-postgres"),
    pytest.param(("postgres", django_host), id="django-postgres"),
]


@pytest.fixture(params=HOSTS)
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Host, str]]:
    """An engine, a host on the same database, and the name of a table of the host's own."""
    kind, make = request.param
    url = f"sqlite:///{tmp_path}/host.db" if kind == "sqlite" else request.getfixturevalue("postgres")
    table = "orders" if kind == "sqlite" else f"{read_url(url).schema}.orders"
    with Engine(url, clock=Clock()) as engine:
        with engine.store.transaction() as tx:
            tx.declare_hooks(["mail"], from_start=True)
        host = make(url)
        with host() as (_, run):
            run(f"CREATE TABLE {table} (name varchar(20))")
        yield engine, host, table


# --- laws -----------------------------------------------------------------------------------------------------------


def begin_run(engine: Engine) -> None:
    engine.start(plan(), start="2009-03-01", roster=PEOPLE)


def everything(engine: Engine) -> object:
    with engine.store.transaction(write=False) as tx:
        heads = tx.heads(HeadQuery())
        return heads, [(tx.entries(h.run), tx.scan(h.run, "")) for h in heads], tx.notices(), tx.deliveries()


def names(host: Host, table: str) -> list[str]:
    with host() as (_, run):
        return [dict(row).popitem()[1] if isinstance(row, dict) else row[0] for row in run(f"SELECT name FROM {table}")]


@pytest.mark.failure(13, "SQLite", "PostgreSQL")
def test_what_the_host_commits_is_there(setting: tuple[Engine, Host, str]) -> None:
    """One commit of the host brings its own row, the run, the events and the answers; the chain holds."""
    engine, host, table = setting
    with host() as (connection, run):
        run(f"INSERT INTO {table} VALUES ('first')")
        bound = engine.within(connection)
        made = bound.start(plan(), start="2009-03-01", roster=PEOPLE)
        made.record("notes", by="li", amount="10 pages", id="k")
        assert made.record("notes", by="li", amount="10 pages", id="k").again, "law 4 holds inside, too"
        assert made.todo("li")[0].rest == "90 of 100 pages"
    assert names(host, table) == ["first"]
    assert engine.run("safety").verify() == ()
    assert engine.run("safety").record("notes", by="li", amount="10 pages", id="k").again


@pytest.mark.failure(13, "SQLite", "PostgreSQL")
def test_what_the_host_rolls_back_never_was(setting: tuple[Engine, Host, str]) -> None:
    """Rolled back with the host: no run, no event, no answer, no notice, no due instant, and the host's row is gone."""
    engine, host, table = setting
    begin_run(engine)
    before = everything(engine)
    with pytest.raises(Undo), host() as (connection, run):  # noqa: PT012
        run(f"INSERT INTO {table} VALUES ('never')")
        bound = engine.within(connection)
        bound.run("safety").record("notes", by="li", amount="10 pages", id="k")
        bound.start(plan(), start="2009-03-01", roster=PEOPLE, run="other")
        assert len(bound.runs()) == 2
        raise Undo
    assert everything(engine) == before
    assert names(host, table) == []
    assert not engine.run("safety").record("notes", by="li", amount="10 pages", id="k").again


def test_a_refusal_leaves_the_hosts_work_alone(setting: tuple[Engine, Host, str]) -> None:
    """A command that is refused, or a call that fails, undoes itself and nothing of the host's; the host goes on."""
    engine, host, table = setting
    begin_run(engine)
    with host() as (connection, run):
        run(f"INSERT INTO {table} VALUES ('kept')")
        bound = engine.within(connection)
        with pytest.raises(Refused):
            bound.run("safety").record("notes", by="nobody", amount="10 pages")
        with pytest.raises(Conflict), bound.store.transaction() as tx:  # noqa: PT012
            head = tx.head("safety")
            assert head is not None
            tx.commit(stale_batch(head))
        with pytest.raises(StoreError), bound.store.transaction() as tx:
            tx.rows("safety", ["\ud800"])
        bound.run("safety").record("notes", by="li", amount="10 pages")
    assert names(host, table) == ["kept"]
    assert engine.run("safety").todo("li")[0].rest == "90 of 100 pages"


def stale_batch(head: Any) -> Any:
    import attrs

    from phaseflow.stores import codec
    from phaseflow.stores.base import Batch

    entries = codec.link(head.run, head.chain, head.seq - 1, ["{}"])
    late = attrs.evolve(head, seq=head.seq, chain=entries[-1].hash)
    return Batch(head=late, expected_seq=head.seq - 1, entries=entries)


def test_others_see_it_when_the_host_commits(setting: tuple[Engine, Host, str]) -> None:
    """Until the host commits, nobody else sees anything of it."""
    engine, host, _ = setting
    seen: list[int] = []

    def look() -> None:
        seen.append(len(engine.runs()))

    with host() as (connection, _run):
        begin_run(engine.within(connection))
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [0]
    assert len(engine.runs()) == 1


# --- what is refused ------------------------------------------------------------------------------------------------


def test_a_connection_without_a_transaction_is_refused(tmp_path: Path, postgres: str) -> None:
    """Where nothing could be rolled back, nothing is begun; each kind of host is told how to begin."""
    url = f"sqlite:///{tmp_path}/host.db"
    engine, other = Engine(url), Engine(postgres)
    bare = sqlite3.connect(tmp_path / "host.db", isolation_level=None)
    alone = psycopg.connect(read_url(postgres).conninfo, autocommit=True)
    alchemy = sqlalchemy.create_engine(alchemy_url(url))
    idle = alchemy.connect()
    django_host(url)
    from django.db import connections

    connections.settings["idle"] = connections.configure_settings(
        {"default": {}, "idle": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "host.db")}}
    )["idle"]
    for made, connection, how in (
        (engine, bare, "BEGIN IMMEDIATE"),
        (other, alone, "autocommit"),
        (engine, idle, "engine.begin"),
        (engine, connections["idle"], "atomic"),
    ):
        with pytest.raises(StoreMisuse, match="in no transaction") as caught:
            made.within(connection)
        assert how in caught.value.problem.fix
    for opened in (bare, alone, idle, engine, other):
        opened.close()
    alchemy.dispose()


def test_a_connection_to_elsewhere_is_refused(tmp_path: Path, postgres: str, postgres_server: str) -> None:
    """One transaction is of one database: another file, memory, another server's database or a stranger are named."""
    engine, other = Engine(f"sqlite:///{tmp_path}/a.db"), Engine(postgres)
    elsewhere = sqlite3.connect(tmp_path / "b.db")
    memory = sqlite3.connect(":memory:")
    with psycopg.connect(read_url(postgres_server).conninfo) as connection:
        for made, wrong, said in (
            (engine, elsewhere, "b.db"),
            (engine, memory, "memory"),
            (engine, connection, "cannot work inside"),
            (other, memory, "cannot work inside"),
            (engine, object(), "cannot work inside"),
            (Engine("memory:"), memory, "cannot work inside"),
            (Engine(f"{postgres_server}&schema={read_url(postgres).schema}x"), connection, ""),
        ):
            if said:
                with pytest.raises(StoreMisuse, match=said):
                    made.within(wrong)
            else:
                connection.execute(f"DROP SCHEMA {read_url(postgres).schema}x CASCADE".encode())
                with pytest.raises(StoreMisuse, match="without phaseflow's schema"):
                    made.within(wrong)
                made.close()
    for opened in (elsewhere, memory, engine, other):
        opened.close()
