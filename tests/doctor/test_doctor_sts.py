"""What STS answers, and what the doctor makes of it."""

from __future__ import annotations

import json

import pytest
from live_federation import LiveFederation

from doctor.examination import Options
from doctor.runner import examined
from federation.model.config import ClusterConfig

LOOK = "See the layers keys and token."
REFUSALS = [
    (
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for https://oidc.sandbox.internal",
        "The account has no OIDC provider whose URL is the token's 'iss'.",
        "Deploy the identity stack to this account; compare the issuer byte for byte.",
    ),
    (
        "InvalidIdentityToken",
        "Incorrect token audience",
        "The token's 'aud' is not among the provider's client IDs.",
        "Request the configured audience in the pod's volume, or add it to the provider.",
    ),
    (
        "InvalidIdentityToken",
        "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
        "No public authority issued the issuer's certificate, and no thumbprint of the provider "
        "matches it: it was renewed under another authority, or the wrong one was pinned.",
        "Deploy the identity stack, which reads the thumbprint again.",
    ),
    (
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider,  please reference "
        "AssumeRoleWithWebIdentity documentation for requirements",
        "AWS cannot read the keys from the issuer, or the signing key is not among them.",
        "See the layers discovery and keys, and check whether AWS can reach the address.",
    ),
    (
        "InvalidIdentityToken",
        "The ID Token provided is not a valid JWT.",
        "AWS cannot verify the token: its form, its signature or its issuer is wrong.",
        LOOK,
    ),
    (
        "ExpiredTokenException",
        "Token expired",
        "The token's 'exp' is more than five minutes in the past by AWS's clock.",
        "Read the token file before each use; set the clocks by NTP.",
    ),
    (
        "IDPCommunicationError",
        "The identity provider could not be reached.",
        "AWS cannot reach the issuer in time: its address is private, or it is down.",
        "Serve the two documents at a public address, on port 443.",
    ),
    (
        "IDPRejectedClaim",
        "The identity provider rejected the claim.",
        "The issuer's keys do not verify the token, or a claim has expired or was revoked.",
        LOOK,
    ),
    (
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        "The role does not exist, or its trust policy does not admit the token: STS does not "
        "say which.",
        "See the layers aws and trust.",
    ),
    (
        "RegionDisabledException",
        "STS is not activated in this region.",
        "The account administrator has not enabled STS in this region.",
        "Enable the region for the account, or configure another aws.region.",
    ),
    (
        "PackedPolicyTooLarge",
        "Packed size of session tags is too large.",
        "The session tags and policies in the token are together too large.",
        "Remove session tags from the token: Kubernetes issues none.",
    ),
    (
        "MalformedPolicyDocument",
        "The policy is malformed.",
        "A session policy is malformed; the doctor sends none.",
        "Check what is between the doctor and STS.",
    ),
    (
        "ValidationError",
        "Request ARN is invalid",
        "STS rejects a parameter of the call: the role's ARN, or the length of the token.",
        "Compare the role's ARN with the one in IAM.",
    ),
    (
        "SomethingNew",
        "What no page says",
        "STS names the error; the finding has its usual cause.",
        "Fix the failed findings above first, in their order.",
    ),
]
ASSUME = "sts-assume-role"
ONE = Options(only=frozenset({ASSUME}))


@pytest.mark.parametrize(
    ("code", "message", "cause", "fix"), REFUSALS, ids=[f"{each[0]}-{each[1]}" for each in REFUSALS]
)
async def test_each_refusal_of_sts_has_its_cause_and_fix(
    code: str, message: str, cause: str, fix: str, live: LiveFederation
) -> None:
    live.sandbox.fault("AssumeRoleWithWebIdentity", code, message, times=20)
    try:
        findings = await examined(live.config, ONE)
    finally:
        live.sandbox.fault("AssumeRoleWithWebIdentity", code, message, times=0)

    seen = f"{code}: {message!r}"
    assert [(each.verdict, each.seen, each.cause, each.fix) for each in findings] == [
        ("fail", seen, cause, fix)
    ] * 2


async def test_an_sts_that_cannot_be_reached_is_told(live: LiveFederation) -> None:
    settings = live.config.model_dump(mode="json")
    settings["aws"]["endpoint_url"] = "http://127.0.0.1:9"
    config = ClusterConfig.model_validate_json(json.dumps(settings))

    findings = await examined(config, ONE)

    assert [(each.verdict, each.seen, each.fix) for each in findings if each.code == ASSUME] == [
        (
            "fail",
            "'Could not connect to the endpoint URL: \"http://127.0.0.1:9/\"'",
            "Check the network and HTTPS_PROXY; pods need to reach STS, too.",
        )
    ] * 2


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("AWS_PROFILE", "nobody", "'The config profile (nobody) could not be found'"),
        ("AWS_ENDPOINT_URL", "nonsense", "'Invalid endpoint: nonsense'"),
    ],
)
async def test_what_is_wrong_in_the_environment_is_told(
    name: str, value: str, seen: str, live: LiveFederation, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = live.config.model_dump(mode="json")
    if name == "AWS_ENDPOINT_URL":
        settings["aws"]["endpoint_url"] = None
    config = ClusterConfig.model_validate_json(json.dumps(settings))
    monkeypatch.setenv(name, value)

    findings = await examined(config, Options(only=frozenset({"aws-access", "sts-assume-role"})))

    found = {(each.code, each.verdict, each.seen) for each in findings}
    assert found == {("aws-access", "fail", seen), ("sts-assume-role", "skip", seen)}
