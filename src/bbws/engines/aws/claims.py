"""People on AWS: API Gateway verifies a token of Cognito's and hands on what it claims."""

import re

from bbws.identity.model import ADMIN, SUBJECT, Claims
from bbws.kernel.actor import unauthenticated
from bbws.kernel.http import Request

_SEPARATORS = r"[\[\], ]+"


class GatewayClaims:
    """The identity's Verifier: what the gateway has verified. A token that it has not looked at proves nothing."""

    def claims(self, request: Request) -> Claims | None:
        """Whom the claims of an access token are about: by Cognito's own id. An ID token opens nothing.

        Raises:
            Problem: 401 where they are about nobody.
        """
        claims = request.claims
        if not claims:
            return None
        subject = claims.get("sub", "")
        if claims.get("token_use") != "access" or not re.fullmatch(SUBJECT, subject):
            raise unauthenticated("This token is about nobody. Sign in again.")
        # The gateway writes a list of one as it is, and a longer one in brackets or with commas.
        return Claims(subject, ADMIN in re.split(_SEPARATORS, claims.get("cognito:groups", "")))
