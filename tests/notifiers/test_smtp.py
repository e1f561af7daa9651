"""Mails through a real SMTP server: delivery, outage, refusal, doubles, encryption."""

from __future__ import annotations

import email
import socket
import ssl
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from phaseflow.hooks import Recipient, Telling, Undeliverable
from phaseflow.notifiers import Smtp
from phaseflow.notifiers.smtp import message_id
from phaseflow.relay import Manner, Relay, RelayReport, RetryPolicy
from phaseflow.stores import open_store
from phaseflow.stores.base import Store
from tests.outbox import DUTY, MINUTE, NOON, RUN, a_notice, change, enrol, post, receipts

TELLING = Telling(id="safety/north:1:0/smtp/li", hook="smtp", attempt=1, now=NOON)


class Office:
    """A mail server's handler: keeps what comes, and refuses whom it is told to refuse."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[str] = []
        self.sessions: set[int] = set()
        self.refuse: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.to += envelope.rcpt_tos
        self.sessions.add(id(session))
        return "250 OK"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def server(office: Office) -> Iterator[Controller]:
    """A server that is up."""
    controller = Controller(office, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def store() -> Store:
    return open_store("memory:")


def mailer(port: int, **more: Any) -> Smtp:
    return Smtp(**({"host": "127.0.0.1", "port": port, "sender": "campaign@example.org", "security": "none"} | more))


def test_each_person_gets_a_mail_of_their_own(office: Office, server: Controller, store: Store) -> None:
    """One mail a recipient, in words, with an id made of the delivery id, over one connection."""
    enrol(store, ["li", "wang"])
    relay = Relay(store, [mailer(server.port, sender_name="Campaign office")])
    id = post(store, persons=("li", "wang"))
    assert relay.run(NOON) == RelayReport(delivered=2)
    assert office.to == ["li@example.org", "wang@example.org"]
    assert len(office.sessions) == 1
    mail = office.mails[0]
    assert mail["To"] == "LI <li@example.org>"
    assert mail["From"] == "Campaign office <campaign@example.org>"
    assert mail["Subject"] == "[safety · north] Due soon: Reading notes (2009-03-13)"
    assert mail["Message-ID"] == message_id(f"{id}/smtp/li", "example.org")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines()[0] == "Dear LI,"


def test_an_outage_delays_and_loses_nothing(office: Office, store: Store) -> None:
    """Down: put off. Up again: each mail comes once."""
    port = free_port()
    enrol(store, ["a", "b", "c", "d", "e"])
    relay = Relay(store, [mailer(port)], policy=RetryPolicy())
    post(store, owing=DUTY)
    assert relay.run(NOON) == RelayReport(retried=3, waiting=5)
    assert "ConnectionRefusedError" in receipts(store, recipient="a")[0].error
    assert relay.run(NOON + MINUTE) == RelayReport(retried=3, waiting=5)
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        assert relay.run(NOON + 10 * MINUTE) == RelayReport(delivered=5)
    finally:
        controller.stop()
    assert sorted(office.to) == [f"{person}@example.org" for person in "abcde"]


def test_a_server_that_restarts_between_two_mails_is_found_again(office: Office, store: Store) -> None:
    """A kept connection that died is replaced before the mail is sent, so that it goes out once."""
    port = free_port()
    smtp = mailer(port)
    for _ in range(2):
        controller = Controller(office, hostname="127.0.0.1", port=port)
        controller.start()
        smtp.notice(a_notice(), TELLING, Recipient(id="li", values={"email": "li@example.org"}))
        controller.stop()
    smtp.idle()
    assert office.to == ["li@example.org"] * 2


def test_a_mail_sent_twice_has_one_id(office: Office, server: Controller, store: Store) -> None:
    """Killed between send and settle: the second mail bears the Message-ID of the first, and a receiver can drop it."""

    class Killed(Smtp):
        def _send(self, mail: EmailMessage, to: str) -> None:
            super()._send(mail, to)
            if len(office.mails) == 1:
                raise KeyboardInterrupt

    enrol(store, ["li"])
    relay = Relay(
        store, [Killed(host="127.0.0.1", port=server.port, sender="c@example.org", security="none")], lease=MINUTE
    )
    post(store, persons=("li",))
    with pytest.raises(KeyboardInterrupt):
        relay.run(NOON)
    assert relay.run(NOON + MINUTE) == RelayReport(delivered=1)
    assert len(office.mails) == 2
    assert len({mail["Message-ID"] for mail in office.mails}) == 1


def test_an_address_refused_for_good_is_a_dead_letter_and_a_busy_one_is_not(
    office: Office, server: Controller, store: Store
) -> None:
    """5xx is final, 4xx is tried again; nobody else waits for either, and no address gets into the receipt."""
    enrol(store, ["gone", "busy", "li"])
    office.refuse = {"gone@example.org": "550 no such user gone@example.org", "busy@example.org": "451 later"}
    relay = Relay(store, [mailer(server.port)])
    post(store, persons=("gone", "busy", "li"))
    assert relay.run(NOON) == RelayReport(delivered=1, dead=1, retried=1, waiting=1)
    assert office.to == ["li@example.org"]
    assert "busy@example.org" not in receipts(store, recipient="busy")[0].error
    del office.refuse["busy@example.org"]
    assert relay.run(NOON + MINUTE) == RelayReport(delivered=1)
    assert office.to == ["li@example.org", "busy@example.org"]
    assert receipts(store, recipient="gone")[0].error == "gave up: Undeliverable: 550 no such user …"


def test_nobody_without_an_address_is_mailed_and_the_erased_have_none(
    office: Office, server: Controller, store: Store
) -> None:
    """Erasure takes effect at the next delivery, not at the next notice."""
    enrol(store, ["li", "wang"])
    relay = Relay(store, [mailer(server.port)])
    post(store, persons=("li", "wang"))
    change(store, RUN, erase=("li",))
    assert relay.run(NOON) == RelayReport(delivered=1, skipped=1)
    assert office.to == ["wang@example.org"]
    change(store, RUN, erase=("wang",))
    post(store, persons=("li", "wang"))
    assert relay.run(NOON) == RelayReport(skipped=2)
    assert receipts(store, status="skipped")[0].error == "no mail address is known"


def test_a_digest_is_one_mail(office: Office, server: Controller, store: Store) -> None:
    """What piled up goes out to each person in one mail, under an id of its own, and each notice has its receipt."""
    enrol(store, ["li", "wang"])
    relay = Relay(store, [mailer(server.port)], manners={"smtp": Manner(digest="always")})
    for title in ("Reading notes", "Kick-off"):
        post(store, persons=("li", "wang"), title=title)
    assert relay.run(NOON) == RelayReport(delivered=4)
    assert office.to == ["li@example.org", "wang@example.org"]
    assert [mail["Subject"] for mail in office.mails] == ["[safety · north] 2 notices for you"] * 2
    assert "2. [safety · north] Due soon: Kick-off" in office.mails[0].get_content()
    assert len({mail["Message-ID"] for mail in office.mails}) == 2


def test_no_text_of_a_user_can_add_a_header(office: Office, server: Controller, store: Store) -> None:
    """Line breaks in titles, units and names stay within their header."""
    evil = "x\r\nBcc: all@example.org\r\n\r\nhello"
    smtp = mailer(server.port, sender_name=evil)
    smtp.notice(
        a_notice(title=evil, unit=evil, campaign=evil),
        TELLING,
        Recipient(id="li", values={"name": evil, "email": "li@example.org"}),
    )
    smtp.idle()
    (mail,) = office.mails
    assert mail["Bcc"] is None
    assert sorted(mail.keys())[:4] == ["Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date"]
    assert office.to == ["li@example.org"]


@pytest.mark.parametrize(
    "address",
    ["li", "li@example.org\r\nRCPT TO:<all@example.org>", "a@b@c", "@", "li@example.org, all@example.org", " "],
)
def test_what_is_no_address_is_never_handed_to_the_server(address: str) -> None:
    """A broken or forged address is refused before any connection is made."""
    smtp = mailer(free_port())
    with pytest.raises(Undeliverable):
        smtp.notice(a_notice(), TELLING, Recipient(id="li", values={"email": address}))


# --- encryption -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    place = tmp_path_factory.mktemp("tls")
    key, cert = place / "key.pem", place / "cert.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-keyout {key} -out {cert} -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return cert, key


def test_starttls_and_login(office: Office, certificate: tuple[Path, Path]) -> None:
    """The connection is encrypted before the password is sent, and a certificate that is not trusted is refused."""
    cert, key = certificate
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(cert, key)

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert session.ssl is not None
        return AuthResult(success=isinstance(data, LoginPassword) and (data.login, data.password) == (b"me", b"secret"))

    controller = Controller(
        office, hostname="127.0.0.1", port=free_port(), tls_context=served, require_starttls=True,
        authenticator=check, auth_required=True,
    )  # fmt: skip
    controller.start()
    li = Recipient(id="li", values={"email": "li@example.org"})
    try:
        known = mailer(
            controller.port,
            security="starttls",
            user="me",
            password="secret",
            context=ssl.create_default_context(cafile=cert),
        )
        known.notice(a_notice(), TELLING, li)
        known.idle()
        with pytest.raises(ssl.SSLError):
            mailer(controller.port, security="starttls").notice(a_notice(), TELLING, li)
    finally:
        controller.stop()
    assert office.to == ["li@example.org"]


def test_a_server_without_starttls_gets_nothing_in_the_clear(office: Office, server: Controller) -> None:
    """`starttls` is a demand, not a wish."""
    smtp = mailer(server.port, security="starttls", user="me", password="secret")
    with pytest.raises(Exception, match="STARTTLS"):
        smtp.notice(a_notice(), TELLING, Recipient(id="li", values={"email": "li@example.org"}))
    assert office.mails == []
    assert "secret" not in repr(smtp)
