"""A signed POST for each notice, to one URL of the host's choosing.

Signed as the Standard Webhooks specification has it (https://www.standardwebhooks.com): HMAC-SHA256 over the delivery
id, the timestamp and the body, so that a receiver in any language can check it with a library there is. A redirect is
not followed, since a signed body goes to nobody else. Names and addresses are not in it; persons are opaque ids.
"""

from __future__ import annotations

import base64
import hmac
import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, urlsplit

import attrs

from phaseflow.hooks import Later, Telling, Undeliverable, hookimpl

if TYPE_CHECKING:
    from phaseflow.core.notices import Notice

REFUSED = frozenset({400, 410, 413, 422})
"""Answers that no further attempt can change: this body is not wanted. Any other failure is tried again."""

TOLERANCE = timedelta(minutes=5)
"""How old a signed body may be before a receiver takes it for a replay."""

_READ = 64 * 1024
"""So much of an answer is read at most; nothing in it matters but its status."""


def _secure() -> ssl.SSLContext:
    return ssl.create_default_context()


@attrs.define(kw_only=True, eq=False)
class Webhook:
    """Posts notices as JSON.

    Args:
        url: Where to; ``https`` unless *plain*.
        secret: What both sides know, at least 24 characters; one that begins with ``whsec_`` is base64 behind that.
        headers: Further headers, such as a token.
        plain: Whether ``http`` will do: for a receiver on the same machine.
        context: The TLS context; by default the machine's certificates and host names are checked.
        timeout: For connecting and for the answer.
        name: The name its deliveries are kept under.

    The connection is kept between calls and closed when the relay is idle. Safe to share between threads.

    Raises:
        ValueError: The URL or the secret will not do.
    """

    url: str
    secret: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    plain: bool = False
    context: ssl.SSLContext = attrs.field(factory=_secure, repr=False)
    timeout: timedelta = timedelta(seconds=20)
    name: str = "webhook"
    _place: SplitResult = attrs.field(init=False, repr=False)
    _lock: threading.Lock = attrs.field(init=False, factory=threading.Lock, repr=False)
    _server: http.client.HTTPConnection | None = attrs.field(init=False, default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        self._place = urlsplit(self.url)
        wanted = ("https", "http") if self.plain else ("https",)
        if self._place.scheme not in wanted or not self._place.hostname:
            raise ValueError(f"the url has to begin with {' or '.join(f'{scheme}://' for scheme in wanted)}")
        if len(_key(self.secret)) < 24:
            raise ValueError("the secret has to have at least 24 bytes")

    @hookimpl
    def notice(self, notice: Notice, delivery: Telling) -> None:
        """Post one notice.

        Raises:
            Later: The receiver is not up to it now, and may have said when.
            Undeliverable: It will never take this.
        """
        body = json.dumps(payload(notice, delivery), ensure_ascii=False, separators=(",", ":")).encode()
        signed = signature_headers(self.secret, delivery.id, delivery.now, body)
        with self._lock:
            status, again = self._post(body, {**self.headers, "Content-Type": "application/json", **signed})
        if 200 <= status < 300:
            return
        if status in REFUSED:
            raise Undeliverable(f"the receiver answered {status}")
        raise Later(f"the receiver answered {status}", after=_wait(again, delivery.now))

    @hookimpl
    def idle(self) -> None:
        """Close the connection."""
        with self._lock:
            self._close()

    def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Post once; a kept connection that the server has closed meanwhile is replaced, as nothing went over it."""
        kept = self._server is not None
        try:
            return self._ask(body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._close()
            if not kept:
                raise
            return self._ask(body, headers)
        except BaseException:
            self._close()
            raise

    def _ask(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        server = self._server or self._connect()
        self._server = server
        target = self._place._replace(scheme="", netloc="", fragment="").geturl() or "/"
        server.request("POST", target, body, dict(headers))
        answer = server.getresponse()
        answer.read(_READ)
        if not answer.isclosed():  # A longer answer than anybody reads: not worth waiting for.
            self._close()
        return answer.status, answer.headers.get("Retry-After", "")

    def _connect(self) -> http.client.HTTPConnection:
        host, port, seconds = self._place.hostname or "", self._place.port, self.timeout.total_seconds()
        if self._place.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=seconds, context=self.context)
        return http.client.HTTPConnection(host, port, timeout=seconds)

    def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()


def payload(notice: Notice, delivery: Telling) -> dict[str, Any]:
    """What is posted: the notice, and which telling of it this is."""
    return {
        "id": delivery.id,
        "attempt": delivery.attempt,
        "kind": notice.kind,
        "campaign": notice.campaign,
        "unit": notice.unit,
        "run": notice.run,
        "at": notice.at.isoformat(),
        "subject": notice.subject,
        "title": notice.title,
        "roles": list(notice.roles),
        "persons": list(notice.persons),
        "owing": notice.owing,
        "data": dict(notice.data),
        "clause": list(notice.clause),
    }


def signature_headers(secret: str, delivery: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a signed body. *at* is the timestamp, aware."""
    id_, seconds = quote(delivery, safe="/:").replace(".", "%2E"), str(int(at.timestamp()))
    return {"webhook-id": id_, "webhook-timestamp": seconds, "webhook-signature": _sign(secret, id_, seconds, body)}


def verified(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """For a receiver: whether this body was signed with the secret, no longer ago than `TOLERANCE`.

    Args:
        secret: What both sides know.
        headers: Of the request, by their names in lower case.
        body: The bytes as they came.
        now: The present instant, aware.
    """
    seconds = headers.get("webhook-timestamp", "")
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= 12):
        return False
    if abs(now - datetime.fromtimestamp(int(seconds), UTC)) > TOLERANCE:
        return False
    wanted = _sign(secret, headers.get("webhook-id", ""), seconds, body).encode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(wanted, one.encode()) for one in given)


def _sign(secret: str, id_: str, seconds: str, body: bytes) -> str:
    signed = b".".join((id_.encode(), seconds.encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(_key(secret), signed, 'sha256')).decode()}"


def _key(secret: str) -> bytes:
    coded = secret.removeprefix("whsec_")
    return secret.encode() if coded == secret else base64.b64decode(coded, validate=True)


def _wait(text: str, now: datetime) -> timedelta:
    """What a Retry-After header asks for: seconds, or a date; nothing where it cannot be read."""
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), 366 * 86_400))
    try:
        return max(parsedate_to_datetime(text) - now, timedelta(0))
    except (ValueError, TypeError):
        return timedelta(0)
