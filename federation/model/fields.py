"""The kinds of values in a configuration, each with its rule and the rule's source.

Every rule raises `ValueError` with what is wrong and what would be right; `federation.yaml.files`
adds the file, the line and the field. The types are used by `federation.model.config` only.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from federation.model.regions import partitions
from formats.escaping import quoted

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_ISSUER_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_POLICY_ARN = re.compile(
    r"arn:[a-z-]+:iam::(?P<account>[0-9]{12}|aws):policy(/[!-~]+)?/[\w+=,.@-]{1,128}", re.ASCII
)
_PROVIDER_ARN = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/[A-Za-z0-9._~/-]+")
_POLICY_PATH = re.compile(r"[\w+=,.@-]+(/[\w+=,.@-]+)*", re.ASCII)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_RESERVED_BUCKETS = (
    "xn--",
    "sthree-",
    "amzn-s3-demo-",
    "-s3alias",
    "--ol-s3",
    "--x-s3",
    "--table-s3",
)
_CERTIFICATE_ARN = re.compile(
    r"arn:[a-z-]+:acm:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):certificate/[A-Za-z0-9-]{1,64}"
)
_URL = re.compile(r"[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+")
"""The characters of a URL (RFC 3986, section 2): '{' is none, which Terraform would read as a
template behind '$' and '%'."""
_IPV4 = re.compile(r"[0-9]+(\.[0-9]+){3}")
_KEY_PREFIX = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
_IMAGE = re.compile(
    r"([A-Za-z0-9.-]+(:[0-9]{1,5})?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})"
)
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_VERSION = re.compile(r"v?1\.([0-9]{1,3})([.+-].*)?")
_OLDEST_MINOR = 18
_FUTURE_MINOR = 50
"""With three releases a year, 1.50 is one of 2030: anyone who writes it now mistyped."""
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
            f"{quoted(value)} is not an RFC 1123 label: write lower-case letters, digits and '-', "
            "beginning and ending with a letter or digit."
        )
    return _at_most(value, 63)


def _subdomain(value: str) -> str:
    if not _SUBDOMAIN.fullmatch(value):
        raise ValueError(
            f"{quoted(value)} is not a DNS subdomain name (RFC 1123): write lower-case letters, "
            "digits, '-' and '.', each part beginning and ending with a letter or digit."
        )
    return _at_most(value, 253)


def _issuer(value: str) -> str:
    fault = _issuer_fault(value)
    if fault:
        proposal = _as_issuer(value)
        right = "one like 'https://oidc.example.com'" if _issuer_fault(proposal) else repr(proposal)
        raise ValueError(f"{fault} Write {right}.")
    return value


def _issuer_fault(value: str) -> str | None:
    """What is wrong with an issuer; the checks go from what makes the rest unreadable to details,
    so that one mistake gives one message."""
    shown = quoted(value)
    authority, slash, path = value.removeprefix("https://").partition("/")
    # An IPv6 address is not a DNS name, and its colons do not begin a port.
    host, colon, _ = (authority, "", "") if "[" in authority else authority.partition(":")
    if any(character.isspace() for character in value):
        return f"{shown} contains white space."
    if not value.startswith("https://"):
        return f"{shown} does not begin with 'https://': an OIDC issuer is an https URL."
    if "?" in value or "#" in value:
        return f"{shown} has a query or a fragment: an issuer has neither."
    if "@" in authority:
        return f"{shown} names a user: an issuer is read without credentials."
    if not host:
        return f"{shown} names no host."
    if value.endswith("/"):
        return f"{shown} ends in a slash: AWS and Kubernetes compare issuers byte for byte."
    if colon:
        return (
            f"{shown} has a port: an IAM OIDC provider's URL has none, and AWS reads the documents "
            "on 443 (discovery.endpoint says where they are to be reached from here)."
        )
    if host != host.lower():
        return (
            f"{shown} has capital letters in its host: AWS and Kubernetes compare issuers byte for "
            "byte."
        )
    return _issuer_host_fault(host) or _issuer_path_fault(slash + path) or _length_fault(value, 255)


def _issuer_host_fault(host: str) -> str | None:
    if len(host) > 253:
        return f"the host of the issuer is {len(host)} characters long: a DNS name has at most 253."
    if _HOST.fullmatch(host):
        return None
    return (
        f"{quoted(host)} is not a DNS name, which is made of labels of letters, digits and '-', "
        "each at most 63 characters long, joined by '.'."
    )


def _issuer_path_fault(path: str) -> str | None:
    # ':', '*', '?' and '$' would change the meaning of a condition key or its value, and clients
    # resolve '.' and '..' before they ask.
    if _ISSUER_PATH.fullmatch(path) and not {".", ".."} & set(path.split("/")):
        return None
    return (
        f"{quoted(path)} is not a path for an issuer, which is made of letters, digits, '.', '_', "
        "'~' and '-' between single slashes."
    )


def _as_issuer(value: str) -> str:
    """The issuer that was probably meant, without what no issuer has."""
    rest = re.sub(r"^([a-z]+://|https?:?/+|/+)", "", value.strip(), flags=re.IGNORECASE)
    authority, _, path = re.split("[?#]", rest)[0].partition("/")
    host = authority.rpartition("@")[2].partition(":")[0].rstrip(".").lower()
    return "/".join(["https:/", host, *filter(None, path.split("/"))])


def _audience(value: str) -> str:
    if not value:
        raise ValueError("is empty: write the audience that tokens are issued for.")
    if value != value.strip() or not value.isprintable():
        raise ValueError(
            f"{quoted(value)} has white space around it or control characters: remove them."
        )
    composed = unicodedata.normalize("NFC", value)
    if value != composed:
        raise ValueError(
            f"{quoted(value)} is not in the form that Terraform gives it: {composed!r}."
        )
    if "${" in value:
        raise ValueError(f"{quoted(value)} contains '${{', which AWS reads as a policy variable.")
    return _at_most(value, 255)


def _region(value: str) -> str:
    if value not in partitions():
        raise ValueError(
            f"{quoted(value)} is not an AWS region that is known here."
            + (did_you_mean(value, partitions()) or " Write one like 'eu-west-1'.")
        )
    return value


def _kubernetes_version(value: Any) -> Any:
    """`1.MINOR`; KEP-1393 says what the oldest one brings."""
    if not isinstance(value, str):
        raise ValueError(
            'is not text: write the minor version in quotes, like "1.30", which YAML would read as '
            "the number 1.3."
        )
    found = _VERSION.fullmatch(value)
    if not found or int(found[1]) >= _FUTURE_MINOR:
        raise ValueError(f"{quoted(value)} is not a version of Kubernetes: write one like '1.34'.")
    if int(found[1]) < _OLDEST_MINOR:
        raise ValueError(
            f"{quoted(value)} is too old: an API server has no discovery documents for AWS to read "
            f"before 1.{_OLDEST_MINOR} (ServiceAccountIssuerDiscovery). Upgrade it."
        )
    if value != f"1.{int(found[1])}":
        raise ValueError(
            f"{quoted(value)} says more than the minor version: write '1.{int(found[1])}'."
        )
    return value


def _account_id(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"\d{12}", value, re.ASCII):
        quotes = "" if isinstance(value, str) else " in quotes"
        raise ValueError(f"{value!r} is not an account id: write its 12 digits{quotes}.")
    return value


def _policy(value: str) -> str:
    if value.startswith("arn:"):
        return _policy_arn(value)
    if not _POLICY_PATH.fullmatch(value) or value.startswith("policy/"):
        raise ValueError(
            f"{quoted(value)} is neither a policy's ARN nor the name of an AWS managed policy with "
            "its path, like 'job-function/ViewOnlyAccess'."
        )
    return value


def _policy_arn(value: str) -> str:
    if not _POLICY_ARN.fullmatch(value):
        raise ValueError(
            f"{quoted(value)} is not the ARN of a policy: write one like "
            "'arn:aws:iam::123456789012:policy/NAME'."
        )
    return value


def _oidc_provider(value: str) -> str:
    if value != "create" and not _PROVIDER_ARN.fullmatch(value):
        raise ValueError(
            f"{quoted(value)} is neither 'create' nor the ARN of an OIDC provider: write one like "
            "'arn:aws:iam::123456789012:oidc-provider/oidc.example.com'."
        )
    return value


def _role_name(value: str) -> str:
    if not re.fullmatch(r"[\w+=,.@-]+", value, re.ASCII):
        raise ValueError(
            f"{quoted(value)} is not a role name: write letters, digits and '_+=,.@-'."
        )
    return _at_most(value, 64)


def _path(value: str) -> str:
    if not re.fullmatch(r"/|/[!-~]+/", value):
        raise ValueError(f"{quoted(value)} is not an IAM path: it begins and ends with '/'.")
    return _at_most(value, 512)


def _thumbprint(value: Any) -> Any:
    if isinstance(value, str):
        if value not in _THUMBPRINT_SOURCES:
            raise ValueError(
                f"{quoted(value)} is not a source of a thumbprint: write 'endpoint' (taken from "
                "the certificate that is served), 'omit' (AWS decides), or a list of thumbprints."
            )
        return value
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("write 'endpoint', 'omit', or a list of 1 to 5 thumbprints.")
    if len(value) > 5:
        raise ValueError(f"{len(value)} thumbprints are listed: IAM takes at most 5.")
    digests = tuple(_sha1(each) for each in value)
    if len(set(digests)) < len(digests):
        raise ValueError("a thumbprint is listed twice: remove one.")
    return digests


def _sha1(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a thumbprint is not text: write its 40 hexadecimal digits in quotes.")
    if not re.fullmatch(r"[0-9a-fA-F]{40}", value):
        raise ValueError(
            f"{quoted(value)} is not a thumbprint: write the certificate's SHA-1 as 40 hexadecimal "
            f"digits without colons (this has {len(value)} characters)."
        )
    return value.lower()


def _discovery_endpoint(value: str) -> str:
    """`https://HOST[:PORT]`; a path would come twice, since the documents' own paths follow."""
    parts = _web_address(value)
    if not value.startswith("https://") or parts.path or parts.query or parts.fragment:
        raise ValueError(
            f"{quoted(value)} is not an address to connect to: write 'https://HOST' or "
            "'https://HOST:PORT'."
        )
    return value


def _endpoint_url(value: str) -> str:
    _web_address(value)
    if not value.startswith(("http://", "https://")):
        raise ValueError(f"{quoted(value)} is not a URL: write one like 'http://127.0.0.1:4566'.")
    return value


def _web_address(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        usable = _is_host(parts.hostname or "") and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if (
        not usable
        or not _URL.fullmatch(value)
        or parts.username is not None
        or parts.netloc.endswith(":")
    ):
        raise ValueError(
            f"{quoted(value)} is not a URL without credentials: write one like "
            "'https://10.0.0.1:6443'."
        )
    return parts


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # With '_', which DNS forbids in hosts, since names of containers have it.
        return bool(_HOST.fullmatch(host.replace("_", "-")))
    return True


def _tags(value: dict[str, str]) -> dict[str, str]:
    if len(value) > 50:
        raise ValueError(f"{len(value)} tags are given: IAM takes at most 50.")
    for key, text in value.items():
        if key.lower().startswith("aws:"):
            raise ValueError(
                f"the tag key {quoted(key)} begins with 'aws:', which AWS keeps for itself."
            )
        if not 1 <= len(key) <= 128 or len(text) > 256:
            raise ValueError(
                f"the tag {quoted(key)} is empty or too long: keys have 1 to 128 characters (this "
                f"has {len(key)}), values at most 256 (this has {len(text)})."
            )
        if not all(_is_tag_character(character) for character in key + text):
            raise ValueError(
                f"the tag {quoted(key)} has characters that IAM does not take: write letters, "
                "digits, spaces and '_.:/=+-@'."
            )
    if len({key.lower() for key in value}) < len(value):
        raise ValueError("two tag keys differ in case only: IAM takes them for one.")
    return value


def _is_tag_character(character: str) -> bool:
    """IAM API, Tag: `[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]`, here without separators of lines."""
    category = unicodedata.category(character)
    return character in "_.:/=+-@" or category == "Zs" or category[0] in "LN"


def _bucket(value: str) -> str:
    if not _BUCKET.fullmatch(value) or ".." in value or _IPV4.fullmatch(value):
        raise ValueError(
            f"{quoted(value)} is not the name of an S3 bucket: write 3 to 63 lower-case letters, "
            "digits, '-' and '.'."
        )
    return value


def _discovery_bucket(value: str) -> str:
    """S3 user guide, "General purpose bucket naming rules"."""
    _bucket(value)
    if "." in value:
        raise ValueError(
            f"{quoted(value)} has a dot: the certificate of S3 is for one label below its own name "
            "alone, so that https fails. Write '-' instead."
        )
    for reserved in _RESERVED_BUCKETS:
        if value.startswith(reserved) or value.endswith(reserved):
            raise ValueError(
                f"{quoted(value)} is a name that S3 keeps for itself, because of {reserved!r}."
            )
    return value


def _certificate_arn(value: str) -> str:
    found = _CERTIFICATE_ARN.fullmatch(value)
    if not found:
        raise ValueError(
            f"{quoted(value)} is not the ARN of a certificate: write one like "
            "'arn:aws:acm:us-east-1:123456789012:certificate/ID'."
        )
    if found["region"] != "us-east-1":
        raise ValueError(
            f"{quoted(value)} is a certificate in {found['region']}, and CloudFront takes those in "
            "us-east-1: request one there."
        )
    return value


def _key_file(value: str) -> str:
    if "-----BEGIN" in value:
        # Not even its beginning is shown: it may be a private one.
        raise ValueError("is a key itself: write the name of a file that holds it.")
    return _plain(value)


def _key_prefix(value: str) -> str:
    if not _KEY_PREFIX.fullmatch(value):
        raise ValueError(
            f"{quoted(value)} is not the beginning of a key: write letters, digits, '.', '_' and "
            "'-' between single slashes."
        )
    return _at_most(value, 512)


def _plain(value: str) -> str:
    if not value or value != value.strip() or not value.isprintable():
        raise ValueError(
            f"{quoted(value)} is empty, or has white space around it or control characters."
        )
    return value


def _image(value: str) -> str:
    if not _IMAGE.fullmatch(value):
        raise ValueError(
            f"{quoted(value)} is not an image with a tag or a digest: write "
            "'REGISTRY/NAME:TAG' or 'REGISTRY/NAME@sha256:DIGEST'."
        )
    return _at_most(value, 512)


def _code(value: str) -> str:
    if not _CODE.fullmatch(value):
        raise ValueError(
            f"{quoted(value)} is not the code of a finding: write one like 'audience-only-trust'."
        )
    return value


def _day(value: str) -> str:
    try:
        if not _DAY.fullmatch(value):
            raise ValueError
        date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{quoted(value)} is not a day: write it like '2027-01-31'.") from None
    return value


def _at_most(value: str, limit: int) -> str:
    fault = _length_fault(value, limit)
    if fault:
        raise ValueError(fault)
    return value


def _length_fault(value: str, limit: int) -> str | None:
    if len(value) <= limit:
        return None
    return f"is {len(value)} characters long: at most {limit} are allowed."


def _as_list(value: Any) -> Any:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple):
        raise ValueError("write an audience (in quotes where it is a number), or a list of them.")
    return value


def _in_editors(pattern: str, **limits: int) -> WithJsonSchema:
    """What an editor checks while one types: a part of the rule, as JSON Schema.

    It never refuses what the rule takes; the rule itself gives the messages.
    """
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", **limits})


_AUDIENCE_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 255}
_ROLE_NAME = "[A-Za-z0-9_+=,.@-]"
_ARN = "arn:[a-z-]+:iam::([0-9]{12}|aws):policy/[!-~]+"

Label = Annotated[str, AfterValidator(_label), _in_editors(_LABEL.pattern, maxLength=63)]
"""An RFC 1123 label: Kubernetes namespaces, and our names for clusters."""

Subdomain = Annotated[
    str, AfterValidator(_subdomain), _in_editors(_SUBDOMAIN.pattern, maxLength=253)
]
"""A DNS subdomain name: most Kubernetes objects, service accounts among them."""

Issuer = Annotated[
    str,
    AfterValidator(_issuer),
    _in_editors(f"https://{_HOST.pattern}{_ISSUER_PATH.pattern}", maxLength=255),
]
"""An issuer that Kubernetes (`--service-account-issuer`) and IAM (CreateOpenIDConnectProvider)
both take, equal byte for byte everywhere."""

Audience = Annotated[str, AfterValidator(_audience)]
"""A client id of an IAM OIDC provider: 1 to 255 characters."""

Audiences = Annotated[
    tuple[Audience, ...],
    BeforeValidator(_as_list),
    Field(min_length=1, max_length=100, strict=False),
    WithJsonSchema(
        {
            "anyOf": [
                _AUDIENCE_SCHEMA,
                {
                    "type": "array",
                    "items": _AUDIENCE_SCHEMA,
                    "minItems": 1,
                    "maxItems": 100,
                    "uniqueItems": True,
                },
            ]
        }
    ),
]
"""One audience or a list; at most 100 a provider (IAM quotas)."""

Region = Annotated[str, AfterValidator(_region), _in_editors("[a-z]+(-[a-z]+)+-[0-9]+")]
KubernetesVersion = Annotated[
    str,
    BeforeValidator(_kubernetes_version),
    _in_editors("1\\.(1[89]|[2-4][0-9])"),
]
"""The minor version of an API server, from the oldest that can be an issuer for AWS on."""
AccountId = Annotated[str, BeforeValidator(_account_id), _in_editors("[0-9]{12}")]
Policy = Annotated[
    str, AfterValidator(_policy), _in_editors(f"({_ARN}|{_ROLE_NAME}+(/{_ROLE_NAME}+)*)")
]
"""A managed policy: its ARN, or an AWS managed policy's name with its path."""
PolicyArn = Annotated[str, AfterValidator(_policy_arn), _in_editors(_ARN)]
OidcProvider = Annotated[
    str, AfterValidator(_oidc_provider), _in_editors(f"(create|{_PROVIDER_ARN.pattern})")
]
"""`create`, or the ARN of a provider that is there."""
RoleName = Annotated[str, AfterValidator(_role_name), _in_editors(f"{_ROLE_NAME}{{1,64}}")]
"""IAM API, CreateRole: `[\\w+=,.@-]{1,64}`."""
Path = Annotated[str, AfterValidator(_path), _in_editors("/([!-~]+/)?", maxLength=512)]
"""IAM API, CreateRole: `/` or `/.../`, at most 512 characters."""
Thumbprint = Annotated[
    Any,
    BeforeValidator(_thumbprint),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(_THUMBPRINT_SOURCES)},
                {
                    "type": "array",
                    "items": {"type": "string", "pattern": "^[0-9A-Fa-f]{40}$"},
                    "minItems": 1,
                    "maxItems": 5,
                    "uniqueItems": True,
                },
            ]
        }
    ),
]
"""`endpoint`, `omit`, or up to five SHA-1 digests (IAM API, CreateOpenIDConnectProvider)."""
DiscoveryEndpoint = Annotated[
    str, AfterValidator(_discovery_endpoint), _in_editors(r"https://[^/?#@\s]+")
]
EndpointUrl = Annotated[str, AfterValidator(_endpoint_url), _in_editors(r"https?://\S+")]
Tags = Annotated[
    dict[str, str],
    AfterValidator(_tags),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": "^(?![aA][wW][sS]:)", "minLength": 1, "maxLength": 128},
            "additionalProperties": {"type": "string", "maxLength": 256},
            "maxProperties": 50,
        }
    ),
]
"""IAM API, Tag: at most 50, keys unique without regard to case."""
Bucket = Annotated[str, AfterValidator(_bucket), _in_editors(_BUCKET.pattern)]
DiscoveryBucket = Annotated[
    str, AfterValidator(_discovery_bucket), _in_editors("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
]
"""A bucket whose own name is that of a web server with TLS."""
CertificateArn = Annotated[
    str,
    AfterValidator(_certificate_arn),
    _in_editors("arn:[a-z-]+:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]{1,64}"),
]
"""A certificate that CloudFront takes (CloudFront developer guide, "Requirements for using SSL/TLS
certificates with CloudFront")."""
KeyPrefix = Annotated[
    str, AfterValidator(_key_prefix), _in_editors(_KEY_PREFIX.pattern, maxLength=512)
]
Plain = Annotated[str, AfterValidator(_plain), _in_editors(r"\S(.*\S)?")]
Image = Annotated[str, AfterValidator(_image), _in_editors(_IMAGE.pattern, maxLength=512)]
"""A container image (https://pkg.go.dev/github.com/distribution/reference). It needs a tag or a
digest: without one, a node runs any version that it pulled before."""
KeyFile = Annotated[str, AfterValidator(_key_file), _in_editors(r"\S(.*\S)?")]
Code = Annotated[str, AfterValidator(_code), _in_editors(_CODE.pattern)]
"""The code of a finding, in kebab-case."""
Day = Annotated[str, AfterValidator(_day), _in_editors(_DAY.pattern)]
"""A day of the calendar as ISO 8601 writes it, `YYYY-MM-DD`."""
