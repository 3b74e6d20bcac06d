"""Subjects of issuers that many organizations share, and which part names the organization.

Anyone can get a token of such an issuer. A pattern for its subjects admits strangers if a wildcard
may replace the organization, or a part of its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class SharedIssuer:
    """How the subjects of an issuer begin.

    Attributes:
        issuer: A pattern for the issuer, without `https://`.
        starts: What stands before the organization, for each form of subject.
        ends: Characters, one of which follows the organization.
        source: Where that is documented.
    """

    issuer: str
    starts: tuple[str, ...]
    ends: str
    source: str

    def fixes_tenant(self, pattern: str) -> bool:
        """Whether all subjects that a pattern with wildcards matches are of one organization."""
        certain = re.split(r"[*?]", pattern, maxsplit=1)[0]
        for start in self.starts:
            if certain.startswith(start):
                rest = certain.removeprefix(start)
                return re.match(rf"[^{self.ends}]+[{self.ends}]", rest) is not None
        return False


SHARED_ISSUERS = (
    SharedIssuer(
        r"token\.actions\.githubusercontent\.com",
        (
            *("repo:", "repository:", "job_workflow_ref:", "workflow_ref:", "enterprise:"),
            *("repository_owner:", "repository_owner_id:", "repository_id:"),
        ),
        "/:",
        "GitHub Docs, 'OpenID Connect reference', 'Example subject claims' and 'Customizing the "
        "subject claims'",
    ),
    SharedIssuer(
        r"gitlab\.com",
        ("project_path:",),
        "/",
        "GitLab Docs, 'OpenID Connect (OIDC) authentication using ID tokens'",
    ),
    SharedIssuer(
        r"app\.(eu\.)?terraform\.io",
        ("organization:",),
        ":",
        "HCP Terraform, 'Workload identity', 'Token specification'",
    ),
    SharedIssuer(
        r"agent\.buildkite\.com",
        ("organization:",),
        ":",
        "Buildkite Docs, 'OIDC', 'Claims'",
    ),
    SharedIssuer(
        r"api\.pulumi\.com/oidc",
        ("pulumi:deploy:org:", "pulumi:environments:org:", "pulumi:insights:org:"),
        ":",
        "Pulumi Docs, 'OpenID Connect integration', 'Token claims'",
    ),
    SharedIssuer(
        r"scalr\.io",
        ("account:",),
        ":",
        "Scalr Docs, 'AWS OIDC', 'Subject'",
    ),
    SharedIssuer(
        r"oidc\.vercel\.com",
        ("owner:",),
        ":",
        "Vercel Docs, 'OpenID Connect (OIDC) reference', 'Subject'",
    ),
)
"""Issuers with an address for each organization (Bitbucket, CircleCI, Spacelift, Azure DevOps) are
not here: the provider's ARN names the organization already."""


def shared_issuer(issuer: str) -> SharedIssuer | None:
    """What is known of an issuer, without `https://`; None if it is not known to be shared."""
    for each in SHARED_ISSUERS:
        if re.fullmatch(each.issuer, issuer, re.IGNORECASE):
            return each
    return None
