"""The rules of the layer `aws`: the OIDC provider and the roles as they are in IAM."""

from doctor.finding import Rule

_LAYER = "aws"

ACCESS = Rule(
    "aws-access",
    _LAYER,
    "IAM can be read",
    "The doctor reads the OIDC provider and the roles with the credentials of whoever runs it "
    "(the usual search of the AWS SDKs).",
    "There are no credentials, they are out of date, or they may not read IAM.",
    "Give credentials that may call iam:ListOpenIDConnectProviders, iam:GetOpenIDConnectProvider, "
    "iam:GetRole and iam:ListAttachedRolePolicies, such as SecurityAudit; or leave the layer out "
    "with --skip aws.",
)
PROVIDER = Rule(
    "aws-provider",
    _LAYER,
    "The account has an OIDC provider for the issuer",
    "STS looks for a provider whose URL is the token's 'iss' without 'https://'. Without one it "
    "answers InvalidIdentityToken.",
    "The identity stack was not deployed to this account, or the provider was deleted.",
    "Deploy the identity stack.",
)
ROLE = Rule(
    "aws-role",
    _LAYER,
    "The workload's role exists",
    "STS answers AccessDenied for a role that does not exist, as for one that refuses the token.",
    "The identity stack was not deployed to this account, or the role was deleted or renamed.",
    "Deploy the identity stack.",
)

ALL = (ACCESS, PROVIDER, ROLE)
