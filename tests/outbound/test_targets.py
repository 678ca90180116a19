"""Which addresses are called. Nothing here looks a name up or opens a connection."""

import threading
from collections.abc import Sequence

import pytest

from bbws.engines.outbound.targets import allowed, is_public, parsed, within
from bbws.tenants.webhooks.ports import Forbidden

PUBLIC = "8.8.8.8"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://hooks.example.com/bbws", "https://hooks.example.com/bbws"),
        ("HTTPS://Hooks.Example.COM", "https://hooks.example.com/"),
        ("https://hooks.example.com:443/a?b=c%20d", "https://hooks.example.com/a?b=c%20d"),
        ("https://hooks.example.com?x", "https://hooks.example.com/?x"),
        ("https://xn--bcher-kva.example/a//b/../c", "https://xn--bcher-kva.example/a//b/../c"),
        ("https://1.example.com/", "https://1.example.com/"),
        ("https://a.0xample/", "https://a.0xample/"),
    ],
)
def test_an_address_is_kept_in_one_form(url: str, kept: str) -> None:
    assert parsed(url, loopback=False).url == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https:",
        "https://",
        "https:///path",
        "hooks.example.com",
        "//hooks.example.com/",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
        "javascript:alert(1)",
        "https://user@hooks.example.com/",
        "https://user:@hooks.example.com/",
        "https://hooks.example.com@169.254.169.254/",
        "https://hooks.example.com/#here",
        "https://hooks.example.com#@169.254.169.254/",
        "https://hooks.example.com\\@169.254.169.254/",
        "https://hooks.example.com/ x",
        " https://hooks.example.com/",
        "https://hooks.example.com/\r\nX-Evil: 1",
        "https://hooks.exa\tmple.com/",
        "https://hooks.example.com/\x00",
        "https://hooks.example.com:80/",
        "https://hooks.example.com:8443/",
        "https://hooks.example.com:65536/",
        "https://hooks.example.com:-1/",
        "https://hooks.example.com:x/",
        "https://hooks.example.com./",
        "https://.example.com/",
        "https://hooks..example.com/",
        "https://-hooks.example.com/",
        "https://hooks-.example.com/",
        "https://hooks_1.example.com/",
        "https://%68ooks.example.com/",
        "https://hooks.example.com%2f@evil.example/",
        "https://" + "a." * 126 + "example.com/",
        f"https://{'a' * 64}.example.com/",
        "https://localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://8.8.8.8/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://1.2.3.0x4/",
        "https://a.0x/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00:ec2::254]/",
        "https://[::1/",
        "https://[v1.x]/",
        "https://h\u043eoks.example.com/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://hooks\u3002example\u3002com/",
        "https://\u2460.example.com/",
        "https://b\u00fccher.example/",
        "https://hooks.example.com/\u202e",
    ],
)
def test_what_is_no_address_in_the_internet_is_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        parsed(url, loopback=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "https://localhost:8443/", "http://[::1]:99/", "http://localhost/"]
)
def test_loopback_is_called_where_a_setting_allows_it(url: str) -> None:
    assert parsed(url, loopback=True).url == url
    with pytest.raises(Forbidden):
        parsed(url, loopback=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:0/", "https://localhost:00/", "https://hooks.example.com:0/"])
def test_nobody_is_called_at_port_0(url: str) -> None:
    with pytest.raises(Forbidden, match="port"):
        parsed(url, loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://10.0.0.1/",
        "http://127.0.0.2/",
        "http://0.0.0.0/",
        "http://user@localhost/",
    ],
)
def test_the_setting_allows_nothing_else(url: str) -> None:
    with pytest.raises(Forbidden):
        parsed(url, loopback=True)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address that must be refused
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.9",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:0:a9fe:a9fe::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2002:c0a8:1::",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "",
        "hooks.example.com",
        "0177.0.0.1",
        "127.1",
    ],
)
def test_any_other_address_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "addresses", [[], ["10.0.0.1"], [PUBLIC, "10.0.0.1"], ["::1", PUBLIC], [PUBLIC, "::ffff:169.254.169.254"]]
)
def test_one_address_that_is_not_public_is_enough(addresses: Sequence[str]) -> None:
    target = parsed("https://hooks.example.com/", loopback=False)
    assert allowed(target, [PUBLIC], loopback=False) == [PUBLIC]
    for loopback in (False, True):
        with pytest.raises(Forbidden) as refused:
            allowed(target, addresses, loopback=loopback)
        assert not any(address in str(refused.value) for address in addresses)


def test_a_name_that_leads_to_loopback_is_refused_also_where_loopback_is_allowed() -> None:
    with pytest.raises(Forbidden):
        allowed(parsed("https://hooks.example.com/", loopback=True), ["127.0.0.1"], loopback=True)
    local = parsed("http://localhost:8080/", loopback=True)
    assert allowed(local, ["127.0.0.1", "::1"], loopback=True) == ["127.0.0.1", "::1"]
    with pytest.raises(Forbidden):
        allowed(local, ["127.0.0.1", PUBLIC], loopback=True)


def test_a_look_up_that_does_not_end_is_left_behind() -> None:
    go_on = threading.Event()

    def hang(_host: str, _port: int) -> Sequence[str]:
        go_on.wait()
        return [PUBLIC]

    with pytest.raises(TimeoutError):
        within(hang, "hooks.example.com", 443, 0.01)
    go_on.set()


def test_a_look_up_that_fails_fails() -> None:
    def fail(_host: str, _port: int) -> Sequence[str]:
        raise UnicodeError

    with pytest.raises(OSError, match="no such host"):
        within(fail, "hooks.example.com", 443, 60)
