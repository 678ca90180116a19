"""Which addresses are called: those of hosts in the public Internet, whatever an address is made to look like.

A name is looked up, every address that it leads to is held against the registries below, and the call goes to one of
those very addresses: there is no second look-up that could be answered otherwise (DNS rebinding).
"""

import re
import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from bbws.tenants.webhooks.ports import Forbidden

HTTPS = 443
_PORTS = {"https": HTTPS, "http": 80}
_LONGEST_NAME = 253
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_VISIBLE = re.compile(r"[!-~]+", re.ASCII)
# What the WHATWG's URL standard takes for a number, and so its host for an IPv4 address: 127.1, 0x7f.0.0.1, 2130706433.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

# IANA's registries of special addresses, and what clouds answer their own machines at. Public is what is left.
_SPECIAL_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; some clouds' metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's own services, for its machines alone
        "169.254.0.0/16",  # link-local: the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 nothing but global unicast, less what is special within it. So fd00:ec2::254, fe80:: and ff00:: are out.
_GLOBAL_6 = IPv6Network("2000::/3")
_SPECIAL_6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20"))
_6TO4, _6TO4_SHIFT = IPv6Network("2002::/16"), 80
_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_MASK = 0xFFFFFFFF

type Resolve = Callable[[str, int], Sequence[str]]


class Target(NamedTuple):
    """A parsed address.

    Attributes:
        host: in lower case; ``authority``: host and port as the header Host has them.
        path: with the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port, as the header Host has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as it is kept."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parsed(url: str, *, loopback: bool) -> Target:
    """The address in a text. ``loopback``: whether it may be one of this machine.

    Raises:
        Forbidden: it is none that is ever called.
    """
    parts, port = _split(url)
    host = (parts.hostname or "").lower()
    own = loopback and host in _LOOPBACK_NAMES
    if parts.scheme != "https" and not (own and parts.scheme == "http"):
        raise Forbidden("The address must begin with https://.")
    if "@" in parts.netloc:
        raise Forbidden("The address must hold no name and no password.")
    if "#" in url:
        raise Forbidden("The address must have no fragment (#).")
    if not own:
        _check_name(host if "[" not in parts.netloc else "")
        if port not in {None, HTTPS}:
            raise Forbidden("The address must have no port, or 443.")
    if port == 0:
        raise Forbidden("The address must have no port 0: nobody listens there.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def _split(url: str) -> tuple[SplitResult, int | None]:
    # Every reader must find the same host: \ and blanks are where they differ.
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        raise Forbidden(
            "The address must be of visible ASCII without \\: its host as xn--…, the rest as %… where need be."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Forbidden("The address must be a URL such as https://hooks.example.com/bbws.") from error
    return parts, port


def _check_name(host: str) -> None:
    labels = host.split(".")
    if len(host) > _LONGEST_NAME or len(labels) == 1 or not all(map(_LABEL.fullmatch, labels)):
        raise Forbidden("The address must name a host in the public Internet, such as hooks.example.com.")
    if _NUMBER.fullmatch(labels[-1]):
        raise Forbidden("The address must name a host, not hold its IP address.")


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public Internet, also where it holds one of another kind."""
    try:
        address = ip_address(text)
    except ValueError:
        return False  # of a network of this machine's own (fe80::1%eth0), or none at all
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        inner = _inner(address)
        if inner is None:
            return address in _GLOBAL_6 and not any(address in network for network in _SPECIAL_6)
        address = inner
    return address.is_global and not any(address in network for network in _SPECIAL_4)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a gateway on the way would take out of this one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & _IPV4_MASK)
    if address in _6TO4:
        return IPv4Address(int(address) >> _6TO4_SHIFT & _IPV4_MASK)
    return None


def _is_loopback(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False


def look_up(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a host.

    Raises:
        OSError: it has none, or nobody can say now.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def within(resolve: Resolve, host: str, port: int, seconds: float) -> Sequence[str]:
    """What ``resolve`` finds within a time: the system's own look-up knows no limit.

    Raises:
        OSError: as there; TimeoutError.
    """
    found: list[Sequence[str]] = []
    failed: list[OSError | UnicodeError] = []

    def look() -> None:
        try:
            found.append(resolve(host, port))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    # Left behind when the time is over; it ends when the system gives up.
    thread = threading.Thread(target=look, name="bbws-look-up", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise OSError("no such host") from failed[0]
    if not found:
        raise TimeoutError("the name was not found in time")
    return found[0]


def allowed(target: Target, addresses: Sequence[str], *, loopback: bool) -> Sequence[str]:
    """The addresses that a host leads to, if all of them may be called.

    Raises:
        Forbidden: one may not, or there is none.
    """
    own = loopback and target.host in _LOOPBACK_NAMES
    may = _is_loopback if own else is_public
    if not addresses or not all(may(address) for address in addresses):
        raise Forbidden("The host does not lead into the public Internet alone.")
    return addresses
