"""The journey of a tenant on one machine, on AWS: people of the user pool, mail through SES, operations by queues."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.local import people
from tests.aws import letters
from tests.cloud.environment import Cloud, soon
from tests.stories import tenants
from tests.stories.campaigns import Said
from tests.tenants.world import TENANTS

# Of an operation that will not change any more.
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "ROLLED_BACK"}


@dataclass(frozen=True)
class Environment:
    """An environment over HTTP, and people who sign in to it."""

    cloud: Cloud
    tag: str
    tokens: dict[str, str] = field(default_factory=dict)

    def enrol(self, name: str) -> str:
        pool, secret = self.cloud.sdk("cognito-idp"), f"{secrets.token_urlsafe()}-Aa1"
        who = {"UserPoolId": self.cloud.known.user_pool, "Username": f"{self.tag}-{name}".lower()}
        proven = [{"Name": "email", "Value": self.address(name)}, {"Name": "email_verified", "Value": "true"}]
        user = pool.admin_create_user(**who, UserAttributes=proven, MessageAction="SUPPRESS")["User"]
        pool.admin_set_user_password(**who, Password=secret, Permanent=True)
        self.tokens[name] = people.sign_in(self.cloud.known, who["Username"], secret)["AccessToken"]
        assert self.ask(name, "GET", TENANTS).status == 200
        [sub] = [each["Value"] for each in user["Attributes"] if each["Name"] == "sub"]
        return f"user-{sub}"

    def address(self, name: str) -> str:
        return f"{self.tag}-{name}@example.com".lower()

    def ask(self, name: str, method: str, path: str, body: object = None) -> Said:
        if name in {"key", "nobody"}:
            return self.cloud.do(method, path, body, key=name == "key")
        token = people.access_token(self.cloud.known) if name == "boss" else self.tokens[name]
        return self.cloud.do(method, path, body, {"authorization": f"Bearer {token}"}, key=False)

    def letter(self, name: str) -> str:
        sent = soon(lambda: letters.texts(self.cloud.known.endpoint, self.address(name)), bool)
        return sent[-1]

    def finished(self, path: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = soon(
            lambda: self.ask("boss", "GET", path).json, lambda told: told["status"] in ENDED
        )
        return found

    def settle(self) -> None:
        """The record of what was done last is written by queues: it is looked for until it is there."""
        path = f"{tenants.RECORDS}?type=user.erased&pageSize=1"
        soon(lambda: self.ask("key", "GET", path).json, lambda told: bool(told["items"]))


def test_a_tenant_from_its_founding_to_its_end(cloud: Cloud) -> None:
    tenants.tell(Environment(cloud, f"T{secrets.token_hex(4)}"))
