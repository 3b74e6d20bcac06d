"""What IAM refuses and moto takes: role names that differ in case, odd providers, long policies.

And what moto lacks: changing a provider's audiences. `sandbox.aws` asks here before moto answers.
Limits: IAM API Reference (`CreateRole`, `CreateOpenIDConnectProvider`) and "IAM and AWS STS quotas"
in the IAM User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from moto.iam.models import iam_backends

from sandbox.issuer import IssuerError, Network
from sandbox.refusal import RefusedError, invalid

LONGEST_TRUST_POLICY = 2048
"""Characters of a trust policy without white space, by the default quota."""

_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")
_MOST_THUMBPRINTS = 5


def check_role(call: Mapping[str, str], account: str) -> None:
    """Check a call of CreateRole.

    Raises:
        RefusedError: IAM would refuse it.
    """
    name = call.get("RoleName", "")
    for backend in iam_backends[account].values():
        if any(role.name.lower() == name.lower() for role in backend.get_roles()):
            raise RefusedError(
                "EntityAlreadyExists", f"Role with name {name} already exists.", status=409
            )
    check_trust_policy(call.get("AssumeRolePolicyDocument", ""))


def check_trust_policy(text: str) -> None:
    """Check the length of a trust policy, as given to CreateRole or UpdateAssumeRolePolicy.

    Raises:
        RefusedError: it is over the default quota.
    """
    if len("".join(text.split())) > LONGEST_TRUST_POLICY:
        raise RefusedError(
            "LimitExceeded",
            f"Cannot exceed quota for ACLSizePerRole: {LONGEST_TRUST_POLICY}",
            status=409,
        )


def completed_provider(call: Mapping[str, str], network: Network) -> dict[str, str]:
    """Check a call of CreateOpenIDConnectProvider, and give it a thumbprint if it has none.

    Raises:
        RefusedError: IAM would refuse it, or cannot fetch the certificate for the thumbprint.
    """
    parts = urlsplit(call.get("Url", ""))
    if parts.scheme != "https" or not parts.hostname or parts.query or ":" in parts.netloc:
        raise RefusedError("ValidationError", "Invalid Open ID Connect Provider URL")
    given = _members(call, "ThumbprintList")
    for one in given:
        if not _THUMBPRINT.fullmatch(one):
            raise invalid("thumbprintList", one, "have length equal to 40")
    if len(given) > _MOST_THUMBPRINTS:
        raise RefusedError(
            "LimitExceeded",
            "Cannot exceed quota for ThumbprintsPerOpenIdConnectProvider: 5",
            status=409,
        )
    if "" in _members(call, "ClientIDList"):
        raise invalid("clientIDList", "", "have length greater than or equal to 1")
    if given or parts.hostname not in network.addresses:
        # Of an issuer that is not in the sandbox nothing can be fetched.
        return dict(call)
    try:
        return {**call, "ThumbprintList.member.1": network.top_thumbprint(call["Url"])}
    except IssuerError as error:
        raise RefusedError(
            "OpenIdIdpCommunicationError",
            "The request failed because IAM cannot connect to the OpenID Connect identity "
            "provider URL.",
            reason=str(error),
        ) from error


AUDIENCE_CHANGES = ("AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider")


def change_audiences(call: Mapping[str, str], account: str) -> None:
    """Carry out one of `AUDIENCE_CHANGES`; each may be repeated, as in IAM.

    Raises:
        RefusedError: IAM would refuse it.
    """
    arn, audience = call.get("OpenIDConnectProviderArn", ""), call.get("ClientID", "")
    if not audience:
        raise invalid("clientID", "", "have length greater than or equal to 1")
    for backend in iam_backends[account].values():
        if provider := backend.open_id_providers.get(arn):
            others = [each for each in provider.client_id_list if each != audience]
            adds = call["Action"] == AUDIENCE_CHANGES[0]
            provider.client_id_list = [*others, audience] if adds else others
            return
    raise RefusedError(
        "NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", status=404
    )


def _members(call: Mapping[str, str], name: str) -> list[str]:
    return [value for key, value in call.items() if key.startswith(f"{name}.member.")]
