"""The rules of the layer `sts`: the real call."""

from doctor.finding import Rule

_LAYER = "sts"

ENDPOINT = Rule(
    "sts-endpoint",
    _LAYER,
    "Tokens reach STS over TLS, or stay on this machine",
    "A token is a credential until it expires. The doctor sends none over plain http to another "
    "machine, unless it is run with --allow-http. The address is the one that the AWS SDKs use "
    "here: aws.endpoint_url, or AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL or the AWS configuration.",
    "An endpoint was set for an emulator on another machine, or by someone who wants the tokens.",
    "Set an 'https://' address, or unset it; plain http is only for this machine.",
)
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
    "The aws CLI gets the role with the environment that pods should have",
    "The CLI runs 'aws sts get-caller-identity' with an empty HOME (it caches roles there), a "
    "token file, and the environment that the configuration makes for pods. Nothing of the live "
    "ConfigMap reaches the CLI, since an environment can run code: control-plane-config-map "
    "compares the two. Only the first workload is tried; sts-assume-role tries all of them.",
    "The CLI is too old to read a token file, or STS rejects the token.",
    "Update the aws CLI, and see the findings of sts-assume-role.",
)

ALL = (ENDPOINT, ASSUME, IDENTITY, CLI)
