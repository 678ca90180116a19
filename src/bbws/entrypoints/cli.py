"""The command line: verbs of the API from the endpoint table, and the commands that work on this machine's files."""

import errno
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import click

from bbws.entrypoints.commands import admins, local
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.follow import watch_command
from bbws.entrypoints.commands.imports import import_command
from bbws.entrypoints.commands.session import App
from bbws.entrypoints.commands.verbs import command
from bbws.tables import ENDPOINTS

type _Maker = Callable[[], click.Command]

_ABOUT = {
    "products": "What is sold",
    "campaigns": "What is offered at which price, from when to when",
    "operations": "Work that goes on in a queue",
    "audit": "The record of every change",
    "keys": "API keys",
    "queues": "Queues, and the messages that failed too often",
    "users": "People, and who of them may do everything",
    "identity": "The keys that this machine signs tokens with",
    "aws": "An environment on AWS",
}
# Groups that do this where no verb is named.
_WITHOUT_VERB = {"queues": "list"}
# Calls that are commands by themselves.
_ALONE = {"backup": "createBackup"}
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_HELP = """\
The control plane of a WordPress hosting business.

Commands speak HTTP to the server at BBWS_URL (http://127.0.0.1:8000) with the key in BBWS_API_KEY, or else with the one
in the data folder (BBWS_DATA_DIR, ./var). Those that only people may use send the token in BBWS_TOKEN, or else, to this
machine alone, one that the data folder vouches for. Only serve, restore, openapi, token, audit verify, audit rebuild,
identity, aws and users promote, demote, promoted need no server.

\b
Exit codes
  0  done
  1  the server refused it
  2  wrong usage or settings
  3  the server cannot be reached
  4  the server is at fault
  5  the work failed: an operation, rows of an import, a verification
  130  interrupted"""


class _Ordered(click.Group):
    """A group whose help keeps the order of its declaration."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)


class _Root(_Ordered):
    """All commands. Ctrl-C has its own exit code, so that a script can tell it from a refusal."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Failure("interrupted", ExitCode.INTERRUPTED) from None
        except UnicodeEncodeError as error:
            raise Failure("an argument is not text that can be sent", ExitCode.USAGE) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # click ends quietly where the reader has left
            raise Failure(f"what was asked for could not be written: {error.strerror}", ExitCode.USAGE) from error


class _Group(_Ordered):
    """The verbs of a group, and one of them for where none is named.

    Each is made when it is asked for: the schemas of all of them take longer than most commands.
    """

    def __init__(self, name: str, verbs: Mapping[str, _Maker]) -> None:
        about = _ABOUT.get(name, name.capitalize())
        self._without_verb = _WITHOUT_VERB.get(name)
        self._verbs = verbs
        super().__init__(name, short_help=about, help=f"{about}.", no_args_is_help=self._without_verb is None)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        # A name that is none is held against those of all, so that the nearest is suggested.
        for name in [cmd_name] if cmd_name in self._verbs else self._verbs:
            if name not in self.commands:
                self.add_command(self._verbs[name](), name)
        return super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_for_help = bool(set(ctx.help_option_names) & set(args))
        if self._without_verb and not asks_for_help and (not args or args[0].startswith("-")):
            args = [self._without_verb, *args]
        return super().parse_args(ctx, args)


def build(app: App) -> click.Group:
    """The whole command line."""
    root = _Root("bbws", help=_HELP, context_settings=_CONTEXT)
    click.version_option(package_name="bbws", prog_name="bbws")(root)
    root.add_command(local.serve_command())
    for group in _groups(app):
        root.add_command(group)
    for name, endpoint_id in _ALONE.items():
        root.add_command(command(app, app.endpoint(endpoint_id), name))
    root.add_command(_Group("aws", {"setup": partial(local.aws_setup_command, app)}))
    root.add_command(_Group("identity", {"rotate": partial(admins.rotate_command, app)}))
    root.add_command(local.restore_command(app))
    root.add_command(local.token_command(app))
    root.add_command(local.openapi_command())
    root.add_command(local.manifest_command())
    return root


def _groups(app: App) -> Iterator[click.Group]:
    further: dict[str, dict[str, _Maker]] = {
        "products": {"import": partial(import_command, app)},
        "operations": {"watch": partial(watch_command, app)},
        "users": {
            "promote": partial(admins.promote_command, app),
            "demote": partial(admins.demote_command, app),
            "promoted": partial(admins.promoted_command, app),
        },
        "audit": {"verify": partial(local.verify_command, app), "rebuild": partial(local.rebuild_command, app)},
    }
    for name, verbs in _by_group(app).items():
        yield _Group(name, verbs | further.get(name, {}))


def _by_group(app: App) -> dict[str, dict[str, _Maker]]:
    groups: dict[str, dict[str, _Maker]] = {}
    for endpoint in app.endpoints:
        if endpoint.cli is not None:
            group, verb = endpoint.cli
            groups.setdefault(group, {})[verb] = partial(command, app, endpoint, verb)
    return groups


def main() -> None:
    """The console script."""
    # A closed stream is one that nobody reads.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for as long as we run
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for as long as we run
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its escape, never a traceback; a pipe gets each line as it comes.
        stream.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr] # both are text files
    build(App(ENDPOINTS)).main(prog_name="bbws")


if __name__ == "__main__":
    main()
