"""Versions and aliases of the Lambda functions: publish, back up, move traffic, watch, roll back, tidy up."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.pipeline.artefacts import from_base64, in_base64
from infra.pipeline.aws import Client, pages
from infra.pipeline.model import PipelineError

BACKUP = "backup-"
KEPT = 3
_LATEST = "$LATEST"

type Versions = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Moves the traffic of ``functions`` between versions by their ``alias``. The order is that of a release."""

    lambda_: Client
    functions: Sequence[str]
    alias: str

    def publish(self, checksum: str) -> dict[str, str]:
        """The version of each function that runs the package of a checksum; a new one unless its last is that.

        Raises:
            PipelineError: a function holds another package.
        """
        code = in_base64(checksum)
        return {function: self._publish(function, code) for function in self.functions}

    def _publish(self, function: str, code: str) -> str:
        self.lambda_.get_waiter("function_updated_v2").wait(FunctionName=function)
        held = self.lambda_.get_function_configuration(FunctionName=function)["CodeSha256"]
        if held != code:
            raise PipelineError(f"{function} holds another package than the one to release: was the plan applied?")
        version: str = self.lambda_.publish_version(FunctionName=function, CodeSha256=code)["Version"]
        self.lambda_.get_waiter("published_version_active").wait(FunctionName=function, Qualifier=version)
        return version

    def current(self) -> dict[str, str]:
        """The version that each function's alias points to."""
        return {function: self._alias(function, self.alias)["FunctionVersion"] for function in self.functions}

    def _alias(self, function: str, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.lambda_.get_alias(FunctionName=function, Name=name)
        except self.lambda_.exceptions.ResourceNotFoundException as error:
            raise PipelineError(f"{function} has no alias '{name}'.") from error
        return found

    def packages(self) -> dict[str, list[str]]:
        """The checksums of what each function runs, two while its calls are divided; none where there is none yet."""
        return {function: self._packages(function) for function in self.functions}

    def _packages(self, function: str) -> list[str]:
        try:
            alias = self.lambda_.get_alias(FunctionName=function, Name=self.alias)
        except self.lambda_.exceptions.ResourceNotFoundException:
            return []  # Terraform is yet to make it
        about = self.lambda_.get_function_configuration
        found = (about(FunctionName=function, Qualifier=version)["CodeSha256"] for version in _pointed_to([alias]))
        return sorted({from_base64(code) for code in found})

    def back_up(self, now: datetime) -> str:
        """Point a new alias ``backup-<time>`` of every function to what it runs now; its name."""
        name = f"{BACKUP}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        for function, version in self.current().items():
            self.lambda_.create_alias(FunctionName=function, Name=name, FunctionVersion=version)
        return name

    def route(self, versions: Versions, weight: float = 1.0) -> None:
        """Send ``weight`` (above 0, at most 1) of the calls to ``versions``, and the rest to what ran before."""
        for function in (one for one in self.functions if one in versions):
            self._route(function, versions[function], weight)

    def _route(self, function: str, version: str, weight: float) -> None:
        stays = self._alias(function, self.alias)["FunctionVersion"]
        if weight < 1 and stays == version:
            return  # an alias cannot divide between a version and itself
        main, others = (version, {}) if weight >= 1 else (stays, {version: weight})
        routing = {"AdditionalVersionWeights": others}
        self.lambda_.update_alias(FunctionName=function, Name=self.alias, FunctionVersion=main, RoutingConfig=routing)

    def backups(self, function: str) -> dict[str, str]:
        """The backup aliases of a function, newest first, and the version of each; none where there is no function."""
        try:
            found = pages(self.lambda_, "list_aliases", "Aliases", FunctionName=function)
        except self.lambda_.exceptions.ResourceNotFoundException:
            return {}  # the deployment that was to make it failed before it did
        names = {alias["Name"]: alias["FunctionVersion"] for alias in found if alias["Name"].startswith(BACKUP)}
        return dict(sorted(names.items(), reverse=True))

    def roll_back(self, target: str = "") -> dict[str, str]:
        """Send every call to the versions of a backup alias (the newest if none is named); where each points now.

        Consumers first: no function meets a combination of versions that the release did not pass through. A function
        that the backup does not know is new since then; it stays as it is.

        Raises:
            PipelineError: no function has such a backup, or all run its versions already.
        """
        name = target or next(iter(sorted(self._all_backups(), reverse=True)), "")
        wanted = {function: self.backups(function).get(name, "") for function in self.functions}
        known = {function: version for function, version in wanted.items() if version}
        if not known:
            raise PipelineError(f"No function has the alias '{name or BACKUP + '<time>'}'.")
        for function in reversed(self.functions):
            if function in known:
                self._route(function, known[function], 1.0)
        return known

    def _all_backups(self) -> Iterable[str]:
        return {name for function in self.functions for name in self.backups(function)}

    def pin(self, function: str, version: str) -> dict[str, str]:
        """Send every call of one function to a version that is still kept.

        Raises:
            PipelineError: there is no such function or version.
        """
        if function not in self.functions or version not in self._versions(function):
            raise PipelineError(f"{function} has no version {version}.")
        self._route(function, version, 1.0)
        return {function: version}

    def _versions(self, function: str) -> list[str]:
        """Published versions, newest first."""
        found = pages(self.lambda_, "list_versions_by_function", "Versions", FunctionName=function)
        numbers = (one["Version"] for one in found if one["Version"] != _LATEST)
        return sorted(numbers, key=int, reverse=True)

    def tidy(self) -> int:
        """Keep the last three backups and the last three versions of each function, beside those that an alias needs.

        Returns:
            how many versions were deleted.
        """
        return sum(self._tidy(function) for function in self.functions)

    def _tidy(self, function: str) -> int:
        for name in list(self.backups(function))[KEPT:]:
            self.lambda_.delete_alias(FunctionName=function, Name=name)
        needed = set(_pointed_to(pages(self.lambda_, "list_aliases", "Aliases", FunctionName=function)))
        old = [version for version in self._versions(function)[KEPT:] if version not in needed]
        for version in old:
            self.lambda_.delete_function(FunctionName=function, Qualifier=version)
        return len(old)


def _pointed_to(aliases: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for alias in aliases:
        yield alias["FunctionVersion"]
        yield from alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def watch(
    look: Callable[[], list[str]], minutes: float, clock: Callable[[], float], pause: Callable[[float], None]
) -> list[str]:
    """Look every 15 seconds for ``minutes``, and once more at the end; the first troubles found, or none."""
    until = clock() + minutes * 60
    while not (found := look()) and (left := until - clock()) > 0:
        pause(min(15.0, left))
    return found
