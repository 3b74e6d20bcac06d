"""Each kind of value at the edges of its rule, and the whole message behind the edge."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from federation.model import fields

FORTY = "0123456789abcdef0123456789ABCDEF01234567"


def taken(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind, config={"strict": True}).validate_python(value)


def refusal(kind: Any, value: Any) -> str:
    """The one message with which a value is refused."""
    with pytest.raises(ValidationError) as caught:
        taken(kind, value)
    (detail,) = caught.value.errors()
    return str(detail.get("ctx", {}).get("error", detail["msg"]))


LONGEST_HOST = ".".join(["a" * 61] * 4) + ".abcde"


@pytest.mark.parametrize(
    "issuer",
    [
        "https://oidc.example.com",
        "https://oidc.example.com/tenants/A.b_c~d-1",
        "https://localhost",
        "https://10.0.0.1",
        f"https://{'a' * 63}.example",
        f"https://{LONGEST_HOST[-247:]}",
        "https://oidc.example.com/" + "a" * 230,
    ],
)
def test_an_issuer_stays_byte_for_byte(issuer: str) -> None:
    assert len(issuer) <= 255
    assert taken(fields.Issuer, issuer) == issuer


EXAMPLE = "Write one like 'https://oidc.example.com'."
PROPOSAL = "Write 'https://oidc.example.com'."
NOT_HTTPS = "does not begin with 'https://': an OIDC issuer is an https URL."
HAS_PORT = (
    "has a port: an IAM OIDC provider's URL has none, and AWS reads the documents on 443 "
    "(discovery.endpoint says where they are to be reached from here)."
)
NO_NAME = (
    "is not a DNS name, which is made of labels of letters, digits and '-', each at most 63 "
    "characters long, joined by '.'."
)
NO_PATH = (
    "is not a path for an issuer, which is made of letters, digits, '.', '_', '~' and '-' between "
    "single slashes."
)


@pytest.mark.parametrize(
    ("issuer", "message"),
    [
        ("http://oidc.example.com", f"'http://oidc.example.com' {NOT_HTTPS} {PROPOSAL}"),
        ("HTTPS://oidc.example.com", f"'HTTPS://oidc.example.com' {NOT_HTTPS} {PROPOSAL}"),
        ("https:/oidc.example.com", f"'https:/oidc.example.com' {NOT_HTTPS} {PROPOSAL}"),
        ("//oidc.example.com", f"'//oidc.example.com' {NOT_HTTPS} {PROPOSAL}"),
        ("oidc.example.com", f"'oidc.example.com' {NOT_HTTPS} {PROPOSAL}"),
        (
            "http://OIDC.example.com:8080/?a",
            f"'http://OIDC.example.com:8080/?a' {NOT_HTTPS} {PROPOSAL}",
        ),
        ("", f"'' {NOT_HTTPS} {EXAMPLE}"),
        ("https://oidc.example.com:443", f"'https://oidc.example.com:443' {HAS_PORT} {PROPOSAL}"),
        (
            "https://oidc.example.com:8443/a",
            f"'https://oidc.example.com:8443/a' {HAS_PORT} Write 'https://oidc.example.com/a'.",
        ),
        (
            "https://oidc.example.com?a=b",
            "'https://oidc.example.com?a=b' has a query or a fragment: an issuer has neither. "
            + PROPOSAL,
        ),
        (
            "https://oidc.example.com/#a",
            "'https://oidc.example.com/#a' has a query or a fragment: an issuer has neither. "
            + PROPOSAL,
        ),
        (
            "https://oidc.example.com/",
            "'https://oidc.example.com/' ends in a slash: AWS and Kubernetes compare issuers byte "
            f"for byte. {PROPOSAL}",
        ),
        (
            "https://Oidc.Example.COM/A",
            "'https://Oidc.Example.COM/A' has capital letters in its host: AWS and Kubernetes "
            "compare issuers byte for byte. Write 'https://oidc.example.com/A'.",
        ),
        (
            " https://oidc.example.com",
            f"' https://oidc.example.com' contains white space. {PROPOSAL}",
        ),
        (
            "https://oidc.example.com\n",
            f"'https://oidc.example.com\\n' contains white space. {PROPOSAL}",
        ),
        (
            "https://oidc.example.com/a b",
            f"'https://oidc.example.com/a b' contains white space. {EXAMPLE}",
        ),
        (
            "https://me@oidc.example.com",
            "'https://me@oidc.example.com' names a user: an issuer is read without credentials. "
            + PROPOSAL,
        ),
        ("https://", f"'https://' names no host. {EXAMPLE}"),
        ("https://:443", f"'https://:443' names no host. {EXAMPLE}"),
        ("https://[::1]", f"'[::1]' {NO_NAME} {EXAMPLE}"),
        ("https://münchen.example", f"'münchen.example' {NO_NAME} {EXAMPLE}"),
        ("https://under_score.example", f"'under_score.example' {NO_NAME} {EXAMPLE}"),
        ("https://-a.example", f"'-a.example' {NO_NAME} {EXAMPLE}"),
        ("https://oidc.example.com.", f"'oidc.example.com.' {NO_NAME} {PROPOSAL}"),
        (f"https://{'a' * 64}.example", f"'{'a' * 64}.example' {NO_NAME} {EXAMPLE}"),
        (
            "https://" + "a." * 149 + "aa",
            f"the host of the issuer is 300 characters long: a DNS name has at most 253. {EXAMPLE}",
        ),
        (
            f"https://{LONGEST_HOST}",
            f"is 261 characters long: at most 255 are allowed. {EXAMPLE}",
        ),
        (
            "https://oidc.example.com/" + "a" * 231,
            f"is 256 characters long: at most 255 are allowed. {EXAMPLE}",
        ),
        (
            "https://oidc.example.com/a//b",
            f"'/a//b' {NO_PATH} Write 'https://oidc.example.com/a/b'.",
        ),
        ("https://oidc.example.com/../a", f"'/../a' {NO_PATH} {EXAMPLE}"),
        ("https://oidc.example.com/.", f"'/.' {NO_PATH} {EXAMPLE}"),
        ("https://oidc.example.com/a%20b", f"'/a%20b' {NO_PATH} {EXAMPLE}"),
        ("https://oidc.example.com/a:b", f"'/a:b' {NO_PATH} {EXAMPLE}"),
        ("https://oidc.example.com/${aws:userid}", f"'/${{aws:userid}}' {NO_PATH} {EXAMPLE}"),
        ("https://oidc.example.com/*", f"'/*' {NO_PATH} {EXAMPLE}"),
    ],
)
def test_an_issuer_that_breaks_the_federation_is_refused_with_the_right_one(
    issuer: str, message: str
) -> None:
    assert refusal(fields.Issuer, issuer) == message


@pytest.mark.parametrize("audience", ["a", "a" * 255, "💥" * 255, "https://a/b?c", "a b", "%{x}"])
def test_an_audience_of_up_to_255_characters_is_taken(audience: str) -> None:
    assert taken(fields.Audiences, audience) == (audience,)


@pytest.mark.parametrize(
    ("audience", "message"),
    [
        ("", "is empty: write the audience that tokens are issued for."),
        ("a" * 256, "is 256 characters long: at most 255 are allowed."),
        (" a", "' a' has white space around it or control characters: remove them."),
        ("a\nb", "'a\\nb' has white space around it or control characters: remove them."),
        ("e\u0301", "'e\u0301' is not in the form that Terraform gives it: '\u00e9'."),
        ("\ud83d", "'\\ud83d' has white space around it or control characters: remove them."),
        ("a${b}", "'a${b}' contains '${', which AWS reads as a policy variable."),
        (3, "write an audience (in quotes where it is a number), or a list of them."),
        (None, "write an audience (in quotes where it is a number), or a list of them."),
        ({}, "write an audience (in quotes where it is a number), or a list of them."),
    ],
)
def test_an_audience_that_iam_or_a_token_cannot_have_is_refused(
    audience: Any, message: str
) -> None:
    assert refusal(fields.Audiences, audience) == message


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a" * 63])
def test_a_label_is_taken(name: str) -> None:
    assert taken(fields.Label, name) == name


@pytest.mark.parametrize("name", ["", "A", "a_b", "a.b", "-a", "a-", "a b", "ä", "a\n", "٣"])
def test_a_name_that_is_no_label_is_refused(name: str) -> None:
    assert refusal(fields.Label, name) == (
        f"{name!r} is not an RFC 1123 label: write lower-case letters, digits and '-', beginning "
        "and ending with a letter or digit."
    )


def test_a_label_has_at_most_63_characters() -> None:
    message = "is 64 characters long: at most 63 are allowed."
    assert refusal(fields.Label, "a" * 64) == message


@pytest.mark.parametrize("name", ["a", "a.b", "0.1-a", "a" * 253])
def test_a_subdomain_is_taken(name: str) -> None:
    assert taken(fields.Subdomain, name) == name


@pytest.mark.parametrize("name", ["", "A", "a_b", "a..b", ".a", "a.", "a.-b", "system:a", "a/b"])
def test_a_name_that_is_no_subdomain_is_refused(name: str) -> None:
    assert refusal(fields.Subdomain, name) == (
        f"{name!r} is not a DNS subdomain name (RFC 1123): write lower-case letters, digits, '-' "
        "and '.', each part beginning and ending with a letter or digit."
    )


def test_a_subdomain_has_at_most_253_characters() -> None:
    message = "is 254 characters long: at most 253 are allowed."
    assert refusal(fields.Subdomain, "a" * 254) == message


@pytest.mark.parametrize(
    ("region", "message"),
    [
        (
            "eu-wets-1",
            "'eu-wets-1' is not an AWS region that is known here. Did you mean 'eu-west-1'?",
        ),
        ("moon", "'moon' is not an AWS region that is known here. Write one like 'eu-west-1'."),
        ("", "'' is not an AWS region that is known here. Write one like 'eu-west-1'."),
        (
            "aws-global",
            "'aws-global' is not an AWS region that is known here. Write one like 'eu-west-1'.",
        ),
    ],
)
def test_a_region_that_does_not_exist_is_refused(region: str, message: str) -> None:
    assert refusal(fields.Region, region) == message


@pytest.mark.parametrize(
    ("account", "shown"),
    [
        (123456789012, "123456789012"),
        ("12345678901", "'12345678901'"),
        ("1234567890123", "'1234567890123'"),
        ("1234-5678-9012", "'1234-5678-9012'"),
        ("١٢٣٤٥٦٧٨٩٠١٢", "'١٢٣٤٥٦٧٨٩٠١٢'"),
    ],
)
def test_an_account_is_twelve_digits_as_text(account: Any, shown: str) -> None:
    assert taken(fields.AccountId, "012345678901") == "012345678901"
    assert refusal(fields.AccountId, account) == (
        f"{shown} is not an account id: write its 12 digits"
        f"{'' if isinstance(account, str) else ' in quotes'}."
    )


@pytest.mark.parametrize(
    "policy",
    [
        "AmazonS3ReadOnlyAccess",
        "job-function/ViewOnlyAccess",
        "service-role/AmazonEC2RoleforSSM",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess",
        "arn:aws-iso-b:iam::123456789012:policy/a/b,c/D+=,.@-_",
        "arn:aws:iam::123456789012:policy/" + "a" * 128,
    ],
)
def test_a_policy_is_a_name_with_its_path_or_an_arn(policy: str) -> None:
    assert taken(fields.Policy, policy) == policy


@pytest.mark.parametrize("policy", ["", "/a", "a/", "a//b", "a b", "policy/ReadOnlyAccess", "ä"])
def test_a_name_that_no_managed_policy_can_have_is_refused(policy: str) -> None:
    assert refusal(fields.Policy, policy) == (
        f"{policy!r} is neither a policy's ARN nor the name of an AWS managed policy with its "
        "path, like 'job-function/ViewOnlyAccess'."
    )


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:role/a",
        "arn:aws:iam::12345678901:policy/a",
        "arn:aws:iam:eu-west-1:123456789012:policy/a",
        "arn:aws:iam::123456789012:policy/",
        "arn:aws:iam::123456789012:policy/a b",
        "arn:aws:iam::123456789012:policy/a\x7f/b",
        "arn:aws:iam::123456789012:policy/" + "a" * 129,
        "arn:aws:s3:::bucket",
        "arn:",
    ],
)
def test_an_arn_of_something_else_is_refused(arn: str) -> None:
    message = (
        f"{arn!r} is not the ARN of a policy: write one like "
        "'arn:aws:iam::123456789012:policy/NAME'."
    )
    assert refusal(fields.Policy, arn) == message
    assert refusal(fields.PolicyArn, arn) == message


def test_a_boundary_is_an_arn_and_no_name() -> None:
    assert refusal(fields.PolicyArn, "ReadOnlyAccess") == (
        "'ReadOnlyAccess' is not the ARN of a policy: write one like "
        "'arn:aws:iam::123456789012:policy/NAME'."
    )


@pytest.mark.parametrize("name", ["a", "A_1+=,.@-", "a" * 64])
def test_a_role_name_is_taken(name: str) -> None:
    assert taken(fields.RoleName, name) == name


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a:b", "ä"])
def test_a_role_name_with_other_characters_is_refused(name: str) -> None:
    assert refusal(fields.RoleName, name) == (
        f"{name!r} is not a role name: write letters, digits and '_+=,.@-'."
    )


def test_a_role_name_has_at_most_64_characters() -> None:
    assert refusal(fields.RoleName, "a" * 65) == "is 65 characters long: at most 64 are allowed."


@pytest.mark.parametrize("path", ["/", "/a/", "/a/b!~/", "/" + "a" * 510 + "/"])
def test_an_iam_path_is_taken(path: str) -> None:
    assert taken(fields.Path, path) == path


@pytest.mark.parametrize("path", ["", "a", "/a", "a/", "//", "/a b/", "/ä/"])
def test_what_does_not_begin_and_end_with_a_slash_is_no_iam_path(path: str) -> None:
    assert refusal(fields.Path, path) == (
        f"{path!r} is not an IAM path: it begins and ends with '/'."
    )


def test_an_iam_path_has_at_most_512_characters() -> None:
    message = "is 513 characters long: at most 512 are allowed."
    assert refusal(fields.Path, "/" + "a" * 511 + "/") == message


@pytest.mark.parametrize("version", ["1.18", "1.34", "1.49"])
def test_a_minor_version_of_kubernetes_is_taken(version: str) -> None:
    assert taken(fields.KubernetesVersion, version) == version


@pytest.mark.parametrize("version", ["", "1.99x", "1.50", "2.0", "1", "1.x", "one", "1.34 ", "v34"])
def test_what_is_no_release_of_kubernetes_is_refused(version: str) -> None:
    assert refusal(fields.KubernetesVersion, version) == (
        f"{version!r} is not a version of Kubernetes: write one like '1.34'."
    )


@pytest.mark.parametrize("version", ["1.17", "1.2", "v1.9.1"])
def test_a_version_that_serves_no_discovery_documents_is_refused(version: str) -> None:
    assert refusal(fields.KubernetesVersion, version) == (
        f"{version!r} is too old: an API server has no discovery documents for AWS to read before "
        "1.18 (ServiceAccountIssuerDiscovery). Upgrade it."
    )


@pytest.mark.parametrize("version", ["v1.34", "1.34.4", "v1.34.4+k3s1", "1.34-alpha.1"])
def test_more_than_a_minor_version_is_refused_with_what_to_write(version: str) -> None:
    assert refusal(fields.KubernetesVersion, version) == (
        f"{version!r} says more than the minor version: write '1.34'."
    )


@pytest.mark.parametrize("version", [1.3, 1, ["1.34"]])
def test_a_version_without_quotes_is_refused(version: Any) -> None:
    assert refusal(fields.KubernetesVersion, version) == (
        'is not text: write the minor version in quotes, like "1.30", which YAML would read as the '
        "number 1.3."
    )


@pytest.mark.parametrize("source", ["endpoint", "omit"])
def test_a_thumbprint_may_come_from_elsewhere(source: str) -> None:
    assert taken(fields.Thumbprint, source) == source


def test_up_to_five_thumbprints_are_taken_in_lower_case() -> None:
    five = [str(number) + FORTY[1:] for number in range(5)]
    assert taken(fields.Thumbprint, five) == tuple(each.lower() for each in five)


NO_THUMBPRINT = (
    "is not a thumbprint: write the certificate's SHA-1 as 40 hexadecimal digits without colons"
)
NO_TEXT = "a thumbprint is not text: write its 40 hexadecimal digits in quotes."
NO_SOURCE = "write 'endpoint', 'omit', or a list of 1 to 5 thumbprints."


@pytest.mark.parametrize(
    ("thumbprint", "message"),
    [
        ([FORTY[1:]], f"'{FORTY[1:]}' {NO_THUMBPRINT} (this has 39 characters)."),
        ([FORTY + "0"], f"'{FORTY}0' {NO_THUMBPRINT} (this has 41 characters)."),
        (["g" + FORTY[1:]], f"'g{FORTY[1:]}' {NO_THUMBPRINT} (this has 40 characters)."),
        (["AB:CD"], f"'AB:CD' {NO_THUMBPRINT} (this has 5 characters)."),
        ([FORTY, FORTY.lower()], "a thumbprint is listed twice: remove one."),
        ([FORTY] * 6, "6 thumbprints are listed: IAM takes at most 5."),
        ([int("1" * 40)], NO_TEXT),
        ([None], NO_TEXT),
        ([[FORTY]], NO_TEXT),
        ([{}], NO_TEXT),
        ([], NO_SOURCE),
        (None, NO_SOURCE),
        (3, NO_SOURCE),
        ({}, NO_SOURCE),
        (
            FORTY,
            f"'{FORTY}' is not a source of a thumbprint: write 'endpoint' (taken from the "
            "certificate that is served), 'omit' (AWS decides), or a list of thumbprints.",
        ),
    ],
)
def test_a_thumbprint_that_iam_does_not_take_is_refused(thumbprint: Any, message: str) -> None:
    assert refusal(fields.Thumbprint, thumbprint) == message


@pytest.mark.parametrize(
    "address",
    [
        "https://10.0.0.1:6443",
        "https://[::1]:6443",
        "https://api.lan",
        "https://API",
        "https://a_b",
    ],
)
def test_an_address_to_connect_to_is_taken(address: str) -> None:
    assert taken(fields.DiscoveryEndpoint, address) == address


@pytest.mark.parametrize(
    "address",
    [
        "https://",
        "https://a:0",
        "https://a:65536",
        "https://a:",
        "https://a:b",
        "https://me@a",
        "https://a b",
        "https://é.example",
        "https://-",
        "https://[::1",
        "https://a\n",
        "https://a/${b}",
        "https://a/%{b}",
        'https://a/"b',
        "10.0.0.1:6443",
        "",
    ],
)
def test_an_address_that_names_no_host_is_refused(address: str) -> None:
    message = (
        f"{address!r} is not a URL without credentials: write one like 'https://10.0.0.1:6443'."
    )
    assert refusal(fields.DiscoveryEndpoint, address) == message
    assert refusal(fields.EndpointUrl, address) == message


@pytest.mark.parametrize(
    "address", ["http://a", "ftp://a", "https://a/", "https://a/b", "https://a?b", "HTTPS://a"]
)
def test_an_address_with_more_than_host_and_port_is_refused(address: str) -> None:
    assert refusal(fields.DiscoveryEndpoint, address) == (
        f"{address!r} is not an address to connect to: write 'https://HOST' or 'https://HOST:PORT'."
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "https://sts.lan/a?b", "http://a:1"])
def test_an_endpoint_url_is_taken(url: str) -> None:
    assert taken(fields.EndpointUrl, url) == url


def test_an_endpoint_url_of_another_scheme_is_refused() -> None:
    assert refusal(fields.EndpointUrl, "ftp://a") == (
        "'ftp://a' is not a URL: write one like 'http://127.0.0.1:4566'."
    )


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"a": ""},
        {"ключ 1": "zażółć_.:/=+-@", "日本": "٣"},
        {"k" * 128: "v" * 256},
        {str(number): "" for number in range(50)},
        {"awsome": "x"},
    ],
    ids=["none", "empty", "scripts", "longest", "fifty", "nearly reserved"],
)
def test_tags_are_taken(tags: dict[str, str]) -> None:
    assert taken(fields.Tags, tags) == tags


ODD_TAG = "has characters that IAM does not take: write letters, digits, spaces and '_.:/=+-@'."


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({str(n): "" for n in range(51)}, "51 tags are given: IAM takes at most 50."),
        (
            {"AWS:a": "b"},
            "the tag key 'AWS:a' begins with 'aws:', which AWS keeps for itself.",
        ),
        (
            {"": "b"},
            "the tag '' is empty or too long: keys have 1 to 128 characters (this has "
            "0), values at most 256 (this has 1).",
        ),
        (
            {"k" * 129: "b"},
            f"the tag '{'k' * 129}' is empty or too long: keys have 1 to 128 characters (this has "
            "129), values at most 256 (this has 1).",
        ),
        (
            {"a": "v" * 257},
            "the tag 'a' is empty or too long: keys have 1 to 128 characters (this has "
            "1), values at most 256 (this has 257).",
        ),
        ({"a": "b\n"}, f"the tag 'a' {ODD_TAG}"),
        ({"a": "b\u2028"}, f"the tag 'a' {ODD_TAG}"),
        ({"a": "${b}"}, f"the tag 'a' {ODD_TAG}"),
        ({"a": "💥"}, f"the tag 'a' {ODD_TAG}"),
        ({"a\t": "b"}, f"the tag 'a\\t' {ODD_TAG}"),
        ({"Team": "a", "team": "b"}, "two tag keys differ in case only: IAM takes them for one."),
    ],
)
def test_tags_that_iam_does_not_take_are_refused(tags: dict[str, str], message: str) -> None:
    assert refusal(fields.Tags, tags) == message


@pytest.mark.parametrize("name", ["abc", "a.b-c", "0123", "a" * 63])
def test_the_name_of_a_bucket_is_taken(name: str) -> None:
    assert taken(fields.Bucket, name) == name


@pytest.mark.parametrize("name", ["", "ab", "a" * 64, "Abc", "a_b", "a..b", "-abc", "10.0.0.1"])
def test_what_cannot_be_the_name_of_a_bucket_is_refused(name: str) -> None:
    assert refusal(fields.Bucket, name) == (
        f"{name!r} is not the name of an S3 bucket: write 3 to 63 lower-case letters, digits, '-' "
        "and '.'."
    )


@pytest.mark.parametrize("name", ["abc", "oidc-prod", "a" * 63])
def test_a_bucket_without_dots_serves_documents(name: str) -> None:
    assert taken(fields.DiscoveryBucket, name) == name


def test_a_bucket_with_dots_has_no_certificate() -> None:
    assert refusal(fields.DiscoveryBucket, "oidc.example.com") == (
        "'oidc.example.com' has a dot: the certificate of S3 is for one label below its own name "
        "alone, so that https fails. Write '-' instead."
    )


@pytest.mark.parametrize(
    ("name", "reserved"),
    [
        ("xn--a", "xn--"),
        ("sthree-a", "sthree-"),
        ("amzn-s3-demo-a", "amzn-s3-demo-"),
        ("a-s3alias", "-s3alias"),
        ("a--ol-s3", "--ol-s3"),
        ("a--x-s3", "--x-s3"),
        ("a--table-s3", "--table-s3"),
    ],
)
def test_a_bucket_with_a_name_of_amazons_is_refused(name: str, reserved: str) -> None:
    assert refusal(fields.DiscoveryBucket, name) == (
        f"{name!r} is a name that S3 keeps for itself, because of {reserved!r}."
    )


@pytest.mark.parametrize(
    "source", ["create", "arn:aws-cn:iam::123456789012:oidc-provider/oidc.example.com/a"]
)
def test_a_provider_is_made_or_adopted(source: str) -> None:
    assert taken(fields.OidcProvider, source) == source


@pytest.mark.parametrize(
    "source", ["", "adopt", "oidc.example.com", "arn:aws:iam::aws:oidc-provider/a"]
)
def test_what_is_no_provider_is_refused(source: str) -> None:
    assert refusal(fields.OidcProvider, source) == (
        f"{source!r} is neither 'create' nor the ARN of an OIDC provider: write one like "
        "'arn:aws:iam::123456789012:oidc-provider/oidc.example.com'."
    )


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f3f1a7e-7a0f"


def test_a_certificate_in_virginia_is_taken() -> None:
    assert taken(fields.CertificateArn, CERTIFICATE) == CERTIFICATE


@pytest.mark.parametrize(
    "arn", ["", "0f3f1a7e", "arn:aws:iam::123456789012:server-certificate/a", CERTIFICATE + "/a"]
)
def test_what_is_no_certificate_of_acm_is_refused(arn: str) -> None:
    assert refusal(fields.CertificateArn, arn) == (
        f"{arn!r} is not the ARN of a certificate: write one like "
        "'arn:aws:acm:us-east-1:123456789012:certificate/ID'."
    )


def test_a_certificate_elsewhere_is_refused() -> None:
    arn = CERTIFICATE.replace("us-east-1", "eu-west-1")
    assert refusal(fields.CertificateArn, arn) == (
        f"{arn!r} is a certificate in eu-west-1, and CloudFront takes those in us-east-1: request "
        "one there."
    )


@pytest.mark.parametrize("prefix", ["a", "A.b_c-d/e", "a" * 512])
def test_the_beginning_of_a_key_is_taken(prefix: str) -> None:
    assert taken(fields.KeyPrefix, prefix) == prefix


@pytest.mark.parametrize("prefix", ["", "/a", "a/", "a//b", "a b", "${a}"])
def test_a_prefix_with_other_characters_or_slashes_is_refused(prefix: str) -> None:
    assert refusal(fields.KeyPrefix, prefix) == (
        f"{prefix!r} is not the beginning of a key: write letters, digits, '.', '_' and '-' "
        "between single slashes."
    )


def test_a_prefix_has_at_most_512_characters() -> None:
    message = "is 513 characters long: at most 512 are allowed."
    assert refusal(fields.KeyPrefix, "a" * 513) == message


@pytest.mark.parametrize("text", ["a", "arn:aws:eks:a/b", "${a}", "it's"])
def test_any_printable_text_is_taken_where_there_is_no_rule(text: str) -> None:
    assert taken(fields.Plain, text) == text


@pytest.mark.parametrize("text", ["", " ", " a", "a ", "a\nb", "\x1b[31m", "\u202e"])
def test_text_that_is_empty_or_cannot_be_seen_is_refused(text: str) -> None:
    assert refusal(fields.Plain, text) == (
        f"{text!r} is empty, or has white space around it or control characters."
    )


def test_a_key_where_the_name_of_its_file_belongs_is_not_shown() -> None:
    text = "-----BEGIN PRIVATE KEY-----\nMIIEvg\n-----END PRIVATE KEY-----\n"
    assert refusal(fields.KeyFile, text) == (
        "is a key itself: write the name of a file that holds it."
    )
    assert taken(fields.KeyFile, "keys/sa.pub") == "keys/sa.pub"


def test_a_very_long_value_is_not_repeated_whole() -> None:
    assert refusal(fields.RoleName, "a b" * 1000) == (
        f"'{'a b' * 20}'... (3000 characters) is not a role name: write letters, digits and "
        "'_+=,.@-'."
    )


@pytest.mark.parametrize(
    "image",
    [
        "amazon/aws-cli:2.32.8",
        "public.ecr.aws/aws-cli/aws-cli:2.32.8",
        "registry.example.com:5000/mirror/aws-cli:latest",
        f"aws-cli@sha256:{'a' * 64}",
        f"aws-cli:2@sha256:{'0' * 64}",
    ],
)
def test_an_image_has_a_tag_or_a_digest(image: str) -> None:
    assert taken(fields.Image, image) == image


@pytest.mark.parametrize(
    "image",
    ["", "aws-cli", "example.com:5000/aws-cli", "aws/CLI:2", "a:b c", "a@sha256:abc", "a:$(id)"],
)
def test_an_image_without_one_is_refused(image: str) -> None:
    assert refusal(fields.Image, image) == (
        f"'{image}' is not an image with a tag or a digest: write 'REGISTRY/NAME:TAG' or "
        "'REGISTRY/NAME@sha256:DIGEST'."
    )


def test_an_image_is_at_most_as_long_as_the_schema_says() -> None:
    longest = f"{'a' * 508}:tag"
    assert taken(fields.Image, longest) == longest
    assert refusal(fields.Image, f"a{longest}") == refusal(fields.KeyPrefix, "a" * 513)
