"""The headers with which a browser asks: where it comes from, and what it wants the answer for.

`Origin` by the Fetch Standard, `Referer` by Referrer Policy, `Sec-Fetch-*` by Fetch Metadata
Request Headers. Servers use them to tell a form of their own page from a forged one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tokenspec.conformance.http import Headers, Response, is_loopback, origin

ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"
POLICIES = (
    "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
    "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url",
)  # fmt: skip
USUAL = "strict-origin-when-cross-origin"  # where a page names none
SITES = ("none", "same-origin", "same-site", "cross-site")  # the nearest first


@dataclass(frozen=True, slots=True)
class Initiator:
    """The page a browser stands on, with its referrer policy; or the client that sent it here."""

    url: str = ""
    policy: str = "no-referrer"  # of a client's page nothing is known

    @classmethod
    def on(cls, url: str, response: Response) -> Initiator:
        """On a page that was answered so."""
        named = ",".join(response.header_all("Referrer-Policy")).lower().split(",")
        known = [word.strip() for word in named if word.strip() in POLICIES]
        return cls(url, known[-1] if known else USUAL)


def headers_of(
    method: str,
    passed: Sequence[str],
    initiator: Initiator,
    content_type: str = "",
    *,
    by_script: bool = False,
) -> Headers:
    """What a browser sends beside cookies.

    Args:
        method: GET or POST.
        passed: the URLs of a chain of redirects; the last is the one that is asked.
        initiator: where the browser was before.
        content_type: of what is posted.
        by_script: whether a script of the page asks; the browser stays on the page then.
    """
    url = passed[-1]
    headers: Headers = (("Accept", "*/*" if by_script else ACCEPT),)
    if method == "POST":
        headers = (*headers, ("Content-Type", content_type), ("Origin", _origin(passed, initiator)))
    referer = _referer(url, initiator)
    if referer:
        headers = (*headers, ("Referer", referer))
    return (*headers, *_metadata(passed, initiator, by_script=by_script))


def _origin(passed: Sequence[str], initiator: Initiator) -> str:
    """Who asks; null where that is not told (Fetch Standard, "append a request Origin header")."""
    own, url = initiator.url, passed[-1]
    crossed = any(origin(one) != origin(own) for one in passed[:-1])
    hidden = {
        "no-referrer": True,
        "same-origin": origin(url) != origin(own),
        "origin": False,
        "origin-when-cross-origin": False,
        "unsafe-url": False,
    }.get(initiator.policy, _downgrade(own, url))
    return "null" if crossed or hidden else _serialized(own)


def _referer(url: str, initiator: Initiator) -> str:
    """The page's address as far as its policy shows it; empty where it does not."""
    page = initiator.url
    if not page or initiator.policy == "no-referrer":
        return ""
    parts = urlsplit(page)
    whole = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    short, same = f"{_serialized(page)}/", origin(page) == origin(url)
    down = _downgrade(page, url)
    shown = {
        "unsafe-url": whole,
        "origin": short,
        "same-origin": whole if same else "",
        "strict-origin": "" if down else short,
        "origin-when-cross-origin": whole if same else short,
        "no-referrer-when-downgrade": "" if down else whole,
    }
    return shown.get(initiator.policy, whole if same else "" if down else short)


def _metadata(passed: Sequence[str], initiator: Initiator, *, by_script: bool) -> Headers:
    if not _trustworthy(passed[-1]):
        return ()
    site = max((_site(initiator.url, one) for one in passed), key=SITES.index)
    if by_script:
        wanted: Headers = (("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty"))
    else:
        user = ("Sec-Fetch-User", "?1")
        wanted = (("Sec-Fetch-Mode", "navigate"), user, ("Sec-Fetch-Dest", "document"))
    return (("Sec-Fetch-Site", site), *wanted)


def _site(page: str, url: str) -> str:
    """How near a URL is to the page; the last two labels of a host stand for its site."""
    if not page:
        return "none"
    if origin(page) == origin(url):
        return "same-origin"
    one, other = urlsplit(page), urlsplit(url)
    near = one.scheme == other.scheme and _labels(one.hostname) == _labels(other.hostname)
    return "same-site" if near else "cross-site"


def _labels(host: str | None) -> list[str]:
    name = host or ""
    return [name] if name.replace(".", "").isdecimal() or ":" in name else name.split(".")[-2:]


def _serialized(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _downgrade(page: str, url: str) -> bool:
    return _trustworthy(page) and not _trustworthy(url)


def _trustworthy(url: str) -> bool:
    return urlsplit(url).scheme == "https" or is_loopback(url)
