"""Who gets an answer from the sandbox's AWS and from its etcd."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from sandbox_federation import AUDIENCE, Mint, refusal, settings

from sandbox.certificates import certificates
from sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

pytest_plugins = ["sandbox_fixtures"]

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LIST = "Action=ListRoles&Version=2010-05-08"
BUCKET_HOST = "documents.s3.eu-west-1.amazonaws.com"
NO_KEY = (403, "MissingAuthenticationToken")
DENIED = (403, "AccessDenied")


def asked(
    sandbox: Sandbox, method: str, path: str, body: str = "", **headers: str
) -> tuple[int, str]:
    """The status and the code of the answer to a request that is not signed."""
    url = f"{sandbox.aws_endpoint}{path}"
    with urllib3.PoolManager() as pool:
        answer = pool.request(method, url, body=body, headers={**FORM, **headers}, retries=False)
    code = re.search("<Code>(.*)</Code>", answer.data.decode())
    return answer.status, code[1] if code else ""


def with_key(sandbox: Sandbox, service: str, **changes: Any) -> Any:
    return boto3.client(service, **(settings(sandbox) | changes))  # type: ignore[call-overload]


def test_a_call_without_a_key_is_refused(sandbox: Sandbox) -> None:
    assert asked(sandbox, "POST", "/", LIST) == NO_KEY
    assert asked(sandbox, "GET", f"/?{LIST}") == NO_KEY


def test_a_call_with_another_key_is_refused(sandbox: Sandbox) -> None:
    iam, s3 = (with_key(sandbox, each, aws_access_key_id="sandbox") for each in ("iam", "s3"))
    assert refusal(iam.list_roles) == (
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    )
    assert refusal(s3.list_buckets) == (
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
    )


def test_keys_differ_from_sandbox_to_sandbox(sandbox: Sandbox) -> None:
    other = Sandbox(sandbox.folder, sandbox.issuer)
    assert other.access_key != sandbox.access_key
    assert Sandbox.of(sandbox.folder) == sandbox
    assert sandbox.access_key.secret not in repr(sandbox)


def test_the_keys_of_a_session_and_of_a_user_are_taken(
    sandbox: Sandbox, sts: STSClient, iam: IAMClient, role: str, mint: Mint
) -> None:
    given = sts.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="session", WebIdentityToken=mint(AUDIENCE)
    )["Credentials"]
    session = with_key(
        sandbox,
        "sts",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    iam.create_user(UserName="someone")
    made = iam.create_access_key(UserName="someone")["AccessKey"]
    user = with_key(
        sandbox,
        "sts",
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
    )
    assert session.get_caller_identity()["Arn"].endswith(":assumed-role/reader/session")
    assert user.get_caller_identity()["Arn"].endswith(":user/someone")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/", {"Host": BUCKET_HOST}),
        ("PUT", "/documents", {}),
        ("PUT", "/key", {"Host": BUCKET_HOST}),
        ("GET", "/moto-api/data.json", {}),
        ("GET", "/moto-api/data.json", {"Host": BUCKET_HOST}),
        ("POST", "/moto-api/reset", {}),
        ("POST", "/_sandbox/fault", {}),
    ],
)
def test_a_stranger_neither_writes_nor_lists_nor_orders(
    sandbox: Sandbox, method: str, path: str, headers: dict[str, str]
) -> None:
    assert asked(sandbox, method, path, **headers) == DENIED


def test_what_strangers_may_call_leads_nowhere_else(
    sandbox: Sandbox, mint: Mint, role: str
) -> None:
    call = f"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={role}"
    call += f"&RoleSessionName=me&WebIdentityToken={mint(AUDIENCE)}"
    assert asked(sandbox, "POST", "/", call) == (200, "")
    assert asked(sandbox, "POST", "/moto-api/reset", call) == NO_KEY
    twice = (400, "ValidationError")
    assert asked(sandbox, "POST", "/?Action=DeleteRole&RoleName=reader", call) == twice
    assert asked(sandbox, "POST", "/", f"{LIST}&{call}") == twice


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_address_needs_the_key_too(sandbox: Sandbox, version: str) -> None:
    def presigned(key: str) -> str:
        signature = Config(signature_version=version)
        s3 = with_key(sandbox, "s3", aws_access_key_id=key, config=signature)
        url: str = s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        return url.removeprefix(sandbox.aws_endpoint)

    assert asked(sandbox, "GET", presigned("other")) == (403, "InvalidAccessKeyId")
    assert asked(sandbox, "GET", presigned(sandbox.access_key.id)) == (404, "NoSuchBucket")


@pytest.mark.parametrize("name", ["etcd", "etcd_peers"])
def test_etcd_answers_who_has_its_certificate_and_nobody_else(sandbox: Sandbox, name: str) -> None:
    pki = certificates(sandbox.folder / "pki")
    url = f"//127.0.0.1:{getattr(sandbox.ports, name)}/version"

    def answer(scheme: str, **trust: str) -> Any:
        with urllib3.PoolManager(**trust) as pool:  # type: ignore[arg-type]
            return json.loads(pool.request("GET", f"{scheme}:{url}", retries=False).data)

    ca = {"ca_certs": str(pki.ca)}
    ours = {"cert_file": str(pki.etcd), "key_file": str(pki.etcd_key)}
    of_the_server = {"cert_file": str(pki.chain), "key_file": str(pki.key)}
    assert answer("https", **ca, **ours)["etcdserver"].startswith("3.")
    for others in ({}, of_the_server):
        with pytest.raises((urllib3.exceptions.SSLError, urllib3.exceptions.ProtocolError)):
            answer("https", **ca, **others)
    with pytest.raises((ValueError, urllib3.exceptions.HTTPError)):
        answer("http")
