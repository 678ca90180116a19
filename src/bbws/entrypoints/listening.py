"""Where the server listens: its sockets and its certificate, made sure of before anything else is made."""

import socket
import ssl

from bbws.settings import Settings, SettingsError

_BACKLOG = 2048


class CannotListen(Exception):  # noqa: N818 - names the finding
    """Nobody can listen at this address; the message says why."""


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """What connections are encrypted with, None where they are not.

    Raises:
        SettingsError: the files are not a certificate and its key.
    """
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password=_refuse_passphrase)
    except OSError as error:
        files = f"BBWS_TLS_CERT ({settings.tls_cert}) and BBWS_TLS_KEY ({settings.tls_key})"
        raise SettingsError(f"{files} are not a certificate and its key, both in PEM: {error.strerror}") from error
    return context


def _refuse_passphrase() -> str:
    msg = "BBWS_TLS_KEY is encrypted, and nobody is there to be asked: give a key without a passphrase"
    raise SettingsError(msg)


def bound(host: str, port: int) -> list[socket.socket]:
    """A listening socket for each address of ``host``, all at one port.

    Raises:
        CannotListen: another program does, or the address is not one of this machine.
    """
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in set(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)):
            sockets.append(opened := socket.socket(family, kind, protocol))
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # Where any free port will do, it is the same one at every address.
            opened.bind((address[0], port, *address[2:]))
            port = opened.getsockname()[1]
            # Two may bind, but one alone may listen; who calls before we answer waits.
            opened.listen(_BACKLOG)
    except OSError as error:
        close(sockets)
        raise CannotListen(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return sockets


def close(sockets: list[socket.socket]) -> None:
    """Close them all."""
    for opened in sockets:
        opened.close()
