"""Every way to a code, against the reference server over loopback."""

from __future__ import annotations

import base64
import os
import re
import shutil
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tokenspec.conformance.cli import main
from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.http import origin
from tokenspec.conformance.login import chromium, manual
from tokenspec.conformance.login.chromium import BrowserDriver
from tokenspec.conformance.login.command import by_command
from tokenspec.conformance.login.cookies import CookieJar
from tokenspec.conformance.login.handed import HandedDriver
from tokenspec.conformance.login.hook import by_function
from tokenspec.conformance.login.manual import CallbackPrompt
from tokenspec.conformance.login.model import Ending, Session
from tokenspec.conformance.target.model import Limits, Login, Network
from tokenspec.conformance.transport.in_process import InProcessTransport
from tokenspec.conformance.transport.network import NetworkTransport
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

TARGET = """\
format: 1
issuer: {issuer}
clients:
  - {{client_id: tokenspec-public, redirect_uris: ["https://client.example/callback"]}}
login: {login}
scope: openid offline_access
"""
HOOK = '''\
"""Signs in as a script of a user's own would, with the standard library alone."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def authorize(url, redirect_uri):
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(jar, Stay())
    values = {"username": "alice", "password": "wonderland", "decision": "accept"}
    page = opener.open(url)
    while True:
        text = page.read().decode()
        action = re.search(r'action="([^"]+)"', text)[1].replace("&amp;", "&")
        csrf = re.search(r'name="csrf" value="([^"]+)"', text)[1]
        body = urllib.parse.urlencode({**values, "csrf": csrf}).encode()
        place = urllib.parse.urljoin(page.url, action)
        try:
            page = opener.open(place, body)
        except urllib.error.HTTPError as answer:
            location = answer.headers["Location"]
            if location.startswith(redirect_uri):
                return location
            page = opener.open(urllib.parse.urljoin(place, location))


if __name__ == "__main__":
    import sys

    print("signing in")
    print(authorize(sys.argv[1], "https://client.example/callback"))
'''
needs_chromium = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    reason="no Chromium is installed",
)


class Scripted(Server):
    """Its pages are made by a script: without one there is no form."""

    def handle(self, request: Request) -> Response:
        answer = super().handle(request)
        if b"<form" not in answer.body:
            return answer
        hidden = base64.b64encode(answer.body).decode()
        script = f"document.getElementById('root').innerHTML = atob('{hidden}')"
        page = (
            "<!doctype html><title>App</title><div id=root></div>"
            f"<script>setTimeout(() => {{ {script} }}, 50)</script>"
        )
        headers = tuple(h for h in answer.headers if h[0] != "Content-Security-Policy")
        return replace(answer, headers=headers, body=page.encode())


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running(lambda issuer: Server(demo_config(issuer))) as found:
        yield found


@pytest.fixture(scope="module")
def scripted() -> Iterator[str]:
    with running(lambda issuer: Scripted(demo_config(issuer))) as found:
        yield found


def target(folder: Path, issuer: str, login: str) -> str:
    path = folder / "target.yaml"
    path.write_text(TARGET.format(issuer=issuer, login=login), encoding="utf-8")
    (folder / "hook.py").write_text(HOOK, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "login",
    ["{kind: python, function: 'hook.py:authorize'}", "{{kind: command, command: [{}, {}]}}"],
    ids=["python", "command"],
)
def test_a_program_of_the_users_own(
    tmp_path: Path, issuer: str, login: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if "command" in login:
        login = login.format(sys.executable, tmp_path / "hook.py")
    assert main(["check", target(tmp_path, issuer, login)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("def authorize(url, redirect_uri):\n    return None\n", "returned None, not a URL"),
        ("def authorize(url, redirect_uri):\n    raise KeyError('x')\n", "raised KeyError"),
        ("def other():\n    pass\n", "cannot be loaded"),
        ("def authorize(url, redirect_uri):\n    return redirect_uri + '?error=nope'\n", "nope"),
    ],
)
def test_a_function_that_does_not_do_it(
    tmp_path: Path,
    issuer: str,
    function: str,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = target(tmp_path, issuer, "{kind: python, function: 'hook.py:authorize'}")
    (tmp_path / "hook.py").write_text(function, encoding="utf-8")
    assert main(["check", path]) == 6
    assert told in capsys.readouterr().out


PAGE = "error-page: This application is not known."


@pytest.mark.parametrize("kind", ["python", "command"])
def test_a_program_says_that_a_page_is_one_of_an_error(tmp_path: Path, kind: str) -> None:
    hook = tmp_path / "hook.py"
    hook.write_text(
        f"def authorize(url, redirect_uri):\n    return {PAGE!r}\n\n\nprint({PAGE!r})\n",
        encoding="utf-8",
    )
    carry = (
        by_function(f"{hook}:authorize")
        if kind == "python"
        else by_command((sys.executable, str(hook)))
    )
    config = demo_config("https://server.example")
    transport = InProcessTransport(Server(config))
    driver = HandedDriver(carry, frozenset({"https://server.example:443"}), Limits())
    url, redirect_uri = f"{config.issuer}/authorize", "https://client.example/callback"
    client = config.clients[0]
    query = {
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uris[0],
        "response_type": "code",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    }
    asked = f"{url}?{urllib.parse.urlencode(query)}"
    result = driver.authorize(asked, redirect_uri, Session(CookieJar()), transport)
    assert (result.ending, result.words) == (
        Ending.ERROR_PAGE,
        "This application is not known.",
    )
    with pytest.raises(LoginBlocked, match="did not yield a code: This application is not known"):
        driver.sign_in(asked, redirect_uri, transport)


OWN_STEPS = (
    ", steps: [{wait: form}, {fill: 'input[name=username]', with: username}, "
    "{fill: '[type=password]', with: password}, {click: 'button:has-text(\"Sign in\")'}]"
)


@needs_chromium
@pytest.mark.parametrize("steps", ["", OWN_STEPS], ids=["usual fields", "own steps"])
def test_a_script_only_login_page_in_a_real_browser(
    tmp_path: Path, scripted: str, steps: str, capsys: pytest.CaptureFixture[str]
) -> None:
    login = f"{{kind: browser, username: alice, password: wonderland{steps}}}"
    assert main(["check", target(tmp_path, scripted, login)]) == 0, capsys.readouterr().out


@needs_chromium
def test_a_page_that_a_browser_cannot_pass_is_pictured(
    tmp_path: Path,
    scripted: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chromium, "STEP_MILLISECONDS", 300.0)
    pictures = tmp_path / "pictures"
    steps = f"steps: [{{wait: '#no-such-thing'}}], screenshots: {pictures}"
    login = f"{{kind: browser, username: alice, password: wonderland, {steps}}}"
    assert main(["check", target(tmp_path, scripted, login)]) == 6
    said = capsys.readouterr().out
    assert "login step 'wait: #no-such-thing' found nothing" in said
    (picture,) = pictures.glob("*.png")
    assert str(picture) in said
    assert picture.read_bytes().startswith(b"\x89PNG")


class ScriptedErrors(Server):
    """Its error pages are made by a script, with status 200."""

    def handle(self, request: Request) -> Response:
        answer = super().handle(request)
        led = any(name == "Location" for name, _ in answer.headers)
        if led or b"<form" in answer.body or "/authorize" not in request.url:
            return answer
        words = "document.getElementById('root').textContent = 'We do not know that address'"
        page = f"<!doctype html><title>App</title><div id=root></div><script>{words}</script>"
        headers = tuple(h for h in answer.headers if h[0] != "Content-Security-Policy")
        return replace(answer, status=200, headers=headers, body=page.encode())


@needs_chromium
def test_an_error_page_made_by_a_script_is_soon_known_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chromium, "QUIET", 0.5)
    with running(lambda issuer: ScriptedErrors(demo_config(issuer))) as issuer:
        login = Login("browser", username="alice", password="wonderland")
        origins = frozenset({origin(issuer)})
        driver = BrowserDriver(login, origins, Limits(), Network())
        known, unknown = "https://client.example/callback", "https://client.example/unknown"
        query = f"{issuer}/authorize?response_type=code&client_id=tokenspec-public&scope=openid"
        query += f"&code_challenge={'A' * 43}&code_challenge_method=S256&redirect_uri="
        with NetworkTransport(Limits()) as network:
            session = driver.sign_in(query + known, known, network)
            result = driver.authorize(query + unknown, unknown, session, network)
    assert result.ending is Ending.ERROR_PAGE
    assert result.words == "We do not know that address"


def test_a_script_only_page_without_a_browser_says_so(
    tmp_path: Path, scripted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = target(tmp_path, scripted, "{username: alice, password: wonderland}")
    assert main(["check", path]) == 6
    said = capsys.readouterr().out
    assert "made by a script" in said
    assert "login kind 'browser'" in said


def test_without_a_login_the_documents_are_judged_and_the_rest_is_named(
    tmp_path: Path, issuer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = target(tmp_path, issuer, "{kind: none}")
    report = ("--report-dir", str(tmp_path / "report"))
    assert main(["run", path, *report, "--select", "metadata", "--select", "pkce"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"needs code: login kind none has no way", said)
    assert re.search(r"metadata +[1-9]", said)


def test_pasted_callbacks_find_their_requests_in_any_order() -> None:
    states = ["one", "two", "three"]
    shown: list[str] = []
    all_shown = threading.Event()

    def write(text: str) -> None:
        shown.append(text)
        if sum("https://login.example" in part for part in shown) == len(states):
            all_shown.set()

    lines = iter(
        [
            "https://client.example/callback?state=unknown&code=0\n",
            "\n",
            "https://client.example/callback?state=three&code=3\n",
            "https://client.example/callback#state=one&code=1\n",
            "[{number}] https://client.example/callback?code=2\n",
        ]
    )

    def read() -> str:
        all_shown.wait(10)
        line = next(lines, "")
        number = next(t.split("]")[0].strip(" \n[") for t in shown if "state=two" in t)
        return line.format(number=number)

    prompt = CallbackPrompt(read, write)
    got: dict[str, str] = {}

    def ask(state: str) -> None:
        got[state] = prompt.ask(f"https://login.example/authorize?state={state}", "")

    threads = [threading.Thread(target=ask, args=(state,)) for state in states]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert {state: place[-1] for state, place in got.items()} == {
        "one": "1",
        "two": "2",
        "three": "3",
    }
    assert any("belongs to none" in text for text in shown)


def test_ending_the_run_waits_for_no_line() -> None:
    asked, released = threading.Event(), threading.Event()

    def read() -> str:
        released.wait(10)
        return "\n"

    prompt = CallbackPrompt(read, lambda _text: asked.set())
    told: list[str] = []

    def ask() -> None:
        try:
            prompt.ask("https://login.example/authorize?state=x", "")
        except LoginBlocked as error:
            told.append(error.message)

    waiting = [threading.Thread(target=ask) for _ in range(2)]
    for thread in waiting:
        thread.start()
    assert asked.wait(10)
    prompt.stop()
    released.set()  # what reads sees by `ended` that it need not go on
    for thread in waiting:
        thread.join(10)
    assert prompt.ended
    assert len(told) == 2


def test_the_end_of_the_input_reaches_everyone_who_waits() -> None:
    prompt = CallbackPrompt(lambda: "", lambda _text: None)
    for _ in range(2):
        with pytest.raises(LoginBlocked, match="no callback URL was entered"):
            prompt.ask("https://login.example/authorize?state=x", "")


def test_a_person_at_a_terminal_is_asked_there(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    monkeypatch.setattr(manual, "TERMINAL", Path(os.ttyname(theirs)))
    prompt = manual.by_hand()
    got: list[str] = []
    asking = threading.Thread(
        target=lambda: got.append(prompt.ask("https://login.example/authorize?state=x", ""))
    )
    asking.start()
    shown = b""
    while b"state=x" not in shown:
        shown += os.read(ours, 4096)
    os.write(ours, b"https://client.example/callback?code=c&state=x\n")
    asking.join(10)
    assert got == ["https://client.example/callback?code=c&state=x"]
    monkeypatch.undo()
    os.close(ours)
    os.close(theirs)
