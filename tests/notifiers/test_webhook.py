"""Signed posts to a real HTTP receiver: outage, refusal, patience, doubles, forgery."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from phaseflow.hooks import Later, Telling
from phaseflow.notifiers import Webhook
from phaseflow.notifiers.webhook import TOLERANCE, signature_headers, verified
from phaseflow.relay import Relay, RelayReport, RetryPolicy
from phaseflow.stores import open_store
from phaseflow.stores.base import Store
from tests.notifiers.receiver import Receiver
from tests.notifiers.test_smtp import certificate, free_port
from tests.outbox import MINUTE, NOON, a_notice, post, receipts

__all__ = ["certificate"]

SECRET = "whsec_" + base64.b64encode(b"a secret that nobody guesses").decode()
TELLING = Telling(id="safety/north:1:0/webhook", hook="webhook", attempt=1, now=NOON)
EXACT = RetryPolicy(jitter=lambda *_: 1)  # type: ignore[arg-type,return-value]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def store() -> Store:
    return open_store("memory:")


def hook(port: int, **more: Any) -> Webhook:
    return Webhook(**({"url": f"http://127.0.0.1:{port}/hook?team=a", "secret": SECRET, "plain": True} | more))


def test_a_notice_is_posted_signed_and_without_names(receiver: Receiver, store: Store) -> None:
    """One POST a notice, over one connection, with the delivery id; the signature holds, and persons are ids."""
    relay = Relay(store, [hook(receiver.port, headers={"Authorization": "Bearer x"})])
    ids = [post(store, persons=("li",)), post(store, kind="outcome")]
    assert relay.run(NOON) == RelayReport(delivered=2)
    assert receiver.paths == ["/hook?team=a"] * 2
    assert len(receiver.connections) == 1
    first, headers = json.loads(receiver.bodies[0]), receiver.headers[0]
    assert first["id"] == f"{ids[0]}/webhook"
    assert (first["kind"], first["persons"], first["data"]["due"]) == ("due_soon", ["li"], "2009-03-13")
    assert headers["webhook-id"] == f"{ids[0]}/webhook"
    assert headers["authorization"] == "Bearer x"
    assert verified(SECRET, headers, receiver.bodies[0], NOON)


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the Standard Webhooks specification, computed by hand from its text."""
    import hashlib
    import hmac

    body, id_ = b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek"
    headers = signature_headers("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id_, NOON, body)
    signed = f"{id_}.{int(NOON.timestamp())}.".encode() + body
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"{}"},
        {"webhook-id": "another"},
        {"webhook-timestamp": "1236686401"},
        {"webhook-timestamp": "noon"},
        {"webhook-timestamp": "9" * 30},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"secret": "another secret of that length"},
        {"now": NOON + TOLERANCE + MINUTE},
        {"now": NOON - TOLERANCE - MINUTE},
    ],
)
def test_a_receiver_sees_what_was_forged_or_replayed(change: dict[str, Any]) -> None:
    """Any change of body, id, time or key, and a body that is too old, fail the check; several signatures may stand."""
    body = b'{"kind":"outcome"}'
    headers = signature_headers(SECRET, "r:1:1/webhook", NOON, body)
    assert verified(SECRET, headers | {"webhook-signature": f"v1,old {headers['webhook-signature']}"}, body, NOON)
    forged = headers | {name: value for name, value in change.items() if name in headers}
    assert not verified(
        change.get("secret", SECRET), forged, change.get("body", body), change.get("now", NOON + MINUTE)
    )


def test_an_outage_delays_and_loses_nothing(store: Store) -> None:
    """Down: put off. Up again: each comes once, in order, under its own id."""
    receiver = Receiver(free_port())
    relay = Relay(store, [hook(receiver.port)], policy=EXACT)
    ids = [post(store), post(store)]
    assert relay.run(NOON) == RelayReport(retried=1, waiting=2)
    assert "ConnectionRefusedError" in receipts(store)[0].error
    with receiver:
        assert relay.run(NOON + MINUTE) == RelayReport(delivered=2)
    assert [headers["webhook-id"] for headers in receiver.headers] == [f"{id}/webhook" for id in ids]


def test_a_receiver_that_restarts_between_two_posts_is_found_again(store: Store) -> None:
    """A kept connection that died is replaced, and the post goes out once."""
    port = free_port()
    webhook = hook(port)
    for _ in range(2):
        with Receiver(port) as receiver:
            webhook.notice(a_notice(), TELLING)
            assert len(receiver.bodies) == 1
    webhook.idle()


def test_a_post_that_was_taken_and_not_settled_comes_again_under_its_id(receiver: Receiver, store: Store) -> None:
    """Killed between send and settle: the receiver can drop the double by its id."""

    class Killed(Webhook):
        def _post(self, body: Any, headers: Any) -> Any:
            found = super()._post(body, headers)
            if len(receiver.bodies) == 1:
                raise KeyboardInterrupt
            return found

    url = f"http://127.0.0.1:{receiver.port}"
    relay = Relay(store, [Killed(url=url, secret=SECRET, plain=True)], lease=MINUTE)
    post(store)
    with pytest.raises(KeyboardInterrupt):
        relay.run(NOON)
    assert relay.run(NOON + MINUTE) == RelayReport(delivered=1)
    assert len({headers["webhook-id"] for headers in receiver.headers}) == 1
    assert len(receiver.bodies) == 2
    assert receiver.paths == ["/", "/"]


@pytest.mark.parametrize(
    ("retry_after", "minutes"), [("300", 5), ("Tue, 10 Mar 2009 12:07:00 GMT", 7), ("soon", 1), ("5", 1), ("", 1)]
)
def test_a_receiver_may_say_when(receiver: Receiver, store: Store, retry_after: str, minutes: int) -> None:
    """Retry-After, in seconds or as a date, is honoured where it is longer than the usual wait."""
    receiver.answers = [(503, {"Retry-After": retry_after} if retry_after else {}), (200, {})]
    relay = Relay(store, [hook(receiver.port)], policy=EXACT)
    post(store)
    assert relay.run(NOON) == RelayReport(retried=1, waiting=1)
    assert receipts(store)[0].ready_at == NOON + minutes * MINUTE
    assert relay.run(NOON + minutes * MINUTE) == RelayReport(delivered=1)


def test_nobody_can_put_a_telling_off_for_ever(receiver: Receiver, store: Store) -> None:
    """A day is the most that a receiver can ask for at once."""
    receiver.answers = [(429, {"Retry-After": "99999999999"})]
    relay = Relay(store, [hook(receiver.port)], policy=EXACT)
    post(store)
    relay.run(NOON)
    assert receipts(store)[0].ready_at == NOON + timedelta(days=1)


@pytest.mark.parametrize("status", [400, 410, 422])
def test_what_will_never_be_taken_is_a_dead_letter(receiver: Receiver, store: Store, status: int) -> None:
    """A body that is refused as such is not posted again."""
    receiver.answers = [(status, {})]
    relay = Relay(store, [hook(receiver.port)])
    post(store)
    assert relay.run(NOON) == RelayReport(dead=1)
    assert receipts(store)[0].error == f"gave up: Undeliverable: the receiver answered {status}"


@pytest.mark.parametrize("status", [301, 401, 404, 500])
def test_what_may_be_mended_is_tried_again(receiver: Receiver, store: Store, status: int) -> None:
    """A wrong token or a missing page is mended by people; a redirect is not followed, wherever it points."""
    receiver.answers = [(status, {"Location": "http://127.0.0.1:1/"} if status == 301 else {})]
    relay = Relay(store, [hook(receiver.port)])
    post(store)
    assert relay.run(NOON) == RelayReport(retried=1, waiting=1)
    assert len(receiver.bodies) == 1


def test_a_certificate_is_checked(certificate: tuple[Path, Path]) -> None:
    """What is posted goes over TLS to whom the certificate names, and to nobody else."""
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(*certificate)
    with Receiver(tls=served) as receiver:
        url = f"https://127.0.0.1:{receiver.port}/"
        known = Webhook(url=url, secret=SECRET, context=ssl.create_default_context(cafile=certificate[0]))
        known.notice(a_notice(), TELLING)
        known.idle()
        with pytest.raises(ssl.SSLError):
            Webhook(url=url, secret=SECRET).notice(a_notice(), TELLING)
        assert len(receiver.bodies) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://example.org/", "plain": False},
        {"url": "ftp://example.org/"},
        {"url": "https://"},
        {"secret": "short"},
        {"secret": "whsec_!!"},
    ],
)
def test_an_unsafe_setting_is_refused(wrong: dict[str, Any]) -> None:
    """No plain http unless it is asked for by name, and no secret that can be guessed."""
    with pytest.raises(ValueError):
        hook(1, **wrong)


def test_secrets_are_not_shown() -> None:
    """A webhook in a log or a traceback shows neither its secret nor its headers."""
    shown = repr(hook(1, headers={"Authorization": "Bearer token"}))
    assert SECRET not in shown
    assert "token" not in shown


def test_later_says_why() -> None:
    """The error that is kept names the answer."""
    assert str(Later("the receiver answered 503", after=MINUTE)) == "the receiver answered 503"
