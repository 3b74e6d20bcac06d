"""Random configurations that are valid, for properties that hold for all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from federation.model.config import DISTRIBUTIONS, ClusterConfig, bucket_url
from federation.model.regions import partitions
from federation.yaml.files import validate

AWKWARD = (
    "yes", "no", "on", "null", "~", "true", "0123", "1e3", "0x1F", "1_000", "12:30:45",
    "2020-01-01", "a: b", "a #b", "- a", "'", '"', "it's", "%{if true}", "{a}", "[a]", "*a", "&a",
    "!a", "|", ">", "@a", "`a`", "\\n", "<<", "=", "💥", "é", "ゆ", "a,b",
)  # fmt: skip
"""Texts that YAML or Terraform would read as something else."""

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
subdomains = st.lists(labels, min_size=1, max_size=3).map(".".join).filter(lambda t: len(t) <= 253)
printable = (
    st.text(min_size=1, max_size=40).filter(lambda t: t.isprintable() and t == t.strip())
) | st.sampled_from(AWKWARD)
audiences = printable.filter(lambda text: "${" not in text)
tag_text = st.text(
    st.characters(categories=["L", "N", "Zs"], include_characters="_.:/=+-@"), max_size=60
)
digests = st.from_regex(r"[0-9a-fA-F]{40}", fullmatch=True)
policy_names = st.from_regex(r"[A-Za-z0-9_+=,.@-]{1,40}", fullmatch=True).filter(
    lambda name: not name.startswith("arn")
)
iam_paths = st.just("/") | st.from_regex(r"/[!-~]{1,30}/", fullmatch=True)


@st.composite
def configurations(draw: st.DrawFn) -> ClusterConfig:
    """Any valid configuration."""
    return validate(draw(answers()))


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """The plain data of any valid configuration."""
    partition_of = partitions()
    region = draw(st.sampled_from(sorted(partition_of)))
    account = draw(st.none() | st.from_regex(r"[0-9]{12}", fullmatch=True))
    policies = policy_names | policy_names.map(
        lambda name: f"arn:{partition_of[region]}:iam::{account or 'aws'}:policy/own/{name}"
    )
    optional: dict[str, Any] = {
        "discovery": discoveries(),
        "audience": audiences | st.lists(audiences, min_size=1, max_size=4, unique=True),
        "backend": backends(),
    }
    document = {
        "cluster": draw(labels),
        "issuer": draw(issuers()),
        "aws": {"region": region, "account_id": account, **draw(accounts(policies))},
        "kubernetes": draw(clusters()),
        "workloads": draw(workloads(policies)),
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }
    if draw(st.booleans()):
        document.update(draw(in_a_bucket(region)))
    accepted = draw(st.lists(acceptances(document["workloads"]), max_size=3, unique_by=_what))
    return {**document, "lint": {"accept": accepted}} if accepted else document


def acceptances(workloads: list[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Findings that are accepted, everywhere or for one of the workloads."""
    names = [f"{each['namespace']}/{each['service_account']}" for each in workloads]
    return st.fixed_dictionaries(
        {
            "code": st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True),
            "reason": printable,
            "until": st.dates().map(str),
        },
        optional={"workload": st.none() | st.sampled_from(names)},
    )


def _what(acceptance: dict[str, Any]) -> tuple[str, str | None]:
    return acceptance["code"], acceptance.get("workload")


@st.composite
def issuers(draw: st.DrawFn) -> str:
    """Hosts with and without a path, within the 255 characters that IAM takes."""
    path = draw(st.from_regex(r"(/[A-Za-z0-9_~-]{1,12}){0,2}", fullmatch=True))
    return f"https://{draw(subdomains)}{path}"


@st.composite
def in_a_bucket(draw: st.DrawFn, region: str) -> dict[str, Any]:
    """What a bucket that serves the documents says of the issuer."""
    name = draw(st.from_regex(r"[a-z][a-z0-9]{2,20}", fullmatch=True))
    path = draw(st.sampled_from(["", "/a", "/a/b"]))
    return {
        "issuer": bucket_url(name, region) + path,
        "discovery": {
            **draw(discoveries()),
            "hosting": "s3",
            "s3": {"bucket": name, "keys": draw(st.lists(printable, min_size=1, max_size=3))},
        },
    }


def discoveries() -> st.SearchStrategy[dict[str, Any]]:
    """Who may read the documents, where to connect to, and which certificate."""
    endpoint = st.sampled_from(["https://10.0.0.1:6443", "https://[::1]", "https://api.lan"])
    thumbprints = st.lists(digests, min_size=1, max_size=5, unique_by=str.lower)
    return st.fixed_dictionaries(
        {},
        optional={
            "exposure": st.sampled_from(["binding", "authentication-config", "none"]),
            "endpoint": st.none() | endpoint,
            "thumbprint": st.sampled_from(["endpoint", "omit"]) | thumbprints,
        },
    )


def accounts(policies: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """What else there is to say about the account."""
    keys = tag_text.filter(lambda key: key and not key.lower().startswith("aws:"))
    pairs = st.lists(st.tuples(keys, tag_text), max_size=5, unique_by=lambda pair: pair[0].lower())
    return st.fixed_dictionaries(
        {},
        optional={
            "endpoint_url": st.sampled_from([None, "http://127.0.0.1:4566", "https://sts.lan/a?b"]),
            "permissions_boundary": st.none() | policies.filter(lambda arn: arn.startswith("arn:")),
            "tags": pairs.map(dict),
            "max_retries": st.none() | st.integers(0, 100),
        },
    )


def clusters() -> st.SearchStrategy[dict[str, Any]]:
    """How to reach the cluster, and what it is."""
    kind = {
        "version": st.none() | st.integers(31, 49).map("1.{}".format),
        "distribution": st.none() | st.sampled_from(DISTRIBUTIONS),
    }
    return st.fixed_dictionaries(
        {"context": printable}, optional={"kubeconfig": st.none() | printable, **kind}
    ) | st.fixed_dictionaries({"apply": st.just("manifests")}, optional=kind)


def workloads(policies: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """One to four workloads of different subjects and roles."""
    role = st.fixed_dictionaries(
        {},
        optional={
            "path": iam_paths,
            "managed_policy_arns": st.lists(policies, max_size=3, unique=True),
            "max_session_duration": st.integers(3600, 43200),
        },
    )
    new = st.fixed_dictionaries(
        {"namespace": labels.filter(lambda name: name != "default"), "service_account": subdomains},
        optional={
            "create_namespace": st.booleans(),
            "token_expiration_seconds": st.integers(600, 2**32),
            "role": role,
            "trust": st.sampled_from(["service-account", "audience-only"]),
            "test_pod": st.booleans(),
        },
    )
    return st.lists(
        new,
        min_size=1,
        max_size=4,
        unique_by=lambda each: (each["namespace"], each["service_account"]),
    )


def backends() -> st.SearchStrategy[dict[str, Any]]:
    """Either place for the state."""
    s3 = st.fixed_dictionaries(
        {
            "type": st.just("s3"),
            "bucket": st.from_regex(r"[a-z][a-z0-9-]{1,20}[a-z0-9]", fullmatch=True),
            "region": st.sampled_from(sorted(partitions())),
        },
        optional={
            "key_prefix": st.from_regex(r"[A-Za-z0-9._-]{1,9}(/[a-z]{1,9})?", fullmatch=True)
        },
    )
    return st.just({"type": "local"}) | s3
