"""A campaign's life on both engines, the clock moved and not slept through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bbws.audit.verify import Report
from bbws.bootstrap import embedded as bootstrap
from bbws.bootstrap.aws_setup import check_archive
from bbws.kernel.router import Router
from bbws.tables import ENDPOINTS
from tests.aws import account as aws
from tests.aws.account import Account
from tests.marketing.shop import CAMPAIGNS, Shop, empty, text
from tests.stories import campaigns
from tests.stories.campaigns import Said


@dataclass(frozen=True)
class OneMachine:
    """The embedded engine in this process."""

    shop: Shop

    def now(self) -> datetime:
        return self.shop.clock.now()

    def pass_to(self, moment: datetime) -> None:
        self.shop.clock.set(moment)

    def anybody(self, path: str) -> Said:
        return self.shop.public(path)

    def key(self, method: str, path: str, body: object = None) -> Said:
        return self.shop.client.call(method, path, body)

    def admin(self, method: str, path: str, body: object = None) -> Said:
        return self.shop.admin(method, path, body)

    def work(self) -> None:
        self.shop.client.drain()

    def verified(self) -> Report:
        return bootstrap.verify_archive(self.shop.client.settings.data_dir / "archive")


@dataclass(frozen=True)
class OnAws:
    """The functions over the emulator's DynamoDB; their clock goes on by itself too."""

    account: Account
    router: Router

    def now(self) -> datetime:
        return self.account.clock.now()

    def pass_to(self, moment: datetime) -> None:
        self.account.clock.shift += max(moment - self.now(), timedelta(0))

    def anybody(self, path: str) -> Said:
        return self.account.call(self._operation("GET", path), path, key="")

    def key(self, method: str, path: str, body: object = None) -> Said:
        return self.account.call(self._operation(method, path), path, body)

    def admin(self, method: str, path: str, body: object = None) -> Said:
        return self.account.call_as_admin(self._operation(method, path), path, body)

    def work(self) -> None:
        self.account.work()

    def verified(self) -> Report:
        return check_archive(self.account.fresh())

    def _operation(self, method: str, path: str) -> str:
        """Of the call that the gateway would choose."""
        return self.router.match(method, path.partition("?")[0])[0].id


def test_a_campaign_lives_on_one_machine(tmp_path: Path) -> None:
    with empty(tmp_path / "data", start=True) as made:
        campaigns.tell(OneMachine(made))

    # Built again from the archive alone, it stands where it stood.
    again = tmp_path / "again"
    bootstrap.rebuild(tmp_path / "data" / "archive", again, lambda _: None)
    with empty(again) as rebuilt:
        rebuilt.clock.set(made.clock.now())
        assert rebuilt.read(campaigns.ONE)["status"] == "EXPIRED"
        rebuilt.client.call("PUT", f"{campaigns.PRODUCTS}/PROD-001", {"active": True})
        assert rebuilt.read(f"{campaigns.OFFERS}")["winner"] is None
        now = made.clock.now()
        rebuilt.create(code="NEW-ONE", fromDate=text(now), toDate=text(now + timedelta(days=1)))
        assert [item["code"] for item in rebuilt.items(CAMPAIGNS)] == ["NEW-ONE"]


def test_a_campaign_lives_on_aws() -> None:
    with aws.account() as made:
        campaigns.tell(OnAws(made, Router(ENDPOINTS)))
