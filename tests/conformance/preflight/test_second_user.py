"""The second user is tried before anything rests on there being one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.users import NEED, second_user
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.target.model import Login
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"
TARGET = bundled_target(ISSUER)


def with_second(login: Login | None) -> Setup:
    return prepare_in_process(replace(TARGET, second_login=login), demo_config(ISSUER))


def test_two_users_who_can_sign_in_are_two_users() -> None:
    (step,) = second_user(prepare_in_process(TARGET, demo_config(ISSUER)))
    assert step.passed


def test_without_a_second_user_nothing_is_asked() -> None:
    assert not list(second_user(with_second(None)))


@pytest.mark.parametrize(
    ("login", "told"),
    [
        (Login("reference", username="hatter", password="wrong"), "Wrong username or password"),
        (TARGET.login, "the same sub"),
    ],
    ids=["wrong password", "the first user again"],
)
def test_a_second_user_who_is_none_leaves_the_rest_to_be_judged(login: Login, told: str) -> None:
    (step,) = second_user(with_second(login))
    assert not step.passed
    assert told in step.detail
    assert step.need == NEED
    assert not step.ends_it
