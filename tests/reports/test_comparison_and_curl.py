"""A case beside its control, and its request as a command that is safe to paste."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import Any
from urllib.parse import quote as percent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.conftest import Made
from tokenspec.reports.comparison import differences, pairs
from tokenspec.reports.curl import curl, quote, variables

ARGUMENTS = r"""
curl() { printf '%s\0' "$@"; }
CODE=the-code CREDENTIALS=the-credentials CODE_VERIFIER=the-verifier DPOP_PROOF=the-proof
"""
NASTY = "a'b\"c$(touch /tmp/owned)`id`\\\n; echo x & {}[]*~!"


def arguments(command: str) -> list[str]:
    """What a shell makes of a command of ours."""
    bash = shutil.which("bash") or "bash"
    done = subprocess.run(
        [bash, "-c", ARGUMENTS + command], capture_output=True, text=True, check=True, timeout=10
    )
    assert done.stderr == ""
    return done.stdout.split("\0")[:-1]


def exchange(**changes: Any) -> dict[str, Any]:
    return {
        "step": "token",
        "method": "POST",
        "url": "https://server.example/oauth/token",
        "request_headers": [["Content-Type", "application/x-www-form-urlencoded"]],
        "request_body": "grant_type=authorization_code&code=‹code 0123456789›&scope=a%20b%26c",
        "decoded": {},
    } | changes


def test_what_a_case_is_about_stands_first_and_is_marked(flawed: Made) -> None:
    told = 0
    for finding in flawed.record.findings:
        if finding["verdict"] != "fail" or not finding["twin"]:
            continue
        found = differences(finding)
        meant = [d for d in found if d.meant]
        assert list(found[: len(meant)]) == meant
        named = {text.partition(":")[0] for text in finding["sent"]}
        assert {f"{d.step}.{d.place}" for d in meant} <= named
        told += bool(meant)
    assert told > 5


def test_a_header_left_out_is_a_difference() -> None:
    control = exchange(request_headers=[["DPoP", "‹dpop_proof 0123456789›"]])
    case = exchange(request_headers=[])
    finding = {"twin": [control], "exchanges": [case], "sent": ["token.headers.DPoP: left out"]}
    (found,) = differences(finding)
    assert (found.place, found.case, found.meant) == ("headers.DPoP", None, True)


def test_a_parameter_sent_twice_shows_both() -> None:
    finding = {
        "twin": [exchange(request_body="code=a")],
        "exchanges": [exchange(request_body="code=a&code=b")],
        "sent": ["token.code: sent twice"],
    }
    (found,) = differences(finding)
    assert found.case == "a  and again  b"


def test_a_command_sends_what_was_sent() -> None:
    sent = exchange(
        request_headers=[
            ["Content-Type", "application/x-www-form-urlencoded"],
            ["Authorization", "Basic ‹credentials 0123456789›"],
            ["Accept", "application/json"],
        ]
    )
    assert arguments(curl(sent)) == [
        "--include", "--globoff", "--request", "POST", "https://server.example/oauth/token",
        "--header", "Content-Type: application/x-www-form-urlencoded",
        "--header", "Authorization: Basic the-credentials",
        "--data-urlencode", "grant_type=authorization_code",
        "--data-urlencode", "code=the-code",
        "--data-urlencode", "scope=a b&c",
    ]  # fmt: skip
    assert variables(sent) == ("CREDENTIALS", "CODE")


def test_a_secret_in_an_address_is_a_variable_too() -> None:
    sent = exchange(url="https://server.example/?scope=a b&state=‹code 0123456789›")
    address = "https://server.example/?scope=a%20b&state=the-code"
    assert address in arguments(curl(sent))


@pytest.mark.parametrize("place", ["url", "header", "body", "form"])
def test_nothing_a_server_sent_runs_in_the_readers_shell(place: str) -> None:
    changes = {
        "url": {"url": f"https://server.example/{NASTY}"},
        "header": {"request_headers": [["X", NASTY]]},
        "body": {"request_headers": [], "request_body": NASTY},
        "form": {"request_body": f"a={percent(NASTY)}"},
    }[place]
    told = arguments(curl(exchange(**changes)))
    assert any(NASTY in argument or NASTY.replace(" ", "%20") in argument for argument in told)


def test_a_body_is_never_read_from_a_file() -> None:
    for body in ("@/etc/passwd", "a@/etc/passwd=1", "=@x"):
        command = curl(exchange(request_body=body))
        assert "--data-raw" in command or "--data-urlencode =" not in command
        assert "--data-binary" not in command


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0‹›"), min_size=1))
def test_quoting_keeps_any_text(text: str) -> None:
    assert shlex.split(quote(text)) == [text]


@given(st.lists(st.tuples(st.text("abc_", min_size=1), st.text("ab %&=+‹›"))))
def test_form_parameters_come_back(given_pairs: list[tuple[str, str]]) -> None:
    body = "&".join(f"{name}={percent(value, safe='‹› ')}" for name, value in given_pairs)
    assert pairs(body) == given_pairs
