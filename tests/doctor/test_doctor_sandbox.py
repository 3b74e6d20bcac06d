"""The doctor on a real API server and a strict STS."""

from __future__ import annotations

from collections.abc import Iterable

from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.resource import ResourceList
from live_federation import LiveFederation

from doctor.examination import Options
from doctor.finding import Finding
from doctor.runner import examined


async def test_a_federation_that_works_passes_with_every_live_proof(live: LiveFederation) -> None:
    options = Options(negative=True, signing_key=live.sandbox.service_account_key)

    findings = await examined(live.config, options)

    assert not_passed(findings) == [
        "skip names-resolves",
        "skip names-public",
        "skip control-plane-flags",
        "skip control-plane-api-audiences",
    ]


async def test_nothing_is_made_or_changed_for_a_check(live: LiveFederation) -> None:
    before = objects_of(live), identities_of(live)

    await examined(
        live.config, Options(negative=True, signing_key=live.sandbox.service_account_key)
    )

    assert (objects_of(live), identities_of(live)) == before


async def test_the_tags_of_an_adopted_provider_are_no_matter_of_ours(live: LiveFederation) -> None:
    aws = live.config.aws.model_copy(
        update={"oidc_provider": live.config.provider_arn(), "tags": {"of": "somebody-else"}}
    )
    config = live.config.model_copy(update={"aws": aws})

    findings = await examined(config, Options(only=frozenset({"aws-tags"})))

    assert [(each.verdict, each.about, each.seen) for each in findings if not each.about] == [
        ("skip", "", "the OIDC provider is managed elsewhere (aws.oidc_provider)")
    ]


def objects_of(live: LiveFederation) -> set[tuple[str, str, str]]:
    """Each object of the cluster: its kind, its identity, and its version."""
    dynamic = DynamicClient(live.api)  # type: ignore[no-untyped-call]
    kinds = [
        each
        for each in dynamic.resources.search(preferred=True)
        if not isinstance(each, ResourceList) and "list" in each.verbs
    ]
    return {
        (kind.kind, each.metadata.uid, each.metadata.resourceVersion)
        for kind in kinds
        if kind.kind not in _RESTLESS
        for each in kind.get().items
    }


_RESTLESS = ("ComponentStatus", "Event", "Lease")
"""What the control plane writes by itself all the time."""


def identities_of(live: LiveFederation) -> list[object]:
    """What IAM holds of the account's own, but for when a role was used last."""
    details = live.iam.get_account_authorization_details(Filter=["Role", "User", "Group"])
    roles = [
        {key: value for key, value in role.items() if key != "RoleLastUsed"}
        for role in details["RoleDetailList"]
    ]
    providers = [
        live.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=each["Arn"])
        for each in live.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    ]
    known = [(each["Url"], each["ClientIDList"], each["ThumbprintList"]) for each in providers]
    return [roles, details["UserDetailList"], details["GroupDetailList"], known]


def not_passed(findings: Iterable[Finding]) -> list[str]:
    return [
        f"{each.verdict} {each.code} {each.about}".rstrip()
        for each in findings
        if each.verdict != "pass"
    ]
