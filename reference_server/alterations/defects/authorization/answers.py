"""Answers to authorization requests that say too much, and logins that are older than asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokenspec.reference_server.alterations.building import making, nothing, subtle, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.endpoints.callback import Answered
from tokenspec.reference_server.endpoints.interaction import Asked
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards import authorization as rules
from tokenspec.reference_server.policies import setting
from tokenspec.reference_server.store import MemoryStore, SignIn, Store

R_STATE, R_TYPE = "RFC6749-4.1.2-state_exact", "RFC6749-4.1.2.1-unsupported_response_type"
R_UNKNOWN = "RFC6749-3.1.1-response_type_unknown"
R_LOGIN, R_AGE = "OIDCC-3.1.2.3-prompt_login_reauthenticates", "OIDCC-3.1.2.1-max_age_reauth"
State = dict[str, str]


class _FirstLogins(MemoryStore):
    """A store in which a session keeps the time of its user's first login."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[str, int] = {}

    def put_sign_in(self, sign_in: SignIn) -> None:
        """Remember a session, as old as the first one of its user."""
        first = self._first.setdefault(sign_in.username, sign_in.auth_time)
        super().put_sign_in(replace(sign_in, auth_time=first))


class _LastState(MemoryStore):
    """A store that keeps the state of the last request that had one."""

    state: str = ""


def _last_state(_store: Store) -> Store:
    return _LastState()


def _state_kept(fields: Mapping[str, str], about: Answered) -> State:
    store = about.request.core.store
    if not isinstance(store, _LastState):
        return {}
    store.state = fields.get("state", store.state)
    return {"state": store.state}


def _first_logins(_store: Store) -> Store:
    return _FirstLogins()


def _first_login_told(asked: Asked, _request: Authorization) -> Asked:
    """Who has just signed in is told as the store knows them."""
    known = asked.sign_in and asked.request.core.store.sign_in(asked.sign_in.identifier)
    return replace(asked, sign_in=known or asked.sign_in)


def _zero_is_none(asked: Asked, request: Authorization) -> Asked:
    return replace(asked, aged=asked.aged and request.get("max_age") != "0")


def _zero_when_silent(asked: Asked, _request: Authorization) -> Asked:
    return replace(asked, aged=asked.aged and not asked.silent)


def _escaped_twice(fields: Mapping[str, str], _about: Answered) -> State:
    return {"state": fields["state"].replace("%", "%25")} if "state" in fields else {}


def _cut(fields: Mapping[str, str], _about: Answered) -> State:
    return {"state": fields["state"][:255]} if "state" in fields else {}


def _read_as(response_type: str, taken: str) -> Check:
    """The check of the response type by a server that reads it in another way."""

    def check(request: Authorization) -> None:
        shown = request.get("response_type")
        read = {"first": shown.split(" ")[0], "small": shown.lower(), "any": "code"}[taken]
        if not shown or read != response_type:
            rules.response_type_known.check(request)

    return check


def _code_among(request: Authorization) -> None:
    if "code" not in request.get("response_type").split():
        rules.response_type_known.check(request)


def _empty_is_code(request: Authorization) -> None:
    if ("response_type", "") not in request.parameters:
        rules.response_type_known.check(request)


DEFECTS: tuple[Alteration, ...] = (
    Alteration(
        "authorize.state_of_an_earlier_request",
        R_STATE,
        "a request without state gets that of an earlier one back",
        tells={"authorization_response": making(_state_kept)},
        store=_last_state,
    ),
    telling(
        "authorize.state_escaped_twice",
        R_STATE,
        "state is percent-encoded twice over",
        authorization_response=making(_escaped_twice),
    ),
    telling(
        "authorize.state_cut",
        R_STATE,
        "state is cut after 255 characters",
        authorization_response=making(_cut),
    ),
    telling(
        "authorize.own_parameter",
        "RFC6749-8.2-vendor_prefix",
        "the answer has a parameter of the server's own",
        authorization_response=making(lambda _fields, _about: {"ticket": "4f1c"}),
    ),
    subtle(
        "authorize.response_type_first_word",
        R_TYPE,
        "of two response types the first counts",
        authorize__response_type_known=_read_as("code", "first"),
    ),
    subtle(
        "authorize.response_type_among_others",
        R_TYPE,
        "a response type that holds code is code",
        authorize__response_type_known=_code_among,
    ),
    subtle(
        "authorize.response_type_any_case",
        R_UNKNOWN,
        "the response type is read without regard to case",
        authorize__response_type_known=_read_as("code", "small"),
    ),
    subtle(
        "authorize.empty_response_type_assumed",
        "RFC6749-3.1-empty_param_omitted",
        "an empty response_type is taken for code",
        authorize__response_type_known=_empty_is_code,
    ),
    telling(
        "authorize.max_age_zero_is_none",
        R_AGE,
        "max_age=0 is taken for no max_age",
        asked=_zero_is_none,
    ),
    telling(
        "authorize.max_age_not_when_silent",
        R_AGE,
        "max_age has no effect beside prompt=none",
        asked=_zero_when_silent,
    ),
    Alteration(
        "authorize.first_login_kept",
        R_LOGIN,
        "a new login keeps the time of the first one",
        tells={"asked": _first_login_told},
        store=_first_logins,
    ),
    subtle(
        "pkce.passed_over",
        "RFC9700-2.1.1-pkce_supported",
        "challenge and verifier are passed over",
        pkce__verifier_present=nothing,
        pkce__verifier_form=nothing,
        pkce__verifier_matches=nothing,
    ),
    Alteration(
        "id_token.rs256",
        "FAPI2SP-5.4.1-algorithms",
        "ID tokens are signed with RS256",
        configures=setting(id_token_algorithm="RS256"),
    ),
)
