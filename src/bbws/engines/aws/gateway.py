"""API Gateway's own keys. They only meter: what a key may do is decided by dispatch, from hashed rows (design §3)."""

import logging
from collections.abc import Iterator

from botocore.exceptions import ClientError

from bbws.engines.aws.names import Names
from bbws.engines.aws.sdk import Client, answered, code_of
from bbws.kernel.table import Unavailable

_log = logging.getLogger("bbws.engine")
_PAGE = 500
_THERE = "ConflictException"
_GONE = "NotFoundException"
_CHECK = (
    "check that Terraform has made the usage plan, and that you may apigateway:GET and POST /apikeys and /usageplans"
)


class GatewayMeter:
    """The keys domain's Meter. A key in the gateway is named by the id of ours, and belongs to the usage plan."""

    def __init__(self, client: Client, names: Names) -> None:
        self._client = client
        self._names = names
        self._plan = ""

    def register(self, key_id: str, secret: str) -> None:
        """Have the gateway let the secret in and count its calls. Repeating it is harmless.

        Raises:
            Unavailable: the gateway cannot do so now, or is not set up.
        """
        plan = self._plan_id()
        gateway_id = self._created(key_id, secret)
        with answered(_CHECK):
            try:
                self._client.create_usage_plan_key(usagePlanId=plan, keyId=gateway_id, keyType="API_KEY")
            except ClientError as error:
                if code_of(error) != _THERE:
                    raise

    def forget(self, key_id: str) -> None:
        """Have the gateway refuse the key. Where it does not know it that is so already.

        Raises:
            Unavailable: the gateway cannot do so now, or is not set up.
        """
        for gateway_id in self._found(key_id):
            with answered(_CHECK):
                try:
                    self._client.delete_api_key(apiKey=gateway_id)
                except ClientError as error:
                    if code_of(error) != _GONE:
                        raise

    def _created(self, key_id: str, secret: str) -> str:
        """The gateway's id of the key."""
        with answered(_CHECK):
            try:
                made: str = self._client.create_api_key(name=key_id, value=secret, enabled=True)["id"]
            except ClientError as error:
                if code_of(error) != _THERE:
                    raise
                found = next(self._found(key_id), None)
                if found is None:
                    raise Unavailable(f"the gateway has the secret of {key_id} under another name") from error
                return found
        return made

    def _found(self, key_id: str) -> Iterator[str]:
        """The gateway's ids of the key."""
        position: dict[str, str] = {}
        while True:
            with answered(_CHECK):
                page = self._client.get_api_keys(nameQuery=key_id, limit=_PAGE, **position)
            # The query finds every name that begins so.
            yield from (each["id"] for each in page.get("items", ()) if each["name"] == key_id)
            if not page.get("position"):
                return
            position = {"position": page["position"]}

    def _plan_id(self) -> str:
        if not self._plan:
            self._plan = self._looked_up()
        return self._plan

    def _looked_up(self) -> str:
        position: dict[str, str] = {}
        while True:
            with answered(_CHECK):
                page = self._client.get_usage_plans(limit=_PAGE, **position)
            for each in page.get("items", ()):
                if each["name"] == self._names.usage_plan:
                    return str(each["id"])
            if not page.get("position"):
                raise Unavailable(f"there is no usage plan {self._names.usage_plan}: {_CHECK}")
            position = {"position": page["position"]}
