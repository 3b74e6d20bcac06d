"""STS takes what AWS takes, and refuses the rest with AWS's codes: real tokens, real documents."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from kubernetes import client
from sandbox_federation import (
    AUDIENCE,
    ISSUER,
    PROVIDER_ARN,
    ROLE_ARN,
    Mint,
    Refusal,
    bind_discovery,
    ca_thumbprint,
    claims,
    refusal,
    refusal_of,
    settings,
    trust_policy,
)

from federation.keys.token import Token
from sandbox.sandbox import ACCOUNT, Sandbox

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

pytest_plugins = ["sandbox_fixtures"]
pytestmark = pytest.mark.usefixtures("role")

NOT_AUTHORIZED = (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
NOT_A_JWT = (
    400,
    "InvalidIdentityToken",
    "The ID Token provided is not a valid JWT. "
    "(You may see this error if you sent an Access Token)",
)
NO_KEY = (
    400,
    "InvalidIdentityToken",
    "Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements",
)
NOT_VALIDATED = (
    400,
    "InvalidIdentityToken",
    "The web identity token that was passed could not be validated by AWS. Get a new identity "
    "token from the identity provider and then retry the request.",
)
UNREACHABLE = (
    400,
    "IDPCommunicationError",
    "The request could not be fulfilled because the identity provider (IDP) that was asked to "
    "verify the incoming identity token could not be reached.",
)


def assume(sts: STSClient, token: str, **changes: Any) -> Any:
    call = {"RoleArn": ROLE_ARN, "RoleSessionName": "pod", "WebIdentityToken": token}
    return sts.assume_role_with_web_identity(**(call | changes))


def refused(sts: STSClient, token: str, **changes: Any) -> Refusal:
    return refusal(lambda: assume(sts, token, **changes))


def test_a_token_of_the_api_server_gives_the_credentials_of_the_role(
    sandbox: Sandbox, sts: STSClient, mint: Mint
) -> None:
    answer = assume(sts, mint())
    keys = answer["Credentials"]
    session = settings(sandbox) | {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    identity = boto3.client("sts", **session).get_caller_identity()
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/pod"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    assert (identity["Account"], identity["Arn"]) == (ACCOUNT, arn)


@pytest.mark.parametrize("text", ["garbage", "a.b.c", "....", "eyJhbGciOiJSUzI1NiJ9..c2ln"])
def test_garbage_is_no_jwt(sts: STSClient, text: str) -> None:
    assert refused(sts, text) == NOT_A_JWT


def test_the_issuer_must_have_a_provider_in_the_account(sandbox: Sandbox, sts: STSClient) -> None:
    token = sandbox.sign(claims(iss="https://other.sandbox.internal"))
    assert refused(sts, token) == (
        400,
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for https://other.sandbox.internal",
    )


def test_a_trailing_slash_makes_another_issuer(sandbox: Sandbox, sts: STSClient) -> None:
    assert refused(sts, sandbox.sign(claims(iss=f"{ISSUER}/"))) == (
        400,
        "InvalidIdentityToken",
        f"No OpenIDConnect provider found in your account for {ISSUER}/",
    )


def test_a_provider_counts_in_its_own_account_only(sts: STSClient, mint: Mint) -> None:
    arn = ROLE_ARN.replace(ACCOUNT, "210987654321")
    assert refused(sts, mint(), RoleArn=arn) == (
        400,
        "InvalidIdentityToken",
        f"No OpenIDConnect provider found in your account for {ISSUER}",
    )


def test_a_changed_payload_is_not_validated(sandbox: Sandbox, sts: STSClient) -> None:
    header, _, signature = sandbox.sign(claims()).split(".")
    _, payload, _ = sandbox.sign(claims(sub="system:serviceaccount:kube-system:admin")).split(".")
    assert refused(sts, f"{header}.{payload}.{signature}") == NOT_VALIDATED


def test_another_key_under_a_published_name_is_not_validated(
    sandbox: Sandbox, sts: STSClient
) -> None:
    header = {"alg": "RS256", "kid": _key_id(sandbox)}
    assert refused(sts, jwt.encode(header, claims(), RSAKey.generate_key(2048))) == NOT_VALIDATED


def test_a_symmetric_signature_is_not_validated(sandbox: Sandbox, sts: STSClient) -> None:
    header = {"alg": "HS256", "kid": _key_id(sandbox)}
    assert refused(sts, jwt.encode(header, claims(), OctKey.generate_key(256))) == NOT_VALIDATED


def test_no_signature_is_not_validated(sandbox: Sandbox, sts: STSClient) -> None:
    header, payload, _ = jwt.encode(
        {"alg": "HS256", "kid": _key_id(sandbox)}, claims(), OctKey.generate_key(256)
    ).split(".")
    assert refused(sts, f"{header}.{payload}.AA") == NOT_VALIDATED


def test_a_key_must_be_published(sts: STSClient) -> None:
    token = jwt.encode({"alg": "RS256", "kid": "unknown"}, claims(), RSAKey.generate_key(2048))
    assert refused(sts, token) == NO_KEY


def test_the_audience_must_be_the_providers(sts: STSClient, mint: Mint) -> None:
    assert refused(sts, mint(audience="vault")) == (
        400,
        "InvalidIdentityToken",
        "Incorrect token audience",
    )


def test_a_token_is_taken_up_to_five_minutes_after_it_expired(
    sandbox: Sandbox, sts: STSClient
) -> None:
    token = sandbox.sign(claims(exp=int(time.time()) - 270))
    assert assume(sts, token)["AssumedRoleUser"]["Arn"].endswith(":assumed-role/reader/pod")


def test_a_token_that_expired_more_than_five_minutes_ago_is_refused(
    sandbox: Sandbox, sts: STSClient
) -> None:
    expired = int(time.time()) - 300
    status, code, message = refused(sts, sandbox.sign(claims(exp=expired)))
    assert (status, code, re.sub(r"\d+ must", "NOW must", message)) == (
        400,
        "ExpiredTokenException",
        f"Token expired: current date/time NOW must be before the expiration date/time {expired}",
    )


def test_a_token_of_the_future_is_refused(sandbox: Sandbox, sts: STSClient) -> None:
    start = int(time.time()) + 400
    status, code, message = refused(sts, sandbox.sign(claims(nbf=start)))
    assert (status, code, re.sub(r"\d+ must", "NOW must", message)) == (
        400,
        "InvalidIdentityToken",
        f"Token not yet valid: current date/time NOW must be after {start}",
    )


@pytest.mark.parametrize("claim", ["exp", "iat"])
def test_a_token_without_times_is_refused(sandbox: Sandbox, sts: STSClient, claim: str) -> None:
    assert refused(sts, sandbox.sign(claims(**{claim: None}))) == (
        400,
        "InvalidIdentityToken",
        f"Missing a required claim: {claim}",
    )


@pytest.mark.parametrize("subject", ["default:other", "kube-system:default", "default:Default"])
def test_the_trust_policy_decides_about_the_subject(
    sandbox: Sandbox, sts: STSClient, subject: str
) -> None:
    token = sandbox.sign(claims(sub=f"system:serviceaccount:{subject}"))
    assert refused(sts, token) == NOT_AUTHORIZED


def test_a_role_that_does_not_exist_looks_like_one_that_does_not_trust(
    sts: STSClient, mint: Mint
) -> None:
    assert refused(sts, mint(), RoleArn=f"{ROLE_ARN}-of-nobody") == NOT_AUTHORIZED


def test_a_role_of_another_provider_does_not_trust(
    iam: IAMClient, sts: STSClient, mint: Mint
) -> None:
    policy = trust_policy(PROVIDER_ARN.replace("oidc.sandbox", "other.sandbox"))
    iam.create_role(RoleName="others", AssumeRolePolicyDocument=json.dumps(policy))
    assert refused(sts, mint(), RoleArn=ROLE_ARN.replace("reader", "others")) == NOT_AUTHORIZED


def test_no_session_is_longer_than_the_role_allows(sts: STSClient, mint: Mint) -> None:
    assert refused(sts, mint(), DurationSeconds=3601) == (
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RoleArn", "arn:aws:iam::role/reader", "Request ARN is invalid"),
        (
            "DurationSeconds",
            "899",
            "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy "
            "constraint: Member must have value greater than or equal to 900",
        ),
        (
            "DurationSeconds",
            "43201",
            "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy "
            "constraint: Member must have value less than or equal to 43200",
        ),
        (
            "RoleSessionName",
            "a",
            "1 validation error detected: Value 'a' at 'roleSessionName' failed to satisfy "
            "constraint: Member must have length greater than or equal to 2",
        ),
        (
            "RoleSessionName",
            "a" * 65,
            f"1 validation error detected: Value '{'a' * 65}' at 'roleSessionName' failed to "
            "satisfy constraint: Member must have length less than or equal to 64",
        ),
        (
            "RoleSessionName",
            "a b",
            "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        ),
        (
            "RoleSessionName",
            "",
            "1 validation error detected: Value at 'roleSessionName' failed to satisfy "
            "constraint: Member must not be null",
        ),
        (
            "WebIdentityToken",
            "a.b",
            "1 validation error detected: Value at 'webIdentityToken' failed to satisfy "
            "constraint: Member must have length greater than or equal to 4",
        ),
        (
            "WebIdentityToken",
            "a" * 20001,
            "1 validation error detected: Value at 'webIdentityToken' failed to satisfy "
            "constraint: Member must have length less than or equal to 20000",
        ),
    ],
)
def test_parameters_out_of_their_limits_are_refused(
    sandbox: Sandbox, mint: Mint, name: str, value: str, message: str
) -> None:
    # The SDK would refuse some of them by itself.
    unchecked = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    sts = boto3.client("sts", **(settings(sandbox) | {"config": unchecked}))
    sent: Any = int(value) if value.isdecimal() else value
    assert refused(sts, mint(), **{name: sent}) == (400, "ValidationError", message)


def test_the_certificate_must_have_a_thumbprint_of_the_provider(
    sandbox: Sandbox, iam: IAMClient, sts: STSClient, mint: Mint
) -> None:
    _pin(iam, "0" * 40)
    try:
        seen = refused(sts, mint())
    finally:
        _pin(iam, ca_thumbprint(sandbox))
    assert seen == (
        400,
        "InvalidIdentityToken",
        "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
    )


def test_the_keys_must_be_readable_without_credentials(
    cluster: client.ApiClient, sts: STSClient, mint: Mint, discovery: str
) -> None:
    client.RbacAuthorizationV1Api(cluster).delete_cluster_role_binding(discovery)
    try:
        # The API server's authorizer learns of it a moment later.
        seen = _once_it_changes(lambda: _outcome(sts, mint()), "let in")
    finally:
        bind_discovery(cluster)
    _once_it_changes(lambda: _outcome(sts, mint()), seen)
    assert seen == NO_KEY


def test_an_issuer_that_does_not_answer_is_a_failed_communication(
    iam: IAMClient, sandbox: Sandbox, sts: STSClient
) -> None:
    issuer = "https://127.0.0.1"
    made = iam.create_open_id_connect_provider(
        Url=issuer, ClientIDList=[AUDIENCE], ThumbprintList=[ca_thumbprint(sandbox)]
    )
    try:
        assert refused(sts, sandbox.sign(claims(iss=issuer))) == UNREACHABLE
    finally:
        iam.delete_open_id_connect_provider(
            OpenIDConnectProviderArn=made["OpenIDConnectProviderArn"]
        )


def test_the_log_tells_why_and_never_the_token(
    sandbox: Sandbox, sts: STSClient, mint: Mint
) -> None:
    token = mint(namespace="kube-system")
    refused(sts, token)
    log = (sandbox.folder / "logs" / "aws.log").read_text()
    line = [line for line in log.splitlines() if "system:serviceaccount:kube-system" in line][-1]
    assert line.partition("AssumeRole")[1:] == (
        "AssumeRole",
        "WithWebIdentity refused: AccessDenied: Not authorized to perform "
        "sts:AssumeRoleWithWebIdentity (Statement[0]: StringEquals oidc.sandbox.internal:sub: saw "
        "'system:serviceaccount:kube-system:default', expected "
        "'system:serviceaccount:default:default'.)",
    )
    assert token not in log
    assert token.rpartition(".")[2] not in log


def _key_id(sandbox: Sandbox) -> str:
    return str(Token.parse(sandbox.sign(claims())).key_id)


def _pin(iam: IAMClient, thumbprint: str) -> None:
    iam.update_open_id_connect_provider_thumbprint(
        OpenIDConnectProviderArn=PROVIDER_ARN, ThumbprintList=[thumbprint]
    )


def _outcome(sts: STSClient, token: str) -> object:
    try:
        assume(sts, token)
    except ClientError as error:
        return refusal_of(error)
    return "let in"


def _once_it_changes(outcome: Callable[[], object], before: object) -> object:
    deadline = time.monotonic() + 30
    while (seen := outcome()) == before:
        assert time.monotonic() < deadline, f"it is still {before}"
    return seen
