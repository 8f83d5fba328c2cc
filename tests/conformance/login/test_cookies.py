"""The cookie jar keeps the rules a browser keeps."""

from __future__ import annotations

import pytest

from tokenspec.conformance.http import Response, is_loopback
from tokenspec.conformance.login.cookies import CookieJar

ISSUER = "https://as.example"


def jar_with(cookie: str, url: str = f"{ISSUER}/login") -> CookieJar:
    jar = CookieJar()
    jar.store(url, Response(200, (("Set-Cookie", cookie),)))
    return jar


def test_a_cookie_comes_back_to_its_host_and_to_no_other() -> None:
    jar = jar_with("sid=1; Path=/; HttpOnly")
    assert jar.header_for(f"{ISSUER}/authorize") == "sid=1"
    assert jar.header_for("https://other.example/authorize") == ""


def test_path_and_expiry_count() -> None:
    jar = jar_with("a=1; Path=/interaction")
    assert jar.header_for(f"{ISSUER}/interaction/x") == "a=1"
    assert jar.header_for(f"{ISSUER}/token") == ""
    jar.store(
        f"{ISSUER}/login", Response(200, (("Set-Cookie", "a=; Path=/interaction; Max-Age=0"),))
    )
    assert len(jar) == 0


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("localhost", "localhost"),
        ("localhost", ".localhost"),
        ("as", "As"),
        ("10.0.0.7", "10.0.0.7"),
    ],
)
def test_a_host_of_one_name_or_a_number_may_name_itself(host: str, domain: str) -> None:
    url = f"http://{host}:8080/login"
    jar = jar_with(f"sid=1; Domain={domain}; Path=/; HttpOnly", url)
    assert jar.header_for(f"http://{host}:8080/authorize") == "sid=1"
    assert jar.header_for("http://another:8080/authorize") == ""
    assert len(jar_with("sid=1; Domain=another", url)) == 0


def test_a_domain_is_shared_by_its_hosts() -> None:
    jar = jar_with("sid=1; Domain=example.org; Path=/", "https://login.example.org/")
    assert jar.header_for("https://as.example.org/authorize") == "sid=1"


def test_a_foreign_domain_is_not_accepted() -> None:
    assert len(jar_with("sid=1; Domain=other.example")) == 0


@pytest.mark.parametrize(
    ("url", "sent"),
    [("http://127.0.0.1:9000/x", True), ("http://[::1]/x", True), ("http://as.example/x", False)],
)
def test_secure_cookies_go_to_the_loopback_in_the_clear(url: str, sent: bool) -> None:  # noqa: FBT001 - a case of the table
    jar = jar_with("sid=1; Secure; Path=/", url)
    assert bool(jar.header_for(url)) is sent


def test_a_copy_lives_on_its_own() -> None:
    jar = jar_with("sid=1; Path=/")
    copied = jar.copy()
    copied.store(f"{ISSUER}/x", Response(200, (("Set-Cookie", "b=2; Path=/"),)))
    assert (len(jar), len(copied)) == (1, 2)


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://localhost:1", True), ("http://127.9.9.9", True), ("http://localhost.example", False)],
)
def test_what_counts_as_loopback(url: str, expected: bool) -> None:  # noqa: FBT001 - a case of the table
    assert is_loopback(url) is expected
