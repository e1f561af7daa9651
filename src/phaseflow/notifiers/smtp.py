"""A mail for each person addressed, through an SMTP server.

A mail's Message-ID is made of the delivery id, so that a receiver who is told twice can drop the second. Headers are
set through `email.message`, which refuses line breaks. What a mail says is in `phaseflow.notifiers.message`.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
import threading
from collections.abc import Sequence
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal

import attrs

from phaseflow.hooks import Recipient, Skip, Telling, Undeliverable, hookimpl
from phaseflow.notifiers.message import Language, Message, compose, compose_digest, flat

if TYPE_CHECKING:
    from phaseflow.core.notices import Notice

Security = Literal["starttls", "tls", "none"]


def _secure() -> ssl.SSLContext:
    return ssl.create_default_context()


@attrs.define(kw_only=True, eq=False)
class Smtp:
    """Sends mails.

    Args:
        host: The server.
        port: Its port; 587 is usual for ``starttls``, 465 for ``tls``.
        sender: The address mails come from; its domain stands in their Message-IDs.
        sender_name: The name beside that address.
        user: The account; empty for a server that asks for none.
        password: Its password.
        security: ``starttls`` (refused servers are an error, nothing goes out in the clear), ``tls``, or ``none``.
        context: The TLS context; by default the machine's certificates and host names are checked.
        timeout: For connecting and for each answer of the server.
        language: ``en`` or ``zh``.
        name: The name its deliveries are kept under.

    The connection is kept between mails and closed when the relay is idle. Safe to share between threads.
    """

    host: str
    port: int = 587
    sender: str
    sender_name: str = ""
    user: str = ""
    password: str = attrs.field(default="", repr=False)
    security: Security = "starttls"
    context: ssl.SSLContext = attrs.field(factory=_secure, repr=False)
    timeout: timedelta = timedelta(seconds=20)
    language: Language = "en"
    name: str = "smtp"
    _lock: threading.Lock = attrs.field(init=False, factory=threading.Lock, repr=False)
    _server: smtplib.SMTP | None = attrs.field(init=False, default=None, repr=False)

    @hookimpl
    def notice(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        """Send one mail to one person.

        Raises:
            Skip: No address of this person is known (never given, or erased).
            Undeliverable: The address is none, or the server refuses it for good.
        """
        said = compose(notice, language=self.language, recipient=recipient)
        self._deliver(said, delivery, recipient)

    @hookimpl
    def digest(self, notice: Notice, notices: Sequence[Notice], delivery: Telling, recipient: Recipient) -> None:
        """Send several notices in one mail, under the same rules."""
        said = compose_digest(notices, notice, language=self.language, recipient=recipient)
        self._deliver(said, delivery, recipient)

    @hookimpl
    def idle(self) -> None:
        """Close the connection."""
        with self._lock:
            self._close()

    def _deliver(self, said: Message, delivery: Telling, recipient: Recipient) -> None:
        if not recipient.email:
            raise Skip("no mail address is known")
        mail = self.mail(said, delivery, recipient)
        with self._lock:
            self._send(mail, recipient.email)

    def mail(self, said: Message, delivery: Telling, recipient: Recipient) -> EmailMessage:
        """The mail that is sent.

        Raises:
            Undeliverable: The address of *recipient* is none.
        """
        sender = Address(flat(self.sender_name), addr_spec=self.sender)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = sender
        mail["To"] = _address(recipient)
        mail["Subject"] = said.subject
        mail["Date"] = format_datetime(delivery.now)
        mail["Message-ID"] = message_id(delivery.id, sender.domain)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(said.body)
        return mail

    def _send(self, mail: EmailMessage, to: str) -> None:
        try:
            self._connected().send_message(mail, self.sender, [to])
        except smtplib.SMTPRecipientsRefused as refused:
            code, answer = next(iter(refused.recipients.values()))
            if 500 <= code < 600:
                raise Undeliverable(f"{code} {answer.decode(errors='replace')}") from None
            raise
        except smtplib.SMTPNotSupportedError as lacks:
            self._close()
            if not to.isascii():
                raise Undeliverable(str(lacks)) from None
            raise
        except BaseException:
            self._close()  # In an unknown state; the next mail begins with a new connection.
            raise

    def _connected(self) -> smtplib.SMTP:
        """The kept connection if the server still answers on it, or a new one."""
        if self._server is not None and not _alive(self._server):
            self._close()
        if self._server is None:
            self._server = self._connect()
        return self._server

    def _connect(self) -> smtplib.SMTP:
        seconds = self.timeout.total_seconds()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=seconds, context=self.context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=seconds)
        try:
            if self.security == "starttls":
                server.starttls(context=self.context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()


def message_id(delivery: str, domain: str) -> str:
    """The Message-ID of a delivery: the same on each attempt, and no one else's."""
    return f"<{hashlib.sha256(delivery.encode()).hexdigest()[:40]}@{domain}>"


def _address(recipient: Recipient) -> Address:
    try:
        return Address(flat(recipient.name), addr_spec=recipient.email)
    except (ValueError, HeaderParseError, IndexError) as fault:
        raise Undeliverable(f"this is no mail address: {fault}") from None


def _alive(server: smtplib.SMTP) -> bool:
    try:
        return server.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False
