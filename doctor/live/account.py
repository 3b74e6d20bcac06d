"""The AWS account: the OIDC provider and the roles as IAM has them, read and never changed.

Wraps boto3, so that layers get values, and each failure as one `AwsError`. boto3 is imported with
the first session, in its thread: what else is asked has been sent by then.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import NoCredentialsError as BotoNoCredentialsError

from federation.model.config import ROLE_SETTINGS, Aws
from formats.escaping import quoted

if TYPE_CHECKING:
    import boto3
    from botocore.client import Config
    from botocore.loaders import Loader
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import TagTypeDef

ANSWER_SECONDS = 5.0
"""How long AWS has for one answer. Two tries of it end before a check's own time does."""


_THROTTLING = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown")


class AwsError(Exception):
    """What AWS answered instead; the text is safe to print.

    Attributes:
        code: AWS's code of the error, or empty where there was no answer.
        message: AWS's message, not safe to print.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {quoted(message)}" if code else quoted(message))

    @property
    def is_throttling(self) -> bool:
        """Whether AWS was asked too much at a time."""
        return self.code in _THROTTLING


class NoAnswerError(AwsError):
    """The address of AWS cannot be reached, or something else than AWS answers there."""


class NoCredentialsError(Exception):
    """The AWS SDKs find no credentials."""


@dataclass(frozen=True)
class Provider:
    """An OIDC provider; `url` comes without `https://`, as IAM gives it."""

    arn: str
    url: str
    audiences: tuple[str, ...]
    thumbprints: tuple[str, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class LiveRole:
    """A role as IAM has it; `settings` by the names of `federation.model.config.Role`."""

    arn: str
    settings: Mapping[str, str | int | None]
    trust: Mapping[str, Any]
    permissions_boundary: str | None
    tags: Mapping[str, str]


class Account:
    """One account, with the credentials that the AWS SDKs find.

    Attributes:
        number: Its 12 digits.
    """

    @classmethod
    def connect(cls, aws: Aws, seconds: float = ANSWER_SECONDS) -> Account:
        """The account that the credentials are of.

        Args:
            aws: Region and endpoint.
            seconds: For one answer.

        Raises:
            NoCredentialsError: there are no credentials.
            AwsError: they are refused.
        """
        settings = boto_config(seconds)
        with set_up():
            session = session_for(aws)
            sts = session.client("sts", endpoint_url=aws.endpoint_url, config=settings)
            iam = session.client("iam", endpoint_url=aws.endpoint_url, config=settings)
        with explained():
            return cls(sts.get_caller_identity()["Account"], iam)

    def __init__(self, number: str, iam: IAMClient) -> None:
        self.number = number
        self._iam = iam

    def providers(self) -> tuple[str, ...]:
        """The ARNs of the OIDC providers, of which an account has 100 at most.

        Raises:
            AwsError: IAM cannot be read.
        """
        with explained():
            found = self._iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
            return tuple(each.get("Arn", "") for each in found)

    def provider(self, arn: str) -> Provider:
        """An OIDC provider.

        Raises:
            AwsError: IAM cannot be read.
        """
        with explained():
            found = self._iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
            return Provider(
                arn,
                found.get("Url", ""),
                tuple(found.get("ClientIDList", ())),
                tuple(each.lower() for each in found.get("ThumbprintList", ())),
                _tags(found.get("Tags", ())),
            )

    def role(self, name: str) -> LiveRole | None:
        """A role by its name, if there is one.

        Raises:
            AwsError: IAM cannot be read.
        """
        try:
            with explained():
                found = self._iam.get_role(RoleName=name)["Role"]
                trust: object = found.get("AssumeRolePolicyDocument", {})
                answer: Mapping[str, Any] = found
                return LiveRole(
                    found["Arn"],
                    {name: answer.get(_in_iam(name)) for name in ROLE_SETTINGS},
                    trust if isinstance(trust, dict) else {},
                    found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
                    _tags(found.get("Tags", ())),
                )
        except AwsError as error:
            if error.code == "NoSuchEntity":
                return None
            raise

    def attached_policies(self, role_name: str) -> tuple[str, ...]:
        """The ARNs of the managed policies attached to a role.

        Raises:
            AwsError: IAM cannot be read.
        """
        with explained():
            # A role has 25 at most (IAM quotas), and an answer up to 100.
            found = self._iam.list_attached_role_policies(RoleName=role_name)["AttachedPolicies"]
            return tuple(each.get("PolicyArn", "") for each in found)

    def inline_policies(self, role_name: str) -> tuple[str, ...]:
        """The names of the policies that are part of a role.

        Raises:
            AwsError: IAM cannot be read.
        """
        with explained():
            return tuple(self._iam.list_role_policies(RoleName=role_name)["PolicyNames"])


def _in_iam(name: str) -> str:
    """A field of the model as IAM's answers call it: `MaxSessionDuration`."""
    return "".join(part.capitalize() for part in name.split("_"))


def _tags(listed: Iterable[TagTypeDef]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in listed}


def boto_config(seconds: float) -> Config:
    """Settings of a client that waits so long for an answer, and tries twice."""
    from botocore.client import Config

    return Config(
        connect_timeout=min(3.0, seconds),
        read_timeout=seconds,
        retries={"total_max_attempts": 2, "mode": "standard"},
    )


def session_for(aws: Aws) -> boto3.Session:
    """A session in the configured region, with credentials of the usual search.

    Where another endpoint stands in for AWS and there are no credentials in the environment,
    placeholders do: searching the machine for real ones would be slow and for nothing.
    """
    if aws.endpoint_url and not {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & os.environ.keys():
        return session(
            aws_access_key_id="placeholder",
            aws_secret_access_key="placeholder",
            region_name=aws.region,
        )
    return session(region_name=aws.region)


def session(**settings: str) -> boto3.Session:
    """A session with the given settings of boto3; it is for one thread."""
    import boto3
    import botocore.session

    # At DEBUG botocore logs every request whole, and with it the tokens.
    logging.getLogger("botocore").setLevel(logging.INFO)
    core = botocore.session.get_session()
    core.register_component("data_loader", _loader())
    return boto3.Session(botocore_session=core, **settings)


@functools.cache
def _loader() -> Loader:
    """Reads the folder of 400 services once, not for each session."""
    from botocore.loaders import Loader

    return Loader()


@contextmanager
def set_up() -> Iterator[None]:
    """Turn what is wrong in the environment and in ~/.aws, when a client is made, into ours."""
    try:
        yield
    except (BotoCoreError, ValueError) as error:
        raise AwsError("", str(error)) from None


@contextmanager
def explained() -> Iterator[None]:
    """Turn the exceptions of boto3 into ours."""
    try:
        yield
    except ClientError as error:
        details = error.response.get("Error", {})
        raise AwsError(details.get("Code", "unknown"), details.get("Message", "")) from None
    except BotoNoCredentialsError:
        raise NoCredentialsError from None
    except (BotoConnectionError, HTTPClientError) as error:
        raise NoAnswerError("", str(error)) from None
    except BotoCoreError as error:
        raise AwsError("", str(error)) from None
    except Exception as error:
        from botocore.parsers import ResponseParserError  # takes long, and is seldom needed

        if isinstance(error, ResponseParserError | LookupError | TypeError | AttributeError):
            raise NoAnswerError("", "not an AWS response") from None
        raise
