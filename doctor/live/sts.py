"""STS as a pod calls it: a token for the credentials of a role, without other credentials."""

from __future__ import annotations

from dataclasses import dataclass, field

from doctor.live.account import ANSWER_SECONDS, boto_config, explained, session, session_for, set_up
from federation.model.config import Aws

SESSION_NAME = "oidc-iam-doctor"
SHORTEST_SESSION = 900
"""Seconds: STS takes no less."""


@dataclass(frozen=True)
class Assumed:
    """A role that was given; the credentials are in no printed form."""

    arn: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


class Sts:
    """The STS of the configured region, or what stands in for it."""

    def __init__(self, aws: Aws, seconds: float = ANSWER_SECONDS) -> None:
        from botocore import UNSIGNED
        from botocore.client import Config

        self._aws = aws
        self._settings = boto_config(seconds)
        with set_up():
            self._sts = session_for(aws).client(
                "sts",
                endpoint_url=aws.endpoint_url,
                config=self._settings.merge(Config(signature_version=UNSIGNED)),
            )

    @property
    def endpoint(self) -> str:
        """Where the requests go, as the SDK resolved it."""
        return str(self._sts.meta.endpoint_url)

    def assume(self, role_arn: str, token: str) -> Assumed:
        """Call AssumeRoleWithWebIdentity for the shortest session there is.

        Raises:
            AwsError: STS refuses, or gives no answer.
        """
        with explained():
            answer = self._sts.assume_role_with_web_identity(
                RoleArn=role_arn,
                RoleSessionName=SESSION_NAME,
                WebIdentityToken=token,
                DurationSeconds=SHORTEST_SESSION,
            )
            credentials = answer["Credentials"]
            return Assumed(
                answer["AssumedRoleUser"]["Arn"],
                credentials["AccessKeyId"],
                credentials["SecretAccessKey"],
                credentials["SessionToken"],
            )

    def identity(self, assumed: Assumed) -> str:
        """Who the credentials belong to, as an ARN (GetCallerIdentity).

        Raises:
            AwsError: STS refuses, or gives no answer.
        """
        as_role = session(
            aws_access_key_id=assumed.access_key_id,
            aws_secret_access_key=assumed.secret_access_key,
            aws_session_token=assumed.session_token,
            region_name=self._aws.region,
        )
        sts = as_role.client("sts", endpoint_url=self._aws.endpoint_url, config=self._settings)
        with explained():
            return sts.get_caller_identity()["Arn"]
