"""IAM refuses what moto would take, and fails as it is told to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sandbox_federation import AUDIENCE, ISSUER, ca_thumbprint, refusal, trust_policy

from sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

pytest_plugins = ["sandbox_fixtures"]

THROTTLED = (400, "Throttling", "Rate exceeded")
NO_PROVIDER_URL = (400, "ValidationError", "Invalid Open ID Connect Provider URL")


def policy_of(length: int) -> str:
    """A trust policy with as many characters that count."""
    text = json.dumps(trust_policy("arn:aws:iam::123456789012:oidc-provider/x"), indent=4)
    missing = length - len("".join(text.split()))
    return text.replace("sts:", "sts:" + "?" * missing)


def test_awss_managed_policies_are_there(iam: IAMClient) -> None:
    arn = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PolicyName"] == "ViewOnlyAccess"


def test_role_names_that_differ_in_case_only_are_one(iam: IAMClient) -> None:
    iam.create_role(RoleName="Twin", AssumeRolePolicyDocument=policy_of(500))
    assert refusal(
        lambda: iam.create_role(RoleName="tWIN", AssumeRolePolicyDocument=policy_of(500))
    ) == (409, "EntityAlreadyExists", "Role with name tWIN already exists.")


def test_a_trust_policy_may_have_2048_characters_that_are_no_white_space(iam: IAMClient) -> None:
    policy = policy_of(2048)
    iam.create_role(RoleName="long", AssumeRolePolicyDocument=policy)
    assert len(policy) > 2048


@pytest.mark.parametrize("action", ["create_role", "update_assume_role_policy"])
def test_a_longer_trust_policy_is_over_the_quota(iam: IAMClient, action: str) -> None:
    calls: dict[str, dict[str, Any]] = {
        "create_role": {"AssumeRolePolicyDocument": policy_of(2049)},
        "update_assume_role_policy": {"PolicyDocument": policy_of(2049)},
    }
    assert refusal(lambda: getattr(iam, action)(RoleName="longer", **calls[action])) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://oidc.sandbox.internal",
        "https://oidc.sandbox.internal:6443",
        "https://oidc.sandbox.internal?a=b",
        "oidc.sandbox.internal",
    ],
)
def test_a_provider_needs_an_https_address_without_port_and_query(iam: IAMClient, url: str) -> None:
    assert (
        refusal(
            lambda: iam.create_open_id_connect_provider(
                Url=url, ClientIDList=[AUDIENCE], ThumbprintList=["0" * 40]
            )
        )
        == NO_PROVIDER_URL
    )


def test_a_provider_has_at_most_five_thumbprints(iam: IAMClient) -> None:
    thumbprints = [f"{number:040x}" for number in range(6)]
    assert refusal(
        lambda: iam.create_open_id_connect_provider(
            Url="https://six.sandbox.internal", ThumbprintList=thumbprints
        )
    ) == (409, "LimitExceeded", "Cannot exceed quota for ThumbprintsPerOpenIdConnectProvider: 5")


def test_a_thumbprint_has_forty_hex_digits(iam: IAMClient) -> None:
    assert refusal(
        lambda: iam.create_open_id_connect_provider(
            Url="https://odd.sandbox.internal", ThumbprintList=["g" * 40]
        )
    ) == (
        400,
        "ValidationError",
        f"1 validation error detected: Value '{'g' * 40}' at 'thumbprintList' failed to satisfy "
        "constraint: Member must have length equal to 40",
    )


def test_a_provider_without_thumbprints_gets_the_one_on_top_of_the_chain(
    sandbox: Sandbox, iam: IAMClient
) -> None:
    made = iam.create_open_id_connect_provider(Url=f"{ISSUER}/path", ClientIDList=[AUDIENCE])
    arn = made["OpenIDConnectProviderArn"]
    seen = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert seen["ThumbprintList"] == [ca_thumbprint(sandbox)]
    assert seen["ClientIDList"] == [AUDIENCE]


def test_audiences_come_to_a_provider_and_go_again(iam: IAMClient) -> None:
    made = iam.create_open_id_connect_provider(
        Url="https://more.sandbox.internal", ClientIDList=[AUDIENCE], ThumbprintList=["0" * 40]
    )
    arn = made["OpenIDConnectProviderArn"]

    def audiences() -> list[str]:
        return iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"]

    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="vault")
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="vault")
    assert audiences() == [AUDIENCE, "vault"]
    iam.remove_client_id_from_open_id_connect_provider(
        OpenIDConnectProviderArn=arn, ClientID=AUDIENCE
    )
    assert audiences() == ["vault"]


def test_an_unknown_provider_gets_no_audience(iam: IAMClient) -> None:
    arn = "arn:aws:iam::123456789012:oidc-provider/none.sandbox.internal"
    assert refusal(
        lambda: iam.add_client_id_to_open_id_connect_provider(
            OpenIDConnectProviderArn=arn, ClientID="vault"
        )
    ) == (404, "NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}")


def test_an_ordered_fault_happens_as_often_as_ordered(sandbox: Sandbox, iam: IAMClient) -> None:
    sandbox.fault("ListRoles", "Throttling", "Rate exceeded", times=2)
    assert [refusal(iam.list_roles), refusal(iam.list_roles)] == [THROTTLED, THROTTLED]
    assert iam.list_roles()["IsTruncated"] is False


def test_a_fault_is_for_one_action(sandbox: Sandbox, iam: IAMClient, sts: STSClient) -> None:
    sandbox.fault("ListUsers", "AccessDenied", "User is not authorized to perform: iam:ListUsers")
    assert sts.get_caller_identity()["Account"] == "123456789012"
    assert refusal(iam.list_users) == (
        403,
        "AccessDenied",
        "User is not authorized to perform: iam:ListUsers",
    )


def test_a_fault_can_be_taken_back(sandbox: Sandbox, iam: IAMClient) -> None:
    sandbox.fault("ListGroups", "ServiceFailure", "Internal", times=100, status=500)
    sandbox.fault("ListGroups", "ServiceFailure", "Internal", times=0)
    assert iam.list_groups()["Groups"] == []


def test_a_fault_of_sts_is_answered_in_its_own_form(sandbox: Sandbox, sts: STSClient) -> None:
    sandbox.fault("GetCallerIdentity", "ServiceUnavailable", "Down for <maintenance>")
    assert refusal(sts.get_caller_identity) == (
        503,
        "ServiceUnavailable",
        "Down for <maintenance>",
    )
