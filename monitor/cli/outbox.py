"""`outbox` and `channels`: deliveries on their way, sent and failed; samples; who has unsubscribed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Column, emit, form_of, note, say
from monitor.cli.session import session_of
from monitor.cli.words import minute
from monitor.errors import NotFound, UsageError
from monitor.types import DeliveryState

if TYPE_CHECKING:
    from monitor.types import Delivery

COLUMNS = (
    Column(head="Id", field="id", right=True),
    Column(head="Digest", field="digest_key"),
    Column(head="Channel", field="channel"),
    Column(head="To", field="recipient", wrap=True),
    Column(head="Part", field="part", rank=3),
    Column(head="State", field="state"),
    Column(head="Tries", field="attempts", right=True, rank=2),
    Column(head="Next try", field="next_try_at", show=minute, rank=2),
    Column(head="Sent", field="sent_at", show=minute, rank=1),
    Column(head="Answer", field="answer", wrap=True, rank=1),
)

UNSUBSCRIBED_COLUMNS = (
    Column(head="Recipient", field="recipient", wrap=True),
    Column(head="Since", field="at", show=minute),
    Column(head="Why", field="why", wrap=True),
)


def list_(
    ctx: typer.Context,
    state: Annotated[
        list[str] | None, typer.Option(help="ready, sending, sent, uncertain, failed or cancelled.")
    ] = None,
    digest: Annotated[str | None, typer.Option(help="Of this digest (name or key).")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List deliveries."""
    form = form_of(json_=json, csv_=csv)
    states = [_state(word) for word in state or ()]
    found = session_of(ctx).reader.deliveries.list(states=states, digest=digest, limit=limit)
    rows = [delivery_row(delivery) for delivery in found]
    emit(rows, COLUMNS, form, names=list(rows[0]) if rows else None)
    if form == "table" and not rows:
        note("no deliveries")


def _state(word: str) -> DeliveryState:
    try:
        return DeliveryState(word.lower())
    except ValueError:
        known = ", ".join(state.value for state in DeliveryState)
        raise UsageError(f"--state {word}: known are {known}") from None


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """A delivery without its texts."""
    return {
        "id": delivery.id,
        "digest_id": delivery.digest_id,
        "digest_key": delivery.digest_key,
        "channel": delivery.channel,
        "recipient": delivery.recipient,
        "part": f"{delivery.part.number}/{delivery.part.of}",
        "subject": delivery.part.subject,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "created_at": delivery.created_at,
        "next_try_at": delivery.next_try_at,
        "sent_at": delivery.sent_at,
        "code": delivery.code,
        "answer": delivery.error or delivery.receipt,
        "message_id": delivery.message_id,
    }


def _known(ctx: typer.Context, number: int) -> Delivery:
    found = session_of(ctx).archive.deliveries.get(number)
    if found is None:
        raise NotFound(f"there is no delivery {number}: `monitor outbox list` shows them")
    return found


def retry(
    ctx: typer.Context,
    deliveries: Annotated[list[int], typer.Argument(metavar="DELIVERY")],
) -> None:
    """Try a failed or uncertain delivery again.

    It is ready again at once and goes out with the next round; an uncertain one may arrive twice, with the same
    Message-ID.
    """
    session = session_of(ctx)
    for number in deliveries:
        delivery = _known(ctx, number)
        if delivery.state in (DeliveryState.SENT, DeliveryState.SENDING):
            raise UsageError(f"delivery {number} is {delivery.state}: `monitor digest resend` sends a digest again")
        session.archive.deliveries.renew(number, session.now())
        say(f"delivery {number} is ready again")


def cancel(
    ctx: typer.Context,
    deliveries: Annotated[list[int], typer.Argument(metavar="DELIVERY")],
) -> None:
    """Give up a delivery that has not been sent."""
    session = session_of(ctx)
    for number in deliveries:
        delivery = _known(ctx, number)
        if delivery.state in (DeliveryState.SENT, DeliveryState.SENDING):
            raise UsageError(f"delivery {number} is {delivery.state} and cannot be called back")
        session.archive.deliveries.record(number, DeliveryState.CANCELLED, session.now())
        say(f"delivery {number} is cancelled")


def test(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A channel of feeds.yaml, or `files`.")],
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help="To this recipient instead of the first.")] = None,
) -> None:
    """Send a sample over a channel."""
    for receipt in session_of(ctx).run(lambda app: app.deliverer.test(name, to)):
        say(f"{name} accepted it: {receipt.words or receipt.code}")


def unsubscribed(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List who gets nothing any more.

    Those who used the link in a mail, and those whom `channels unsubscribe` put there.
    """
    form = form_of(json_=json, csv_=csv)
    rows = session_of(ctx).reader.deliveries.all_suppressed()
    emit(rows, UNSUBSCRIBED_COLUMNS, form, names=["recipient", "at", "why"] if rows else None)
    if form == "table" and not rows:
        note("nobody has unsubscribed")


def unsubscribe(
    ctx: typer.Context,
    recipients: Annotated[list[str], typer.Argument(metavar="ADDRESS")],
) -> None:
    """Send nothing to a recipient any more.

    For those who ask by mail. What waits for them is cancelled with the next round.
    """
    session = session_of(ctx)
    now = session.now()
    for recipient in recipients:
        name = bare_address(recipient)
        session.archive.deliveries.suppress(name, now, "by hand")
        say(f"{name} gets nothing any more")


def allow(
    ctx: typer.Context,
    recipients: Annotated[list[str], typer.Argument(metavar="ADDRESS")],
) -> None:
    """Send to a recipient again who had unsubscribed."""
    session = session_of(ctx)
    for recipient in recipients:
        name = bare_address(recipient)
        if not session.archive.deliveries.allow(name):
            raise NotFound(f"{name} has not unsubscribed: `monitor channels unsubscribed` lists who has")
        say(f"{name} gets mail again")


def bare_address(recipient: str) -> str:
    """`Ada <ada@reader.test>` to `ada@reader.test`; anything that is no mailbox as it is."""
    from email.utils import parseaddr

    return parseaddr(recipient)[1] if "@" in recipient else recipient
