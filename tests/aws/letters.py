"""Mail that the emulator's SES has taken."""

import json
import urllib.request


def texts(endpoint: str, address: str) -> list[str]:
    """The plain texts of all mails to an address, as they were sent one after another."""
    with urllib.request.urlopen(f"{endpoint}/_ministack/ses/messages") as answer:  # noqa: S310 - the emulator's own
        sent = json.load(answer)["messages"]
    return [mail["BodyText"].replace("\r\n", "\n") for each in sent.values() for mail in each if address in mail["To"]]
