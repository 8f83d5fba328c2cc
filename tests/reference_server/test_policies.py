"""The switches of the policy: each does what it says, and nothing unknown is taken."""

from __future__ import annotations

import jwt
import pytest
from bench import Bench, body

from tokenspec.reference_server.alterations.dialects import CONFIDENCES, load_dialect
from tokenspec.reference_server.config import Policy, ServerConfig
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.policies import FAPI, OVERLAP, POLICIES, with_policies

ISSUER = "https://server.example"


def configured(*names: str) -> ServerConfig:
    return with_policies(demo_config(ISSUER), names)


@pytest.mark.parametrize("name", sorted(set(POLICIES) - {"dpop-nonce"}))
def test_a_switch_changes_the_configuration(name: str) -> None:
    assert configured(name) != demo_config(ISSUER)


def test_an_unknown_switch_is_told() -> None:
    with pytest.raises(ValueError, match="did you mean 'plain-pkce'"):
        configured("plain-pcke")


def test_fapi_leaves_one_way_to_authenticate() -> None:
    config = configured(*FAPI)
    assert {client.auth_method for client in config.clients} == {"private_key_jwt"}
    assert "RS256" not in config.policy.client_algorithms


class TestRefreshTokens:
    def used_twice(self, policy: Policy, *, after: float = 0.0) -> list[int]:
        bench = Bench(policy=policy)
        token = body(bench.post(bench.form()))["refresh_token"]
        fields = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token}
        first = bench.post(fields)
        bench.now += after
        return [first.status, bench.post(fields).status]

    def test_without_rotation_one_is_used_again_and_again(self) -> None:
        bench = Bench(policy=Policy(rotate_refresh_tokens=False))
        assert "refresh_token" not in body(bench.refresh())
        assert self.used_twice(Policy(rotate_refresh_tokens=False)) == [200, 200]

    def test_with_rotation_one_is_used_once(self) -> None:
        assert self.used_twice(Policy()) == [200, 400]

    def test_in_the_overlap_the_one_before_still_works(self) -> None:
        policy = Policy(rotation_overlap=OVERLAP)
        assert self.used_twice(policy) == [200, 200]
        assert self.used_twice(policy, after=OVERLAP + 1) == [200, 400]

    def test_in_the_overlap_the_one_before_that_is_a_replay(self) -> None:
        bench = Bench(policy=Policy(rotation_overlap=OVERLAP))
        first = body(bench.post(bench.form()))["refresh_token"]
        fields = {"grant_type": "refresh_token", "client_id": "app"}
        second = body(bench.post({**fields, "refresh_token": first}))["refresh_token"]
        third = body(bench.post({**fields, "refresh_token": second}))["refresh_token"]
        assert bench.post({**fields, "refresh_token": first}).status == 400
        assert bench.post({**fields, "refresh_token": third}).status == 400  # the family ended

    def test_one_comes_with_every_code(self) -> None:
        bench = Bench(policy=Policy(refresh_requires_offline_access=False))
        code = bench.code(scope="openid")
        assert "refresh_token" in body(bench.post(bench.form(code=code)))
        assert "offline_access" not in body(bench.get("openid-configuration"))["scopes_supported"]


class TestTokenRequests:
    def test_redirect_uri_is_not_needed_but_compared(self) -> None:
        bench = Bench(policy=Policy(redirect_uri_at_token=False))
        assert bench.post(bench.form(redirect_uri="")).status == 200
        assert bench.post(bench.form(redirect_uri="https://app.example/other")).status == 400

    def test_no_token_without_a_proof(self) -> None:
        bench = Bench(policy=Policy(dpop_required=True))
        assert body(bench.post(bench.form()))["error"] == "invalid_dpop_proof"
        assert bench.post(bench.form(), proofs=(bench.proof(),)).status == 200

    @pytest.mark.parametrize(
        ("audience", "status"),
        [
            ("https://as.example", 200),
            ("https://as.example/oauth/token", 401),
            (["https://as.example"], 401),
        ],
    )
    def test_an_assertion_is_addressed_to_the_issuer_alone(
        self, audience: object, status: int
    ) -> None:
        bench = Bench(policy=Policy(assertion_audience_issuer=True))
        assert bench.post(bench.assertion(aud=audience)).status == status


class TestDialect:
    def test_one_request_too_many_is_told_when_to_come_back(self) -> None:
        bench = Bench(dialect="auth0", switches=("rate_limit",))
        answers = [bench.post(bench.form()) for _ in range(11)]
        assert [answer.status for answer in answers] == [200] * 10 + [429]
        headers = dict(answers[-1].headers)
        assert 0 < int(headers["Retry-After"]) <= 60
        assert body(answers[-1])["error"] == "too_many_requests"

    def test_a_jwt_access_token_has_the_vendors_profile(self) -> None:
        bench = Bench(dialect="auth0", switches=("access_token_profile",))
        code = bench.code(audience="https://api.example/online")
        token = body(bench.post(bench.form(code=code)))["access_token"]
        assert jwt.get_unverified_header(token)["typ"] == "JWT"
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["azp"] == "app"
        assert not {"client_id", "jti"} & set(claims)

    def test_updated_at_is_a_text(self) -> None:
        bench = Bench(dialect="auth0", switches=("updated_at_text",))
        token = body(bench.post(bench.form(code=bench.code(scope="openid profile"))))
        told = body(bench.userinfo(token["access_token"]))
        assert told["updated_at"].endswith("Z")

    def test_without_redirect_uri_the_first_is_taken(self) -> None:
        fields = Bench().authorization()
        del fields["redirect_uri"]
        with pytest.raises(OAuthError):
            Bench().ask(tuple(fields.items()))
        assert Bench(dialect="auth0", switches=("redirect_uri_first",)).ask(tuple(fields.items()))

    def test_an_unknown_switch_is_told(self) -> None:
        with pytest.raises(ValueError, match="did you mean 'json_bodies'"):
            Bench(dialect="auth0", switches=("json_body",))

    def test_every_difference_says_how_it_is_known(self) -> None:
        for switch in load_dialect("auth0").switches.values():
            assert switch.source
            assert switch.confidence in CONFIDENCES
            assert switch.told or switch.summary
