"""How another issuer is named: over TLS, and whole."""

import pytest

from bbws.settings import Settings, SettingsError


@pytest.mark.parametrize(
    "named",
    [
        {"oidc_issuer": "https://issuer.example"},
        {"oidc_audience": "console"},
        {"oidc_jwks_url": "https://issuer.example/keys"},
        {"oidc_admin": "groups=staff"},
        {"oidc_issuer": "http://issuer.example", "oidc_audience": "console"},
        {"oidc_issuer": "http://127.0.0.1@issuer.example", "oidc_audience": "console"},
        {"oidc_issuer": "http://localhost.example", "oidc_audience": "console"},
        {"oidc_issuer": "ftp://issuer.example", "oidc_audience": "console"},
        {"oidc_issuer": "issuer.example", "oidc_audience": "console"},
        {"oidc_issuer": "https://issuer.example", "oidc_audience": "console", "oidc_admin": "staff"},
        {"oidc_issuer": "https://issuer.example", "oidc_audience": "console", "oidc_jwks_url": "http://a.example"},
    ],
)
def test_settings_that_are_not_safe_or_not_whole_are_refused(named: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="BBWS_OIDC_"):
        Settings.of(**named)


def test_settings_of_this_machine_need_no_tls() -> None:
    for url in ("http://127.0.0.1:8080", "http://localhost/realms/a", "http://[::1]:1/x", "https://issuer.example/a"):
        assert Settings.of(oidc_issuer=url, oidc_audience="a").oidc_issuer == url
