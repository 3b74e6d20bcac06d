"""The rules of the layer `sts`: the real call."""

from doctor.finding import Rule

_LAYER = "sts"

ASSUME = Rule(
    "sts-assume-role",
    _LAYER,
    "STS gives the role for the workload's token",
    "The call of sts:AssumeRoleWithWebIdentity that the AWS SDKs make in a pod. It needs no "
    "credentials, and the doctor drops the ones that it gets.",
    "STS names the error; its usual cause stands in the finding.",
    "Look at the failed findings above, in their order.",
)
IDENTITY = Rule(
    "sts-identity",
    _LAYER,
    "The credentials belong to the workload's role",
    "sts:GetCallerIdentity with the credentials that STS gave answers with the assumed role.",
    "Another role, or something that answers in the name of STS, gave them.",
    "Compare aws.endpoint_url and the role's name with the configuration.",
)
CLI = Rule(
    "sts-aws-cli",
    _LAYER,
    "The aws CLI takes the role, given what a pod is given",
    "The CLI runs with an empty HOME (it caches roles there), with the environment that stands in "
    "the workload's ConfigMap and with a token file: 'aws sts get-caller-identity'. The first "
    "workload stands for all: what differs for the others, control-plane-config-map and "
    "sts-assume-role compare.",
    "The ConfigMap is missing or was edited, or the CLI is too old to read a token file.",
    "Deploy the workloads stack, which writes the ConfigMap anew.",
)

ALL = (ASSUME, IDENTITY, CLI)
