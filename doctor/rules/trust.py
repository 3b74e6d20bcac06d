"""The rules of the layer `trust`: does the role's trust policy let the token in."""

from doctor.finding import Rule

_LAYER = "trust"

ADMITS = Rule(
    "trust-admits",
    _LAYER,
    "The role's trust policy lets the workload's token in",
    "The policy is read back from IAM and evaluated against the token's claims, as AWS does it "
    "(IAM user guide, 'Policy evaluation logic').",
    "The policy names another provider, audience or subject than the token has: it was edited, "
    "or it was written for another cluster.",
    "Deploy the identity stack, which writes the policy anew.",
)

ALL = (ADMITS,)
