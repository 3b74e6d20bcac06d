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
    "iam:GetRole, iam:ListAttachedRolePolicies and iam:ListRolePolicies, such as SecurityAudit; "
    "or leave the layer out with --skip aws.",
)
ACCOUNT = Rule(
    "aws-account",
    _LAYER,
    "The credentials are of the configured account",
    "'aws.account_id' names the account that trusts the cluster. What the doctor reads in another "
    "one says nothing about it.",
    "The credentials, or the profile, are of another account.",
    "Give credentials of the configured account (AWS_PROFILE).",
)
PROVIDER = Rule(
    "aws-provider",
    _LAYER,
    "The account has an OIDC provider for the issuer",
    "STS looks for a provider whose URL is the token's 'iss' without 'https://', byte for byte. "
    "Where there is none it answers InvalidIdentityToken.",
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

AUDIENCE = Rule(
    "aws-audience",
    _LAYER,
    "The OIDC provider takes the configured audiences",
    "The provider's client ids are the audiences that STS takes from this issuer.",
    "The provider was made with another audience, or edited.",
    "Deploy the identity stack.",
)
THUMBPRINT = Rule(
    "aws-thumbprint",
    _LAYER,
    "The OIDC provider has a thumbprint of what the issuer presents",
    "Where the issuer's certificate is of no public authority, or TLS 1.3 is required, AWS "
    "compares the presented certificates with the provider's thumbprints. Setting and later "
    "removing the list does not clear it.",
    "The certificate was renewed under another authority, or with 'thumbprint: endpoint' behind "
    "a leaf that was presented alone.",
    "Deploy the identity stack, which reads the thumbprint anew.",
)
TRUST = Rule(
    "aws-trust",
    _LAYER,
    "The role's trust policy is the configured one",
    "The policy in IAM is compared with the one that the configuration asks for, without regard "
    "to order, and to whether a single value stands in a list.",
    "The policy was edited by hand, or the configuration changed since the last deployment.",
    "Deploy the identity stack, or bring the change into the configuration.",
)
POLICIES = Rule(
    "aws-policies",
    _LAYER,
    "The role has the configured policies",
    "What the pods may do once they have the role.",
    "Policies were attached, detached or written into the role by hand, or the configuration "
    "changed since the last deployment.",
    "Deploy the identity stack, or bring the change into the configuration.",
)
SETTINGS = Rule(
    "aws-role-settings",
    _LAYER,
    "The role's path, session duration and permissions boundary are the configured ones",
    "A longer session than 'max_session_duration' is refused; the boundary bounds whatever the "
    "policies allow.",
    "The role was edited by hand, or the configuration changed since the last deployment.",
    "Deploy the identity stack.",
)
TAGS = Rule(
    "aws-tags",
    _LAYER,
    "The provider and the roles have the configured tags",
    "Tags are what costs, inventories and attribute-based policies go by. Further tags do not "
    "matter.",
    "A tag was edited by hand, or the configuration changed since the last deployment.",
    "Deploy the identity stack.",
)

ALL = (ACCESS, ACCOUNT, PROVIDER, AUDIENCE, THUMBPRINT, ROLE, TRUST, POLICIES, SETTINGS, TAGS)
