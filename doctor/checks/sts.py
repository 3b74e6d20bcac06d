"""The layer `sts`: the real call, by boto3 and by the aws CLI as it runs in a pod."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from doctor import evidence
from doctor.checks import aws
from doctor.checks.token import token
from doctor.examination import Check, Examination, Missing, WorkloadCheck
from doctor.finding import Finding, Rule
from doctor.live.account import AwsError
from doctor.live.aws_cli import run_aws_cli
from doctor.live.sts import Assumed, Sts
from federation.errors import UserError
from federation.model.config import ClusterConfig, Workload
from federation.model.endpoints import is_unencrypted
from federation.strict_json import json_object
from formats.escaping import quoted

_LAYER = "sts"

ENDPOINT = Rule(
    "sts-endpoint",
    _LAYER,
    "Tokens reach STS over TLS, or stay on this machine",
    "A token is a credential until it expires. The doctor does not send one over plain http to "
    "another machine, unless you pass --allow-http. The address is the one that the AWS SDKs "
    "use here: aws.endpoint_url, or AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL or the AWS "
    "configuration.",
    "An endpoint was set for an emulator on another machine, or by someone who wants the tokens.",
    "Set an 'https://' address, or unset it. Plain http is only for this machine.",
)
ASSUME = Rule(
    "sts-assume-role",
    _LAYER,
    "STS returns credentials for the workload's token",
    "The call of sts:AssumeRoleWithWebIdentity that the AWS SDKs make in a pod. It needs no "
    "credentials, and the doctor discards the ones that it gets.",
    "STS names the error; the finding has its usual cause.",
    "Fix the failed findings above first, in their order.",
)
IDENTITY = Rule(
    "sts-identity",
    _LAYER,
    "The credentials belong to the workload's role",
    "sts:GetCallerIdentity with the credentials from STS returns the assumed role.",
    "The credentials are for another role, or something other than STS issued them.",
    "Compare aws.endpoint_url and the role's name with the configuration.",
)
CLI = Rule(
    "sts-aws-cli",
    _LAYER,
    "The aws CLI gets the role with the configured environment of pods",
    "The CLI runs 'aws sts get-caller-identity' with an empty HOME (it caches roles there), a "
    "token file, and the environment that the configuration gives to pods. The CLI gets nothing "
    "from the live ConfigMap, because an environment can run code: control-plane-config-map "
    "compares the two. Only the first workload is tried; sts-assume-role tries all of them.",
    "The CLI is too old to read a token file, or STS rejects the token.",
    "Update the aws CLI, and see the findings of sts-assume-role.",
)

_COMMAND = ("aws", "sts", "get-caller-identity", "--output", "json")
_TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"
_ENDPOINTS = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)


async def client(examination: Examination) -> Sts:
    """STS, to be called without credentials, at an address that tokens may be sent to."""
    examination.allows("sts")
    seconds = examination.options.answer_timeout
    try:
        found = await asyncio.to_thread(Sts, examination.config.aws, seconds)
    except AwsError as error:
        raise Missing(str(error)) from None
    if is_unencrypted(found.endpoint) and not examination.options.allow_http:
        finding = ENDPOINT.failed(quoted(found.endpoint), "an https address")
        raise Missing.because(finding)
    return found


async def assumed(examination: Examination, workload: Workload) -> Assumed:
    """The role, taken with the workload's token."""
    found = await examination.once(token, workload)
    called = await examination.once(client)
    arn = await examination.once(aws.role_arn, workload)
    try:
        return await asyncio.to_thread(called.assume, arn, found.encoded)
    except AwsError as error:
        cause, fix = remedy(error)
        about = evidence.name(workload)
        raise Missing.because(
            ASSUME.failed(str(error), f"credentials of {arn}", about, cause=cause, fix=fix)
        ) from None


def remedy(error: AwsError) -> tuple[str, str]:
    """Cause and fix of what STS answered; empty where only the usual ones are known."""
    for code, words, cause, fix in _REMEDIES:
        if error.code == code and words in error.message.lower():
            return cause, fix
    return "", ""


_REMEDIES = (
    (
        "InvalidIdentityToken",
        "no openidconnect provider",
        "The account has no OIDC provider whose URL is the token's 'iss'.",
        "Deploy the identity stack to this account; compare the issuer byte for byte.",
    ),
    (
        "InvalidIdentityToken",
        "audience",
        "The token's 'aud' is not among the provider's client IDs.",
        "Request the configured audience in the pod's volume, or add it to the provider.",
    ),
    (
        "InvalidIdentityToken",
        "thumbprint",
        "No public authority issued the issuer's certificate, and no thumbprint of the provider "
        "matches it: it was renewed under another authority, or the wrong one was pinned.",
        "Deploy the identity stack, which reads the thumbprint again.",
    ),
    (
        "InvalidIdentityToken",
        "verification key",
        "AWS cannot read the keys from the issuer, or the signing key is not among them.",
        "See the layers discovery and keys, and check whether AWS can reach the address.",
    ),
    (
        "InvalidIdentityToken",
        "",
        "AWS cannot verify the token: its form, its signature or its issuer is wrong.",
        "See the layers keys and token.",
    ),
    (
        "ExpiredTokenException",
        "",
        "The token's 'exp' is more than five minutes in the past by AWS's clock.",
        "Read the token file before each use; set the clocks by NTP.",
    ),
    (
        "IDPCommunicationError",
        "",
        "AWS cannot reach the issuer in time: its address is private, or it is down.",
        "Serve the two documents at a public address, on port 443.",
    ),
    (
        "IDPRejectedClaim",
        "",
        "The issuer's keys do not verify the token, or a claim has expired or was revoked.",
        "See the layers keys and token.",
    ),
    (
        "AccessDenied",
        "",
        "The role does not exist, or its trust policy does not admit the token: STS does not "
        "say which.",
        "See the layers aws and trust.",
    ),
    (
        "RegionDisabledException",
        "",
        "The account administrator has not enabled STS in this region.",
        "Enable the region for the account, or configure another aws.region.",
    ),
    (
        "PackedPolicyTooLarge",
        "",
        "The session tags and policies in the token are together too large.",
        "Remove session tags from the token: Kubernetes issues none.",
    ),
    (
        "ValidationError",
        "",
        "STS rejects a parameter of the call: the role's ARN, or the length of the token.",
        "Compare the role's ARN with the one in IAM.",
    ),
    (
        "",
        "",
        "STS cannot be reached from here: check the network, the proxy and aws.endpoint_url.",
        "Check the network and HTTPS_PROXY; pods need to reach STS, too.",
    ),
    (
        "MalformedPolicyDocument",
        "",
        "A session policy is malformed; the doctor sends none.",
        "Check what is between the doctor and STS.",
    ),
)
"""Code, words in the message, cause, fix; the first that fits counts (STS API,
AssumeRoleWithWebIdentity, 'Errors')."""


async def _is_encrypted(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(client)
    if is_unencrypted(found.endpoint):
        yield ENDPOINT.warned(quoted(found.endpoint), "an https address", cause=_ALLOWED)
    else:
        yield ENDPOINT.passed(quoted(found.endpoint))


_ALLOWED = "The doctor was run with --allow-http."


async def _gives_role(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(assumed, workload)
    yield ASSUME.passed(quoted(found.arn), evidence.name(workload))


async def _is_role(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(assumed, workload)
    called = await examination.once(client)
    try:
        arn = await asyncio.to_thread(called.identity, found)
    except AwsError as error:
        yield IDENTITY.failed(str(error), _expected_role(examination, workload))
        return
    yield _compare_role(examination, workload, arn, IDENTITY)


async def _gives_role_to_cli(examination: Examination) -> AsyncIterator[Finding]:
    """With the first workload alone: each start takes the CLI half a second of a processor."""
    examination.allows("sts")
    if shutil.which(_COMMAND[0]) is None:
        raise Missing("the aws CLI is not on the PATH")
    workload = examination.config.workloads[0]
    found = await examination.once(token, workload)
    arn = await examination.once(aws.configured_role_arn, workload)
    await examination.once(client)  # tokens may be sent there
    settings = examination.config.environment(arn)
    with _like_a_pod(settings, found.encoded, _elsewhere(examination.config)) as environment:
        try:
            ran = await run_aws_cli(_COMMAND, environment)
        except OSError as error:
            raise Missing(f"the aws CLI cannot be run: {quoted(error)}") from None
    about = evidence.name(workload)
    if ran.status:
        await examination.once(assumed, workload)  # where STS refuses, it says so there
        seen = f"exit status {ran.status}: {quoted(ran.stderr.strip())}"
        yield CLI.failed(seen, _expected_role(examination, workload), about)
        return
    try:
        identity = str(json_object("The answer", ran.stdout)["Arn"])
    except (UserError, KeyError):
        yield CLI.failed(quoted(ran.stdout), "an identity in JSON", about)
        return
    yield _compare_role(examination, workload, identity, CLI)


@contextmanager
def _like_a_pod(
    settings: Mapping[str, str], token: str, elsewhere: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """The environment of a pod's container: settings, a token file, and a HOME of its own.

    All of it comes from the configuration and from this machine. An environment is code for the
    CLI (`PYTHONWARNINGS` and `BROWSER` run a command), so the live ConfigMap has no part in it:
    `control-plane-config-map` compares that.
    """
    with tempfile.TemporaryDirectory(prefix="oidc-iam-doctor-") as folder:
        file = Path(folder) / "token"
        file.touch(0o600)
        file.write_text(token)
        home = Path(folder) / "home"
        home.mkdir()
        environment = {
            **settings,
            **elsewhere,
            _TOKEN_FILE: str(file),
            "HOME": str(home),
            "PATH": os.environ.get("PATH", os.defpath),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        yield environment


def _elsewhere(config: ClusterConfig) -> dict[str, str]:
    """The address of AWS that the requests of this process go to, if it is not the usual one."""
    if config.aws.endpoint_url:
        return {"AWS_ENDPOINT_URL": config.aws.endpoint_url}
    return {name: os.environ[name] for name in _ENDPOINTS if os.environ.get(name)}


def _compare_role(examination: Examination, workload: Workload, arn: str, rule: Rule) -> Finding:
    about = evidence.name(workload)
    expected = _expected_role(examination, workload)
    if arn.rpartition("/")[0].endswith(f":{expected}"):
        return rule.passed(quoted(arn), about)
    return rule.failed(quoted(arn), expected, about)


def _expected_role(examination: Examination, workload: Workload) -> str:
    return f"assumed-role/{examination.config.role_name(workload)}"


CHECKS = (
    Check(ENDPOINT, _is_encrypted),
    WorkloadCheck(ASSUME, _gives_role),
    WorkloadCheck(IDENTITY, _is_role),
    Check(CLI, _gives_role_to_cli),
)
