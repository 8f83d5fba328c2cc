"""Which defects a campaign cannot find, and why: by rule where there is one, else one by one."""

from __future__ import annotations

from collections.abc import Mapping

from tokenspec.conformance.fuzz.allowed_choices import AllowedChoice, allowed_choices
from tokenspec.conformance.fuzz.seeds import all_seeds
from tokenspec.conformance.scenario.model import StepKind
from tokenspec.conformance.selftest.matrix import Matrix
from tokenspec.conformance.selftest.runner import SelftestRunner
from tokenspec.conformance.verdicts import Kind, Verdict
from tokenspec.reference_server.alterations.defects import DEFECTS

FREE = "no MUST or SHOULD: the suite notes the difference and a campaign does not report it"
DOCUMENT = "a document or page that is fetched by itself and is no part of an exchange"
BY_ITSELF = (StepKind.METADATA, StepKind.JWKS, StepKind.PAGE)
ERROR_ALONE = "it shows by another error code alone, and no text names one for that refusal"
SECOND_ANSWER = (
    "its cases allow a second answer, so are no seeds, and a minute of searching found nothing"
)
NO_SUCH_REQUEST = "no change of a campaign makes such a request"
BESIDE = (
    "it shows in words, headers or a page beside an answer: a case of the suite alone asks for them"
)
BY_NAME: Mapping[str, str] = {
    "request.grant_type_present": ERROR_ALONE,
    "request.code_present": ERROR_ALONE,
    "request.refresh_token_present": ERROR_ALONE,
    "error.json_always": ERROR_ALONE,
    **dict.fromkeys(
        (
            "dpop.large_jti",
            "refresh.long_token_breaks",
            "request.charset_refused",
            "request.long_parameter_breaks",
            "request.media_type_one_case",
            "request.multipart_breaks",
        ),
        NO_SUCH_REQUEST,
    ),
    **dict.fromkeys(
        (
            "authorize.challenge_method_explained",
            "authorize.challenge_missing_explained",
            "challenge.error_in_bearer",
            "challenge.no_known_algorithm",
            "challenge.nonce_untold",
            "cors.not_at_authorize",
            "pages.error_told",
            "resource.algs_told",
            "resource.error_told",
        ),
        BESIDE,
    ),
    "introspect.own_only": "which clients are told of a token is left to the server (RFC 7662 §4)",
    "authorize.query_kept": "the browser ends elsewhere, where a server may have pages of its own",
    "authorize.by_post": "a page to sign in or a refusal: which comes first is not compared",
    "refresh.kept": "whether tokens rotate that are bound to a key is left open (RFC 9700 §2.2.2)",
    "authorize.response_mode_known": "which response modes there are is the server's choice",
    "authorize.prompt_login": "a page to sign in is passed, so nothing tells where one is missing",
}
# found by a change, a sequence or a look at every answer, though their cases are no seeds
SHOWN_OTHERWISE = frozenset(
    {
        "authorize.error_charset",
        "authorize.error_in_query",
        "authorize.error_uri_charset",
        "authorize.id_token_hint_any_refused",
        "authorize.iss_in_error",
        "authorize.prompt_any_case",
        "authorize.prompt_consent_ignored",
        "authorize.select_account_ignored",
        "authorize.user_identified",
        "code.answer_shared",
        "code.check_then_act",
        "code.invalid_replay_spares",
        "code.replay_revokes",
        "code.unused",
        "dpop.bound_token_type",
        "dpop.key_of_the_proof",
        "dpop.nonce_spends",
        "dpop.refresh_free",
        "introspect.any_bearer",
        "introspect.cnf",
        "page.not_framed",
        "pkce.downgrade_of_confidential_requests",
        "refresh.check_then_act",
        "refresh.overlooked",
        "refresh.scope_not_wider",
        "refresh.scope_same",
        "refresh.undoes_revocation",
        "refresh.unknown_scope_granted",
        "resource.query_private",
        "resource.revoked",
        "resource.scope_openid",
        "revoke.cascades",
        "token.scope_settled",
    }
)


def reasons(matrix: Matrix, runner: SelftestRunner) -> dict[str, str]:
    """Why a defect is out of reach, by name; those within reach are not named."""
    firm = frozenset(seed.case for seed in all_seeds())
    found = {name: BY_NAME.get(name) or _by_rule(name, matrix, runner, firm) for name in DEFECTS}
    return {name: why for name, why in found.items() if why}


def _by_rule(name: str, matrix: Matrix, runner: SelftestRunner, firm: frozenset[str]) -> str:
    detections = [one for one in matrix.detections if one.defect == name]
    if detections and all(one.verdict == Verdict.OBSERVE for one in detections):
        return FREE
    if detections and all(runner.cases[one.case].steps[-1].kind in BY_ITSELF for one in detections):
        return DOCUMENT
    free = next((f"free: {row.why}" for row in allowed_choices().rows if _frees(row, name)), "")
    sought = name in SHOWN_OTHERWISE or any(one.case in firm for one in detections)
    return free or ("" if sought else SECOND_ANSWER)


def _frees(row: AllowedChoice, name: str) -> bool:
    """Whether an allowed choice lets every server grant what this guard refuses."""
    always = not (row.step or row.changed or row.unless or row.after or row.after_failure)
    return row.guard == name and row.kind == Kind.ACCEPTED and always
