"""The logout endpoint: OpenID Connect RP-Initiated Logout 1.0."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from tokenspec.reference_server.authorization import Authorization, read_authorization
from tokenspec.reference_server.endpoints import pages
from tokenspec.reference_server.endpoints.answers import why
from tokenspec.reference_server.endpoints.authorize import AuthorizeEndpoint
from tokenspec.reference_server.endpoints.callback import callback_address
from tokenspec.reference_server.grants import LOGOUT
from tokenspec.reference_server.guarding import Failed, run
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Seam, seam

SEE_OTHER = 303
SIGNED_OUT: Seam[str, Authorization] = seam(
    "signed_out", "where a user without a session is sent by a logout; empty for a page"
)


class LogoutEndpoint:
    """Answers for those who want to be signed out, and for clients that want it for them."""

    def __init__(self, authorizing: AuthorizeEndpoint) -> None:
        self.core = authorizing.core
        self._authorizing = authorizing

    def answer(self, request: Request) -> Response:
        """§2: nobody is signed out unasked. Where nobody is signed in, nothing is left to ask."""
        form = request.form if request.method == "POST" else ()
        asked = read_authorization(self.core, (*request.query, *form))
        try:
            run(LOGOUT, asked, self.core.checks)
        except Failed as failed:
            shown = pages.error_page(f"The request is invalid: {failed.error.cause}.")
            return replace(pages.page(self.core, 400, shown), refusal=why(failed))
        session = self._authorizing.sign_in(request)
        if session is None:
            return self._signed_out(asked)
        if pages.csrf_agrees(request, dict(form)):
            self.core.store.end_sign_in(session.identifier)
            return self._signed_out(asked)
        csrf = pages.csrf_of(self.core, request)
        action = f"{self.core.endpoint('logout')}?{urlencode(asked.parameters)}"
        return pages.page(self.core, 200, pages.logout_page(action, csrf), csrf)

    def _signed_out(self, asked: Authorization) -> Response:
        """§3: on to the address that the client asked for, with its state, or a page."""
        address = self.core.tell(SIGNED_OUT, asked.get("post_logout_redirect_uri"), asked)
        if not address:
            return pages.page(self.core, 200, pages.signed_out_page())
        if asked.get("state"):
            address = callback_address(address) + urlencode({"state": asked.get("state")})
        return Response(SEE_OTHER, (("Location", address),))
