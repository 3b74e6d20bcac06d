"""The kinds of values in a configuration, each with its rule and the rule's source.

Every rule raises `ValueError` with what is wrong and what would be right; `federation.files` adds
the file, the line and the field. The types are used by `federation.config` only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from federation.regions import partitions

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_ISSUER_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_POLICY_ARN = re.compile(
    r"arn:(?P<partition>[a-z-]+):iam::(?P<account>\d{12}|aws):policy(?P<path>/[\x21-\x7f]+)"
)
_POLICY_PATH = re.compile(r"[\w+=,.@-]+(/[\w+=,.@-]+)*", re.ASCII)
_TAG_TEXT = re.compile(r"[\w\s.:/=+\-@]*")
_THUMBPRINT_SOURCES = ("endpoint", "omit")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for the nearest known word, or nothing where none is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def partition_of_arn(arn: str) -> str:
    """The partition that an ARN names: `aws`, `aws-cn`, ..."""
    return arn.split(":", 2)[1]


def _label(value: str) -> str:
    if not _LABEL.fullmatch(value):
        raise ValueError(
            f"{value!r} is not an RFC 1123 label: write lower-case letters, digits and '-', "
            "beginning and ending with a letter or digit."
        )
    return _at_most(value, 63)


def _subdomain(value: str) -> str:
    if not _SUBDOMAIN.fullmatch(value):
        raise ValueError(
            f"{value!r} is not a DNS subdomain name (RFC 1123): write lower-case letters, digits, "
            "'-' and '.', each part beginning and ending with a letter or digit."
        )
    return _at_most(value, 253)


def _issuer(value: str) -> str:
    # The checks go from what makes the rest unreadable to details, so that one mistake gives one
    # message.
    if value != value.strip() or any(c.isspace() for c in value):
        raise ValueError(f"{value!r} contains white space: remove it.")
    if not value.startswith("https://"):
        _, separator, rest = value.partition("://")
        right = f"https://{rest if separator else value}"
        raise ValueError(
            f"{value!r} does not begin with 'https://': an OIDC issuer is an https URL. "
            f"Write {right!r}."
        )
    if "?" in value or "#" in value:
        raise ValueError(
            f"{value!r} has a query or a fragment: an issuer has neither. "
            f"Write {re.split('[?#]', value)[0]!r}."
        )
    if "@" in value:
        raise ValueError(f"{value!r} names a user: an issuer is read without credentials.")
    if value.endswith("/"):
        raise ValueError(
            f"{value!r} ends in a slash: AWS compares issuers byte for byte, and Kubernetes would "
            f"issue tokens with the slash. Write {value.rstrip('/')!r}."
        )
    _issuer_host(value)
    return _at_most(value, 255)


def _issuer_host(issuer: str) -> None:
    authority, slash, path = issuer.removeprefix("https://").partition("/")
    host, colon, _ = authority.partition(":")
    if colon:
        raise ValueError(
            f"{issuer!r} has a port: an IAM OIDC provider's URL has none, and AWS connects to 443. "
            f"Write {'https://' + host + slash + path!r} and serve the documents on 443 "
            "(discovery.endpoint says where they are to be reached from here)."
        )
    if host != host.lower():
        raise ValueError(
            f"{issuer!r} has capital letters in its host: AWS and Kubernetes compare issuers byte "
            f"for byte. Write {'https://' + host.lower() + slash + path!r}."
        )
    if len(host) > 253:
        raise ValueError(
            f"the host of the issuer is {len(host)} characters long: a DNS name has at most 253."
        )
    if not _HOST.fullmatch(host):
        raise ValueError(
            f"{host!r} is not a DNS name: write labels of letters, digits and '-', each at most "
            "63 characters long, joined by '.'."
        )
    if not _ISSUER_PATH.fullmatch(slash + path):
        # ':', '*', '?' and '$' would change the meaning of a condition key or its value.
        raise ValueError(
            f"{slash + path!r} is not a path for an issuer: write letters, digits, '.', '_', '~' "
            "and '-' between single slashes."
        )


def _audience(value: str) -> str:
    if not value:
        raise ValueError("is empty: write the audience that tokens are issued for.")
    if value != value.strip() or not value.isprintable():
        raise ValueError(f"{value!r} has white space around it or control characters: remove them.")
    if "${" in value:
        raise ValueError(f"{value!r} contains '${{', which AWS reads as a policy variable.")
    return _at_most(value, 255)


def _region(value: str) -> str:
    if value not in partitions():
        raise ValueError(
            f"{value!r} is not an AWS region that is known here."
            + (did_you_mean(value, partitions()) or " Write one like 'eu-west-1'.")
        )
    return value


def _account_id(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"\d{12}", value, re.ASCII):
        raise ValueError(f"{value!r} is not an account id: write its 12 digits in quotes.")
    return value


def _policy(value: str) -> str:
    if value.startswith("arn:"):
        return _policy_arn(value)
    if not _POLICY_PATH.fullmatch(value) or value.startswith("policy/"):
        raise ValueError(
            f"{value!r} is neither a policy's ARN nor the name of an AWS managed policy with its "
            "path, like 'job-function/ViewOnlyAccess'."
        )
    return value


def _policy_arn(value: str) -> str:
    if not _POLICY_ARN.fullmatch(value):
        raise ValueError(
            f"{value!r} is not the ARN of a policy: write one like "
            "'arn:aws:iam::123456789012:policy/NAME'."
        )
    return value


def _role_name(value: str) -> str:
    if not re.fullmatch(r"[\w+=,.@-]+", value, re.ASCII):
        raise ValueError(f"{value!r} is not a role name: write letters, digits and '_+=,.@-'.")
    return _at_most(value, 64)


def _path(value: str) -> str:
    if not re.fullmatch(r"/|/[!-~]+/", value):
        raise ValueError(f"{value!r} is not an IAM path: it begins and ends with '/'.")
    return _at_most(value, 512)


def _thumbprint(value: Any) -> Any:
    if isinstance(value, str):
        if value not in _THUMBPRINT_SOURCES:
            raise ValueError(
                f"{value!r} is not a source of a thumbprint: write 'endpoint' (taken from the "
                "certificate that is served), 'omit' (AWS decides), or a list of thumbprints."
            )
        return value
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("write 'endpoint', 'omit', or a list of 1 to 5 thumbprints.")
    if len(value) > 5:
        raise ValueError(f"{len(value)} thumbprints are listed: IAM takes at most 5.")
    if len(set(value)) < len(value):
        raise ValueError("a thumbprint is listed twice: remove one.")
    for thumbprint in value:
        if not re.fullmatch(r"[0-9a-fA-F]{40}", str(thumbprint)):
            raise ValueError(
                f"{str(thumbprint)!r} is not a thumbprint: write the certificate's SHA-1 as 40 "
                f"hexadecimal digits without colons (this has {len(str(thumbprint))} characters)."
            )
    return tuple(str(thumbprint).lower() for thumbprint in value)


def _discovery_endpoint(value: str) -> str:
    """`https://HOST[:PORT]`; a path would come twice, since the documents' own paths follow."""
    parts = _web_address(value)
    if parts.scheme != "https" or parts.path or parts.query or parts.fragment:
        raise ValueError(
            f"{value!r} is not an address to connect to: write 'https://HOST' or "
            "'https://HOST:PORT'."
        )
    return value


def _endpoint_url(value: str) -> str:
    if _web_address(value).scheme not in ("http", "https"):
        raise ValueError(f"{value!r} is not a URL: write one like 'http://127.0.0.1:4566'.")
    return value


def _web_address(value: str) -> Any:
    try:
        parts = urlsplit(value)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.username is not None or any(c.isspace() for c in value):
        raise ValueError(
            f"{value!r} is not a URL without credentials: write one like 'https://10.0.0.1:6443'."
        )
    return parts


def _tags(value: dict[str, str]) -> dict[str, str]:
    if len(value) > 50:
        raise ValueError(f"{len(value)} tags are given: IAM takes at most 50.")
    for key, text in value.items():
        if key.lower().startswith("aws:"):
            raise ValueError(f"the tag key {key!r} begins with 'aws:', which AWS keeps for itself.")
        if not 1 <= len(key) <= 128 or len(text) > 256:
            raise ValueError(
                f"the tag {key!r} is too long: keys have 1 to 128 characters, values at most 256."
            )
        if not _TAG_TEXT.fullmatch(key) or not _TAG_TEXT.fullmatch(text):
            raise ValueError(
                f"the tag {key!r} has characters that IAM does not take: write letters, digits, "
                "white space and '_.:/=+-@'."
            )
    if len({key.lower() for key in value}) < len(value):
        raise ValueError("two tag keys differ in case only: IAM takes them for one.")
    return value


def _bucket(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
        raise ValueError(f"{value!r} is not the name of an S3 bucket.")
    return value


def _plain(value: str) -> str:
    if not value or value != value.strip() or not value.isprintable():
        raise ValueError(f"{value!r} is empty, or has white space around it or control characters.")
    return value


def _at_most(value: str, limit: int) -> str:
    if len(value) > limit:
        raise ValueError(f"is {len(value)} characters long: at most {limit} are allowed.")
    return value


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Label = Annotated[str, AfterValidator(_label)]
"""An RFC 1123 label: Kubernetes namespaces, and our names for clusters."""

Subdomain = Annotated[str, AfterValidator(_subdomain)]
"""A DNS subdomain name: most Kubernetes objects, service accounts among them."""

Issuer = Annotated[str, AfterValidator(_issuer)]
"""An issuer that Kubernetes (`--service-account-issuer`) and IAM (CreateOpenIDConnectProvider)
both take, equal byte for byte everywhere."""

Audience = Annotated[str, AfterValidator(_audience)]
"""A client id of an IAM OIDC provider: 1 to 255 characters."""

Audiences = Annotated[
    tuple[Audience, ...],
    BeforeValidator(_as_list, json_schema_input_type=str | list[str]),
    Field(min_length=1, max_length=100, strict=False),
]
"""One audience or a list; at most 100 a provider (IAM quotas)."""

Region = Annotated[str, AfterValidator(_region)]
AccountId = Annotated[str, BeforeValidator(_account_id, json_schema_input_type=str)]
Policy = Annotated[str, AfterValidator(_policy)]
"""A managed policy: its ARN, or an AWS managed policy's name with its path."""
PolicyArn = Annotated[str, AfterValidator(_policy_arn)]
RoleName = Annotated[str, AfterValidator(_role_name)]
"""IAM API, CreateRole: `[\\w+=,.@-]{1,64}`."""
Path = Annotated[str, AfterValidator(_path)]
"""IAM API, CreateRole: `/` or `/.../`, at most 512 characters."""
Thumbprint = Annotated[Any, BeforeValidator(_thumbprint, json_schema_input_type=str | list[str])]
"""`endpoint`, `omit`, or up to five SHA-1 digests (IAM API, CreateOpenIDConnectProvider)."""
DiscoveryEndpoint = Annotated[str, AfterValidator(_discovery_endpoint)]
EndpointUrl = Annotated[str, AfterValidator(_endpoint_url)]
Tags = Annotated[dict[str, str], AfterValidator(_tags)]
"""IAM API, Tag: at most 50, keys unique without regard to case."""
Bucket = Annotated[str, AfterValidator(_bucket)]
Plain = Annotated[str, AfterValidator(_plain)]
