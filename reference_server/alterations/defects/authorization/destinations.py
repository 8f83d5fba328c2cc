"""Authorization requests sent to the wrong place: RFC 9700 §2.1, RFC 8252 §7.3, §8.4."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.defects.authorization.redirects import agreeing, host_of
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards import authorization as rules

REGISTERED = "authorize.redirect_uri_registered"
R_EXACT = "RFC9700-2.1-exact_redirect_match"
R_TEXT = "RFC6749-3.1.2.3-simple_string_comparison"
R_LOOPBACK = "RFC8252-8.4-exact_match_except_port"
R_FIRST = "RFC6749-4.1.2.1-bad_client_or_redirect_no_redirect"
R_PAIR = "RFC9700-4.11.2-no_redirect_on_invalid_pair"

Agrees = Callable[[str, str], bool]


def _also(agrees: Agrees) -> Agrees:
    """The right comparison, or `agrees(shown, registered)`."""
    return lambda shown, known: rules.matches_registered(shown, known) or agrees(shown, known)


def _matched(name: str, requirement: str, summary: str, agrees: Agrees) -> Alteration:
    return Alteration(
        f"authorize.redirect_{name}", requirement, summary, {REGISTERED: agreeing(_also(agrees))}
    )


def _unless(skipped: Callable[[Authorization], bool]) -> Check:
    """The address is checked unless another fault is noticed first."""

    def check(request: Authorization) -> None:
        if not skipped(request):
            rules.redirect_uri_registered.check(request)

    return check


def _before(
    name: str, requirement: str, what: str, noticed: Callable[[Authorization], bool]
) -> Alteration:
    summary = f"{what} is reported before the address is checked"
    return Alteration(
        f"authorize.{name}_first", requirement, summary, {REGISTERED: _unless(noticed)}
    )


def _compatible(text: str) -> str:
    """As hosts are made ASCII: look-alikes of a full stop become one (UTS #46)."""
    return unicodedata.normalize("NFKC", text).replace("\u3002", ".")


def _loosely(shown: str, known: str, *parts: str) -> bool:
    """Whether two loopback addresses agree in all but `parts`."""
    try:
        one, two = (urlsplit(url)._replace(**dict.fromkeys(parts, "")) for url in (shown, known))
    except ValueError:
        return False
    loopback = host_of(known) in rules.LOOPBACKS and host_of(shown) == host_of(known)
    return loopback and one._replace(netloc="") == two._replace(netloc="")


def _from_here(url: str) -> bool:
    return host_of(url).startswith("127.")


def _resolved(request: Authorization) -> None:
    """A path is resolved against the first registered address."""
    uris = request.client.redirect_uris if request.client else ()
    if uris and request.get("redirect_uri"):
        request.values["redirect_uri"] = urljoin(uris[0], request.get("redirect_uri"))
    rules.redirect_uri_registered.check(request)


def _next(request: Authorization) -> None:
    rules.redirect_uri_registered.check(request)
    if request.get("next"):
        request.values["redirect_uri"] = request.get("next")


def _of_anyone(request: Authorization) -> None:
    clients = request.core.config.clients
    if request.redirect_uri not in {uri for client in clients for uri in client.redirect_uris}:
        rules.redirect_uri_registered.check(request)


def _chosen(request: Authorization) -> None:
    uris = request.client.redirect_uris if request.client else ()
    if uris and not request.get("redirect_uri"):
        request.values["redirect_uri"] = uris[0]
    rules.redirect_uri_registered.check(request)


def _last_of_two(request: Authorization) -> None:
    """The first of two addresses is checked, the last is used."""
    rules.redirect_uri_registered.check(request)
    shown = [value for name, value in request.parameters if name == "redirect_uri"]
    if shown:
        request.values["redirect_uri"] = shown[-1]


def _repeats_but_addresses(request: Authorization) -> None:
    names = [name for name, _ in request.parameters if name != "redirect_uri"]
    if len(names) != len(set(names)):
        rules.no_repeats.check(request)


def _known_if_named(request: Authorization) -> None:
    if request.get("client_id"):
        rules.client_known.check(request)


def _is_public(request: Authorization) -> bool:
    return request.client is not None and request.client.auth_method == "none"


def _is_confidential(request: Authorization) -> bool:
    return request.client is not None and request.client.auth_method != "none"


DEFECTS: tuple[Alteration, ...] = (
    _matched(
        "pattern",
        R_EXACT,
        "the registered address is a pattern",
        lambda a, b: bool(re.fullmatch(b, a)),
    ),
    _matched(
        "any_port",
        R_EXACT,
        "any port of any host is taken",
        lambda a, b: (
            urlsplit(a)._replace(netloc="") == urlsplit(b)._replace(netloc="")
            and ":" in urlsplit(a).netloc
        ),
    ),
    _matched(
        "before_at",
        R_EXACT,
        "what stands before the @ is taken for the host",
        lambda a, b: urlsplit(a).netloc.split("@")[0] == urlsplit(b).netloc and "@" in a,
    ),
    _matched(
        "userinfo_dropped",
        R_EXACT,
        "user names are dropped",
        lambda a, b: a.replace("user:password@", "") == b,
    ),
    _matched(
        "subdomain",
        R_EXACT,
        "a host below the registered one will do",
        lambda a, b: host_of(a).endswith(f".{host_of(b)}"),
    ),
    _matched(
        "host_ending_alike",
        R_EXACT,
        "a host that ends like the registered one will do",
        lambda a, b: host_of(a).endswith(host_of(b)),
    ),
    _matched(
        "compatible",
        R_EXACT,
        "hosts are compared after they are made ASCII",
        lambda a, b: _compatible(a) == b,
    ),
    _matched(
        "letters_only",
        R_EXACT,
        "letters outside ASCII are dropped",
        lambda a, b: a.encode("ascii", "ignore").decode() == b,
    ),
    _matched("trimmed", R_EXACT, "space around an address is dropped", lambda a, b: a.strip() == b),
    _matched(
        "first_line",
        R_EXACT,
        "the first line of an address is compared",
        lambda a, b: a.splitlines()[:1] == [b],
    ),
    _matched(
        "root_dot",
        R_EXACT,
        "the dot after a host is dropped",
        lambda a, b: a.replace("./", "/", 1) == b,
    ),
    _matched(
        "path_parameters", R_EXACT, "path parameters are dropped", lambda a, b: a.split(";")[0] == b
    ),
    _matched(
        "resolved",
        R_EXACT,
        "dots in a path are resolved first",
        lambda a, b: urljoin(a, urlsplit(a).path) == b or a.endswith("/../callback"),
    ),
    _matched(
        "backslash",
        R_EXACT,
        "what follows a backslash is not compared",
        lambda a, b: a.split("\\")[0].startswith(b),
    ),
    _matched("ending", R_EXACT, "the end of an address is enough", lambda a, b: a.endswith(b)),
    _matched(
        "any_port_of_host",
        R_EXACT,
        "the port is not compared",
        lambda a, b: a.replace(":8443", "") == b,
    ),
    _matched(
        "fragment_dropped",
        "RFC6749-3.1.2-redirect_no_fragment",
        "the fragment is not compared",
        lambda a, b: a.split("#")[0] == b,
    ),
    _matched(
        "http_for_https",
        "RFC9700-2.6-no_http_redirect_uri",
        "http will do for https",
        lambda a, b: a.replace("http:", "https:", 1) == b,
    ),
    _matched(
        "host_any_case", R_TEXT, "the case of a host is not compared", lambda a, b: a.lower() == b
    ),
    _matched(
        "default_port_dropped",
        R_TEXT,
        "the default port is dropped",
        lambda a, b: a.replace(":443", "") == b,
    ),
    _matched(
        "beginning",
        "RFC6749-3.1.2.2-complete_uri",
        "an address below the registered one will do",
        lambda a, b: a.startswith(f"{b}/"),
    ),
    _matched(
        "loopback_any_path",
        R_LOOPBACK,
        "of a loopback address only the host is compared",
        lambda a, b: _loosely(a, b, "path", "query", "fragment"),
    ),
    _matched(
        "loopback_any_query",
        R_LOOPBACK,
        "the query of a loopback address is not compared",
        lambda a, b: _loosely(a, b, "query"),
    ),
    _matched(
        "loopback_any_fragment",
        R_LOOPBACK,
        "the fragment of a loopback address is not compared",
        lambda a, b: _loosely(a, b, "fragment"),
    ),
    _matched(
        "loopback_any_scheme",
        R_LOOPBACK,
        "the scheme of a loopback address is not compared",
        lambda a, b: _loosely(a, b, "scheme"),
    ),
    _matched(
        "loopback_beginning",
        R_LOOPBACK,
        "a host that begins like a loopback address is one",
        lambda a, b: _from_here(a) and _from_here(b),
    ),
    _matched(
        "loopback_behind_userinfo",
        R_LOOPBACK,
        "a loopback address before the @ is the host",
        lambda a, b: urlsplit(a).netloc.startswith("127.0.0.1@") and _from_here(b),
    ),
    _matched(
        "native_path",
        "RFC8252-8.4-exact_match_except_port",
        "of an app's scheme only the scheme is compared",
        lambda a, b: not b.startswith("http") and a.split(":")[0] == b.split(":")[0],
    ),
    _matched(
        "native_scheme",
        "RFC8252-8.4-exact_match_except_port",
        "a scheme that ends like an app's will do",
        lambda a, b: not b.startswith("http") and a.endswith(b),
    ),
    Alteration(
        "authorize.redirect_loopback_ipv4_only",
        "RFC8252-7.3-loopback_ipv6",
        "the port is free for 127.0.0.1 alone",
        {
            REGISTERED: agreeing(
                lambda a, b: a == b or (_from_here(b) and rules.matches_registered(a, b))
            )
        },
    ),
    Alteration(
        "authorize.redirect_no_private_scheme",
        "RFC6749-3.1.2.3-match_registered",
        "an app's scheme is refused though registered",
        {
            REGISTERED: agreeing(
                lambda a, b: a.startswith("http") and rules.matches_registered(a, b)
            )
        },
    ),
    Alteration(
        "authorize.redirect_public_unchecked",
        "RFC6749-3.1.2.2-public_registration",
        "public clients name any address",
        {REGISTERED: _unless(_is_public)},
    ),
    Alteration(
        "authorize.redirect_confidential_unchecked",
        R_EXACT,
        "confidential clients name any address",
        {REGISTERED: _unless(_is_confidential)},
    ),
    subtle(
        "authorize.client_missing_redirected",
        R_FIRST,
        "who names no client is sent to the address they name",
        authorize__client_known=_known_if_named,
    ),
    Alteration(
        "authorize.redirect_relative",
        "RFC6749-3.1.2-redirect_absolute",
        "a path is taken for an address",
        {REGISTERED: _resolved},
    ),
    Alteration(
        "authorize.redirect_of_anyone",
        R_PAIR,
        "an address of any client will do",
        {REGISTERED: _of_anyone},
    ),
    Alteration(
        "authorize.redirect_chosen",
        "RFC6749-3.1.2.3-multiple_registered_requires_param",
        "the first of several addresses is taken where none is named",
        {REGISTERED: _chosen},
    ),
    Alteration(
        "authorize.next_followed",
        "RFC9700-2.1-no_open_redirector",
        "the parameter next says where to go",
        {REGISTERED: _next},
    ),
    subtle(
        "authorize.redirect_last_of_two",
        "RFC6749-3.1-duplicate_param",
        "the first of two addresses is checked, the last used",
        authorize__redirect_uri_registered=_last_of_two,
        authorize__no_repeats=_repeats_but_addresses,
    ),
    _matched(
        "response_parameters",
        "RFC6749-3.1-duplicate_param",
        "an address may have any query, also one with a code of its own",
        lambda shown, known: "?" in shown and shown.partition("?")[0] == known,
    ),
    _before("prompt_none", R_PAIR, "prompt=none", lambda r: "none" in r.get("prompt").split()),
    _before(
        "response_type",
        R_FIRST,
        "a wrong response type",
        lambda r: r.get("response_type") not in {"", "code"},
    ),
    subtle(
        "authorize.response_mode_first",
        R_FIRST,
        "where a response mode is named, the address is not checked",
        authorize__redirect_uri_registered=_unless(lambda r: bool(r.get("response_mode"))),
        authorize__response_mode_known=nothing,
    ),
    _before(
        "challenge_method",
        R_FIRST,
        "an unknown challenge method",
        lambda r: r.get("code_challenge_method") == "S512",
    ),
    _before("scope", R_FIRST, "an unknown scope", lambda r: "not-a-scope" in r.get("scope")),
    _before(
        "repetition",
        R_FIRST,
        "a repeated parameter",
        lambda r: len(r.parameters) != len(dict(r.parameters)),
    ),
)
