"""What people do with webhooks, and what is told to them, for the rights of each function."""

from datetime import timedelta
from typing import Any

from bbws.tenants.webhooks.model import DELAYS
from bbws.tenants.webhooks.ports import Sent
from tests.aws.account import Account
from tests.aws.tenants_story import active, ask
from tests.tenants.hooks import BROKEN, OK, URL

GONE = Sent(410)


def tell(made: Account) -> None:
    """Every call about webhooks; deliveries that arrive, that are tried again, and that are given up."""
    own = active(made, "Hooked")
    made.work()
    webhook, other = (_created(made, own, url) for url in (URL, f"{URL}/other"))
    listed = f"{own}/webhooks?pageSize=1"
    token = ask(made, "listWebhooks", listed).json["nextToken"]
    ask(made, "listWebhooks", f"{listed}&startAt={token}")
    ask(made, "getWebhook", webhook)
    ask(made, "rotateWebhookSecret", f"{webhook}/rotate")
    _delivered(made, own, webhook)
    _tried_again(made, own, webhook)
    _given_up(made, own, webhook)
    _dropped(made, own, other)


def _created(made: Account, own: str, url: str) -> str:
    body = ask(made, "createWebhook", f"{own}/webhooks", {"url": url, "events": ["*"]}, status=201).json
    return f"{own}/webhooks/{body['webhookId']}"


def _sweep(made: Account) -> None:
    """What a minute's rule does while there is something due."""
    made.clock.shift += DELAYS[1]
    for _ in range(9):
        made.daily("webhook-deliveries")


def _happen(made: Account, own: str, number: int) -> None:
    ask(made, "updateTenant", own, {"metadata": {"number": number}})


def _delivered(made: Account, own: str, webhook: str) -> None:
    _happen(made, own, 1)
    made.work()
    assert "tenant.updated" in made.sender.events()
    ask(made, "testWebhook", f"{webhook}/test", status=202)
    _sweep(made)
    assert "webhook.tested" in made.sender.events()


def _deliveries(made: Account, webhook: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(made, "listDeliveries", f"{webhook}/deliveries").json["items"]
    return found


def _tried_again(made: Account, own: str, webhook: str) -> None:
    made.sender.answers[URL] = BROKEN
    ask(made, "createInvitation", f"{own}/invitations", {"email": "wim@example.com", "role": "Viewer"}, status=201)
    _happen(made, own, 2)
    made.work()
    listed = f"{webhook}/deliveries?pageSize=1"
    token = ask(made, "listDeliveries", listed).json["nextToken"]
    ask(made, "listDeliveries", f"{listed}&startAt={token}")
    latest = f"{webhook}/deliveries/{_deliveries(made, webhook)[0]['deliveryId']}"
    assert ask(made, "getDelivery", latest).json["outcome"] == "PENDING"
    ask(made, "replayDelivery", f"{latest}/replay", status=202)
    made.sender.answers[URL] = OK
    _sweep(made)
    assert ask(made, "getDelivery", latest).json["outcome"] == "DELIVERED"
    assert "invitation.created" in made.sender.events()


def _given_up(made: Account, own: str, webhook: str) -> None:
    made.sender.answers[URL] = GONE
    _happen(made, own, 3)
    # Whom the pool does not know has no address with the next call: it is given back to who is to be written to.
    made.know("ann", "ann@example.com")
    made.work()
    made.sender.answers[URL] = OK
    assert ask(made, "getWebhook", webhook).json["state"] == "DISABLED"
    ask(made, "enableWebhook", f"{webhook}/enable")


def _dropped(made: Account, own: str, webhook: str) -> None:
    """A webhook is deleted while something is still to be told to it."""
    made.sender.answers[f"{URL}/other"] = BROKEN
    _happen(made, own, 4)
    made.work()
    before = len(made.sender.calls)
    ask(made, "deleteWebhook", webhook, status=204)
    made.clock.shift += timedelta(days=1)
    _sweep(made)
    assert len(made.sender.calls) == before
