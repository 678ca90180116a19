"""Who vouches for people on one machine: its own keys, and the issuer that its settings name."""

from pathlib import Path

from bbws.engines.embedded.identity import LocalTokens, SignIns
from bbws.engines.embedded.issuer_http import IssuerHttp
from bbws.engines.embedded.issuer_keys import IssuerKeys
from bbws.engines.embedded.oidc import AdminClaim, OidcTokens
from bbws.engines.embedded.promoted import Promoted
from bbws.kernel.clock import Clock
from bbws.settings import Settings


def sign_ins(settings: Settings, folder: Path, clock: Clock) -> tuple[SignIns, LocalTokens]:
    """What verifies tokens, and the own ones among them."""
    own = LocalTokens(folder, settings.environment, clock)
    return SignIns(own, Promoted(folder), _other(settings, clock)), own


def _other(settings: Settings, clock: Clock) -> OidcTokens | None:
    if not settings.oidc_issuer:
        return None
    keys = IssuerKeys(IssuerHttp(settings.oidc_issuer, settings.oidc_jwks_url))
    admin = AdminClaim.of(settings.oidc_admin)
    return OidcTokens(settings.oidc_issuer, settings.oidc_audience, keys, clock, admin)
