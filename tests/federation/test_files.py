"""Configurations on disk: each mistake with its whole message, and saving without loss."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from federation_examples import MINIMAL, configured, with_workloads
from federation_strategies import AWKWARD, configurations
from hypothesis import given

from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.model.places import Place
from federation.yaml.files import (
    PROJECT,
    ConfigError,
    check_field,
    dump,
    load,
    parse,
    save,
    validate,
    write,
)

TEXT = """\
cluster: prod
issuer: https://oidc.example.com
audience: sts.amazonaws.com
aws:
  region: eu-west-1
kubernetes:
  context: prod
workloads:
  - namespace: default
    service_account: app
"""


def replaced(old: str, new: str) -> str:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


def messages(text: str) -> list[str]:
    """Every message about a text that is called `prod.yaml`."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "prod.yaml")
    return str(caught.value).splitlines()


def test_the_shortest_configuration_is_read() -> None:
    assert parse(TEXT, "prod.yaml") == configured()


def test_one_audience_may_stand_without_a_list() -> None:
    assert parse(replaced("sts.amazonaws.com", "[a]"), "") == parse(
        replaced("sts.amazonaws.com", "a"), ""
    )


class TestTextThatCannotBeRead:
    def test_a_file_that_is_not_there(self, in_folder: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            load(Path("clusters/prod.yaml"))
        assert str(caught.value) == (
            "clusters/prod.yaml: there is no such file. Check the name. 'python -m wizard init' "
            "makes one."
        )

    def test_a_folder_in_place_of_a_file(self, in_folder: Path) -> None:
        Path("clusters").mkdir()
        with pytest.raises(ConfigError) as caught:
            load(Path("clusters"))
        assert str(caught.value) == "clusters: is a folder: name a file."

    def test_a_file_below_a_file(self, in_folder: Path) -> None:
        Path("clusters").write_text("")
        with pytest.raises(ConfigError) as caught:
            load(Path("clusters/prod.yaml"))
        assert str(caught.value) == (
            "clusters/prod.yaml: there is no such file: a part of its path is a file. Check the "
            "name. 'python -m wizard init' makes one."
        )

    def test_a_file_that_may_not_be_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # The permissions themselves do not stop root, who runs tests in containers.
        def refuse(_: Path) -> os.stat_result:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr(Path, "stat", refuse)
        with pytest.raises(ConfigError) as caught:
            load(Path("prod.yaml"))
        assert str(caught.value) == (
            "prod.yaml: may not be read (permission denied): change its permissions, or those of "
            "its folder."
        )

    @pytest.mark.parametrize(
        ("content", "place"),
        [(TEXT.encode() + b"\xff", len(TEXT)), (b"cluster: caf\xe9\n", 12)],
    )
    def test_text_of_another_encoding(self, content: bytes, place: int, in_folder: Path) -> None:
        Path("prod.yaml").write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            load(Path("prod.yaml"))
        assert (
            str(caught.value) == f"prod.yaml: is not UTF-8 text (byte {place}): save it as UTF-8."
        )

    @pytest.mark.parametrize(
        "text", ["", "\n", "# nothing but a comment\n", "---\n...\n", "null\n"]
    )
    def test_nothing(self, text: str) -> None:
        assert messages(text) == [
            "prod.yaml: is empty: it needs at least cluster, issuer, aws, kubernetes and workloads."
        ]

    @pytest.mark.parametrize("text", ["- a\n", "hello\n", "3\n", "issuer:https://a\n", "[]\n"])
    def test_something_else_than_a_mapping(self, text: str) -> None:
        assert messages(text) == ["prod.yaml:1: is not a mapping of keys to values."]

    def test_broken_yaml(self) -> None:
        assert messages(replaced("eu-west-1", "[eu-west-1")) == [
            "prod.yaml:5: is not YAML: a list or mapping in brackets begins here: put ',' between "
            "its parts and ']' at its end."
        ]

    def test_a_key_that_is_there_twice(self) -> None:
        assert messages(TEXT + "cluster: other\n") == [
            "prod.yaml:11: cluster: is there twice: remove one."
        ]


def test_of_many_mistakes_the_first_ones_are_named() -> None:
    found = messages(TEXT + "".join(f"key{at}: 1\n" for at in range(3000)))
    assert [line.partition(": is not")[0] for line in found] == [
        *(f"prod.yaml:{at + 11}: key{at}" for at in range(20)),
        "and 2980 more.",
    ]


class TestTextThatEditorsLeave:
    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbf" + TEXT.encode(),
            TEXT.replace("\n", "\r\n").encode(),
            TEXT.rstrip("\n").encode(),
            b"---\n" + TEXT.encode() + b"...\n",
            TEXT.replace("app\n", "app   # ours\n").encode(),
        ],
        ids=["byte order mark", "CRLF", "no last line end", "document marks", "comment"],
    )
    def test_it_means_the_same(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "prod.yaml").write_bytes(content)
        assert load(tmp_path / "prod.yaml") == configured()


ISSUER = "https://oidc.example.com"
TYPO_KEYS = "cluster, issuer, audience, discovery, aws, kubernetes, workloads, backend, lint"
WORKLOAD_KEYS = (
    "namespace, service_account, create_namespace, role, token_expiration_seconds, trust, test_pod"
)
NO_LABEL = (
    "is not an RFC 1123 label: write lower-case letters, digits and '-', beginning and ending with "
    "a letter or digit."
)
NO_SUBDOMAIN = (
    "is not a DNS subdomain name (RFC 1123): write lower-case letters, digits, '-' and '.', each "
    "part beginning and ending with a letter or digit."
)
NO_AUDIENCE = "write an audience (in quotes where it is a number), or a list of them."
NO_HTTPS = "does not begin with 'https://': an OIDC issuer is an https URL."
NO_MAPPING = "write a mapping of keys to values."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            replaced("audience:", "audiense:"),
            "prod.yaml:3: audiense: is not a key that is known here. Did you mean 'audience'? "
            f"Known: {TYPO_KEYS}.",
            id="unknown key",
        ),
        pytest.param(
            TEXT + "    testpod: true\n",
            "prod.yaml:11: workloads[0].testpod: is not a key that is known here. Did you mean "
            f"'test_pod'? Known: {WORKLOAD_KEYS}.",
            id="unknown key of a workload",
        ),
        pytest.param(
            TEXT + "x-defaults: {}\n",
            f"prod.yaml:11: x-defaults: is not a key that is known here. Known: {TYPO_KEYS}.",
            id="unknown key that resembles none",
        ),
        pytest.param(
            TEXT + "backend: {type: local, bucket: abc}\n",
            "prod.yaml:11: backend.bucket: is not a key that is known here. Known: type.",
            id="key of the other backend",
        ),
        pytest.param(
            TEXT + "backend: {bucket: abc}\n",
            "prod.yaml:11: backend: needs a type: write 'local' or 's3'.",
            id="backend without a type",
        ),
        pytest.param(
            TEXT + "backend: {type: gcs}\n",
            "prod.yaml:11: backend: needs a type: write 'local' or 's3'.",
            id="backend of another type",
        ),
        pytest.param(
            TEXT + "backend: s3\n",
            f"prod.yaml:11: backend: is 's3': {NO_MAPPING}",
            id="backend that is text",
        ),
        pytest.param(
            replaced("  region: eu-west-1", "  tags: {}"),
            "prod.yaml:4: aws.region: is missing: The region that pods use, like eu-west-1.",
            id="missing key",
        ),
        pytest.param(
            replaced("aws:\n  region: eu-west-1", "aws: eu-west-1"),
            f"prod.yaml:4: aws: is 'eu-west-1': {NO_MAPPING}",
            id="text for a mapping",
        ),
        pytest.param(
            replaced("  context: prod\n", ""),
            f"prod.yaml:6: kubernetes: is empty: {NO_MAPPING}",
            id="nothing for a mapping",
        ),
        pytest.param(
            replaced("context: prod", "context: [prod]"),
            "prod.yaml:7: kubernetes.context: is a list: write text.",
            id="list for text",
        ),
        pytest.param(
            replaced("context: prod", "context: 12"),
            "prod.yaml:7: kubernetes.context: is 12 (a number): write text in quotes.",
            id="number for text",
        ),
        pytest.param(
            replaced("cluster: prod", "cluster: true"),
            "prod.yaml:1: cluster: is true (true or false): write text in quotes.",
            id="boolean for text",
        ),
        pytest.param(
            TEXT + "    test_pod: yes\n",
            "prod.yaml:11: workloads[0].test_pod: is 'yes': write true or false.",
            id="yes for a boolean",
        ),
        pytest.param(
            TEXT + "    test_pod: 'true'\n",
            "prod.yaml:11: workloads[0].test_pod: is 'true': write true or false without quotes.",
            id="quoted boolean",
        ),
        pytest.param(
            TEXT + "    test_pod: 1\n",
            "prod.yaml:11: workloads[0].test_pod: is 1 (a number): write true or false.",
            id="number for a boolean",
        ),
        pytest.param(
            TEXT + "    token_expiration_seconds: '600'\n",
            "prod.yaml:11: workloads[0].token_expiration_seconds: is '600': write a whole number "
            "without quotes.",
            id="quoted number",
        ),
        pytest.param(
            TEXT + "    token_expiration_seconds: 1h\n",
            "prod.yaml:11: workloads[0].token_expiration_seconds: is '1h': write a whole number.",
            id="duration for a number",
        ),
        pytest.param(
            TEXT + "    token_expiration_seconds: 600.0\n",
            "prod.yaml:11: workloads[0].token_expiration_seconds: is 600.0 (a number): write a "
            "whole number.",
            id="fraction",
        ),
        pytest.param(
            TEXT + "    token_expiration_seconds: 599\n",
            "prod.yaml:11: workloads[0].token_expiration_seconds: is 599: at least 600 is needed.",
            id="599 seconds",
        ),
        pytest.param(
            TEXT + "    trust: service_account\n",
            "prod.yaml:11: workloads[0].trust: is 'service_account': write 'service-account' or "
            "'audience-only'. Did you mean 'service-account'?",
            id="unknown choice",
        ),
        pytest.param(
            TEXT[: TEXT.index("workloads")] + "workloads: {}\n",
            "prod.yaml:8: workloads: is a mapping: write a list.",
            id="mapping for a list",
        ),
        pytest.param(
            TEXT[: TEXT.index("workloads")] + "workloads:\n",
            "prod.yaml:8: workloads: is empty: write a list.",
            id="nothing for a list",
        ),
        pytest.param(
            TEXT[: TEXT.index("workloads")] + "workloads: []\n",
            "prod.yaml:8: workloads: is empty: at least 1 is needed.",
            id="no workload",
        ),
        pytest.param(
            TEXT + "  - reports\n",
            f"prod.yaml:11: workloads[1]: is 'reports': {NO_MAPPING}",
            id="text for a workload",
        ),
        pytest.param(
            replaced(ISSUER, "http://oidc.example.com"),
            f"prod.yaml:2: issuer: 'http://oidc.example.com' {NO_HTTPS} Write '{ISSUER}'.",
            id="http issuer",
        ),
        pytest.param(
            replaced(ISSUER, f"{ISSUER}:6443"),
            f"prod.yaml:2: issuer: '{ISSUER}:6443' has a port: an IAM OIDC provider's URL has "
            "none, and AWS reads the documents on 443 (discovery.endpoint says where they are to "
            f"be reached from here). Write '{ISSUER}'.",
            id="port",
        ),
        pytest.param(
            replaced(ISSUER, f"{ISSUER}?a=b"),
            f"prod.yaml:2: issuer: '{ISSUER}?a=b' has a query or a fragment: an issuer has "
            f"neither. Write '{ISSUER}'.",
            id="query",
        ),
        pytest.param(
            replaced(ISSUER, f"{ISSUER}/"),
            f"prod.yaml:2: issuer: '{ISSUER}/' ends in a slash: AWS and Kubernetes compare issuers "
            f"byte for byte. Write '{ISSUER}'.",
            id="trailing slash",
        ),
        pytest.param(
            replaced(ISSUER, "https://OIDC.example.com"),
            "prod.yaml:2: issuer: 'https://OIDC.example.com' has capital letters in its host: AWS "
            f"and Kubernetes compare issuers byte for byte. Write '{ISSUER}'.",
            id="capital letters in the host",
        ),
        pytest.param(
            replaced(ISSUER, "https://" + "a." * 149 + "aa"),
            "prod.yaml:2: issuer: the host of the issuer is 300 characters long: a DNS name has at "
            f"most 253. Write one like '{ISSUER}'.",
            id="300-character host",
        ),
        pytest.param(
            replaced(f"issuer: {ISSUER}", "issuer:"),
            "prod.yaml:2: issuer: is empty: write text.",
            id="no issuer",
        ),
        pytest.param(
            replaced("sts.amazonaws.com", "''"),
            "prod.yaml:3: audience: is empty: write the audience that tokens are issued for.",
            id="empty audience",
        ),
        pytest.param(
            replaced("sts.amazonaws.com", ""),
            f"prod.yaml:3: audience: {NO_AUDIENCE}",
            id="no audience",
        ),
        pytest.param(
            replaced("sts.amazonaws.com", "123"),
            f"prod.yaml:3: audience: {NO_AUDIENCE}",
            id="number as audience",
        ),
        pytest.param(
            replaced("sts.amazonaws.com", "[a, 123]"),
            "prod.yaml:3: audience[1]: is 123 (a number): write text in quotes.",
            id="number among audiences",
        ),
        pytest.param(
            replaced("sts.amazonaws.com", "\n  - a\n  - ''"),
            "prod.yaml:5: audience[1]: is empty: write the audience that tokens are issued for.",
            id="empty audience in a list",
        ),
        pytest.param(
            replaced("sts.amazonaws.com", "x" * 256),
            "prod.yaml:3: audience: is 256 characters long: at most 255 are allowed.",
            id="long audience",
        ),
        pytest.param(
            replaced("sts.amazonaws.com", "2026-01-01"),
            "prod.yaml:3: audience: is '2026-01-01', a date to YAML: put it in quotes.",
            id="date as audience",
        ),
        pytest.param(
            replaced("namespace: default", "namespace: kube_apps"),
            f"prod.yaml:9: workloads[0].namespace: 'kube_apps' {NO_LABEL}",
            id="namespace",
        ),
        pytest.param(
            replaced("namespace: default", f"namespace: {'n' * 64}"),
            "prod.yaml:9: workloads[0].namespace: is 64 characters long: at most 63 are allowed.",
            id="long namespace",
        ),
        pytest.param(
            replaced("service_account: app", "service_account: App"),
            f"prod.yaml:10: workloads[0].service_account: 'App' {NO_SUBDOMAIN}",
            id="service account",
        ),
        pytest.param(
            replaced("service_account: app", f"service_account: {'a' * 254}"),
            "prod.yaml:10: workloads[0].service_account: is 254 characters long: at most 253 are "
            "allowed.",
            id="long service account",
        ),
        pytest.param(
            TEXT + "  - {namespace: default, service_account: app}\n",
            "prod.yaml:11: workloads[1]: the service account default/app is listed already as "
            "workloads[0]: remove one.",
            id="the same workload twice",
        ),
        pytest.param(
            TEXT + "    role: {name: Reader}\n"
            "  - namespace: other\n"
            "    service_account: app\n"
            "    role:\n"
            "      name: reader\n",
            "prod.yaml:15: workloads[1].role.name: 'reader' is the role of workloads[0] already "
            "(IAM takes no two names that differ in case only): give one of them another name.",
            id="roles that differ in case only",
        ),
        pytest.param(
            TEXT + "discovery:\n  thumbprint: [abcdef]\n",
            "prod.yaml:12: discovery.thumbprint: 'abcdef' is not a thumbprint: write the "
            "certificate's SHA-1 as 40 hexadecimal digits without colons (this has 6 characters).",
            id="short thumbprint",
        ),
        pytest.param(
            TEXT + f"discovery: {{thumbprint: [{', '.join(f'{n:040d}' for n in range(6))}]}}\n",
            "prod.yaml:11: discovery.thumbprint: 6 thumbprints are listed: IAM takes at most 5.",
            id="six thumbprints",
        ),
        pytest.param(
            TEXT + f"discovery: {{thumbprint: [{1:040d}]}}\n",
            "prod.yaml:11: discovery.thumbprint: a thumbprint is not text: write its 40 "
            "hexadecimal digits in quotes.",
            id="thumbprint that is a number to YAML",
        ),
        pytest.param(
            replaced("eu-west-1", "eu-wets-1"),
            "prod.yaml:5: aws.region: 'eu-wets-1' is not an AWS region that is known here. Did you "
            "mean 'eu-west-1'?",
            id="unknown region",
        ),
        pytest.param(
            replaced("eu-west-1", "eu-west-1\n  account_id: 123456789012"),
            "prod.yaml:6: aws.account_id: 123456789012 is not an account id: write its 12 digits "
            "in quotes.",
            id="account without quotes",
        ),
        pytest.param(
            replaced("eu-west-1", "eu-west-1\n  tags:\n    cost-center: 42"),
            "prod.yaml:7: aws.tags.cost-center: is 42 (a number): write text in quotes.",
            id="tag that is a number",
        ),
        pytest.param(
            replaced("eu-west-1", "eu-west-1\n  tags:\n    42: cost-center"),
            "prod.yaml:7: aws.tags: the key '42' is not text: put it in quotes.",
            id="tag key that is a number",
        ),
        pytest.param(
            TEXT + "    role:\n"
            "      managed_policy_arns:\n"
            "        - ReadOnlyAccess\n"
            "        - arn:aws-cn:iam::aws:policy/AmazonS3FullAccess\n",
            "prod.yaml:14: workloads[0].role.managed_policy_arns[1]: "
            "'arn:aws-cn:iam::aws:policy/AmazonS3FullAccess' belongs to the partition 'aws-cn', "
            "but eu-west-1 to 'aws': write 'arn:aws:iam::aws:policy/AmazonS3FullAccess'.",
            id="policy of another partition",
        ),
        pytest.param(
            TEXT + "    role: {managed_policy_arns: ReadOnlyAccess}\n",
            "prod.yaml:11: workloads[0].role.managed_policy_arns: is 'ReadOnlyAccess': write a "
            "list.",
            id="text for a list",
        ),
        pytest.param(
            replaced("  context: prod", "  kubeconfig: a"),
            "prod.yaml:6: kubernetes.context: is needed with 'apply: terraform': name the "
            "kubeconfig context of this cluster ('kubectl config get-contexts' lists them).",
            id="no context",
        ),
        pytest.param(
            replaced("context: prod", f'context: "{"x " * 5000}"'),
            f"prod.yaml:7: kubernetes.context: '{'x ' * 30}'... (10000 characters) is empty, or "
            "has white space around it or control characters.",
            id="very long value",
        ),
        pytest.param(
            TEXT + f"    test_pod: {'x' * 400}\n",
            f"prod.yaml:11: workloads[0].test_pod: is '{'x' * 60}'... (400 characters): write true "
            "or false.",
            id="very long value of the wrong type",
        ),
    ],
)
def test_a_mistake_gives_one_message_with_line_and_field(text: str, message: str) -> None:
    assert messages(text) == [message]


def test_several_mistakes_come_in_the_order_of_their_lines() -> None:
    text = replaced("eu-west-1", "moon").replace("https:", "http:") + "    trust: nobody\n"
    assert messages(text) == [
        "prod.yaml:2: issuer: 'http://oidc.example.com' does not begin with 'https://': an OIDC "
        "issuer is an https URL. Write 'https://oidc.example.com'.",
        "prod.yaml:5: aws.region: 'moon' is not an AWS region that is known here. Write one like "
        "'eu-west-1'.",
        "prod.yaml:11: workloads[0].trust: is 'nobody': write 'service-account' or "
        "'audience-only'.",
    ]


def test_a_mistake_in_answers_names_the_field_alone() -> None:
    with pytest.raises(ConfigError) as caught:
        validate(MINIMAL | {"audience": "", "cluster": 3})
    assert caught.value.problems == (
        "audience: is empty: write the audience that tokens are issued for.",
        "cluster: is 3 (a number): write text in quotes.",
    )
    assert caught.value.places == (("audience",), ("cluster",))


class TestOneField:
    @pytest.mark.parametrize(
        ("place", "value"),
        [
            (("issuer",), "https://oidc.example.com"),
            (("audience",), "one"),
            (("audience",), ["one", "two"]),
            (("discovery", "endpoint"), None),
            (("workloads", 0, "token_expiration_seconds"), 600),
            (("workloads", 0, "role", "managed_policy_arns"), []),
            (("workloads", 0, "trust"), "audience-only"),
            (("workloads", 0, "test_pod"), True),
            (("kubernetes", "apply"), "manifests"),
            (("backend", "bucket"), "state"),
        ],
    )
    def test_a_right_value_passes(self, place: Place, value: Any) -> None:
        check_field(place, value)

    @pytest.mark.parametrize(
        ("place", "value", "message"),
        [
            (("cluster",), "Prod", f"'Prod' {NO_LABEL}"),
            (
                ("audience",),
                ["one", ""],
                "is empty: write the audience that tokens are issued for.",
            ),
            (("aws", "max_retries"), 101, "is 101: at most 100 is allowed."),
            (
                ("workloads", 0, "trust"),
                "all",
                "is 'all': write 'service-account' or 'audience-only'.",
            ),
            (("workloads", 0, "test_pod"), "yes", "is 'yes': write true or false."),
        ],
    )
    def test_a_wrong_value_is_told_without_its_field(
        self, place: Place, value: Any, message: str
    ) -> None:
        with pytest.raises(ConfigError) as caught:
            check_field(place, value)
        assert caught.value.problems == (message,)

    @pytest.mark.parametrize("place", [("nothing", "here"), ("issuer", "host"), ("nothing",)])
    def test_a_field_that_is_not_there_is_an_error_of_ours(self, place: Place) -> None:
        with pytest.raises(KeyError):
            check_field(place, "x")


SAVED = """\
# IAM roles for the pods of this cluster. 'python -m wizard check' checks this file,
# 'python -m wizard deploy' applies it.

# The name of the cluster in this project: part of the names of stacks and roles.
cluster: "prod"

# The cluster's issuer, https://CLUSTER-DNS: the API server's first --service-account-issuer, byte
# for byte. AWS reads the documents there, on port 443.
issuer: "https://oidc.example.com"

# The audience of the tokens, or a list; pods ask for the first.
audience: "sts.amazonaws.com"

discovery:
  # What serves the documents: 'apiserver', or 's3' (a bucket, if AWS cannot or should not reach the
  # API servers).
  hosting: "apiserver"
  # The bucket, with 'hosting: s3': its name (bucket), and the public keys.
  s3: null
  # How the API server shows the documents to AWS, which asks anonymously: 'binding' (a
  # ClusterRoleBinding), 'authentication-config' (the binding, and a list of allowed anonymous
  # paths, which 'python -m wizard apiserver' shows: Kubernetes 1.31 or newer), or 'none' (something
  # else serves them; the default with 'hosting: s3').
  exposure: "binding"
  # Where this machine connects for the certificate and the documents, as https://HOST[:PORT], if
  # not to the issuer: an internal name or a load balancer. The issuer stays the same.
  endpoint: null
  # The thumbprint of the OIDC provider: 'endpoint' (of the top certificate of the served chain),
  # 'omit' (IAM decides; the default with 'hosting: s3'), or a list of 1 to 5 SHA-1 digests.
  thumbprint: "endpoint"

aws:
  # The region that pods use, like eu-west-1.
  region: "eu-west-1"
  # The account's 12 digits, in quotes. If set, deploys to any other account are refused.
  account_id: "012345678901"
  # The account's OIDC provider for the issuer: 'create', or the ARN of an existing one that is
  # managed elsewhere. It must already list the audiences; its thumbprint is not changed.
  oidc_provider: "create"
  # The ARN of a policy that limits every role.
  permissions_boundary: null
  # Tags on everything created in AWS.
  tags: {"team": "żółw: 1"}
  # Another address for AWS, such as moto or LocalStack.
  endpoint_url: null
  # How often a throttled request is retried; the AWS provider's default of 25 takes many minutes.
  max_retries: null

kubernetes:
  # 'terraform', or 'manifests' for GitOps and for clusters that Terraform may not reach: the
  # objects are then written as YAML.
  apply: "terraform"
  # The kubeconfig context to use. Required when Terraform applies the objects, so that they never
  # go to the wrong cluster.
  context: "prod"
  # The kubeconfig file; a relative path starts at the project's folder. null: KUBECONFIG, or else
  # ~/.kube/config.
  kubeconfig: null
  # The version of the oldest API server, like "1.34", in quotes: it decides what can be set.
  version: null
  # What runs the control plane; it decides where the API server's flags go: plain, kubeadm, k3s,
  # rke2, talos, kops, k0s, kubespray or cluster-api.
  distribution: null
  # The image of test pods, with a tag or a digest. It must have the AWS CLI and a shell. Name a
  # mirror if the nodes cannot pull from Docker Hub.
  test_pod_image: "amazon/aws-cli:2.32.8"

workloads:
  # The namespace of the service account.
  - namespace: "default"
    # The service account. A deploy creates it, except 'default', which every namespace has.
    service_account: "app"
    # Create the namespace, instead of using an existing one. A destroy is refused while other
    # people's objects are in it.
    create_namespace: false
    # The IAM role.
    role:
      # The role's name. null: CLUSTER_NAMESPACE_SERVICE-ACCOUNT, shortened with a hash if it is too
      # long.
      name: null
      # Policies to attach: ARNs, or AWS managed policies by name with their path.
      managed_policy_arns:
        - "job-function/ViewOnlyAccess"
      # The role's path.
      path: "/"
      # The longest session in seconds, 3600 to 43200.
      max_session_duration: 3600
    # The life of the projected token in seconds, 600 or more; the kubelet refreshes it at 80 %.
    token_expiration_seconds: 3600
    # Who may assume the role: 'service-account' (only this one), or 'audience-only' (any pod of the
    # cluster: not recommended).
    trust: "service-account"
    # Run a pod with the AWS CLI, to try the role from inside the cluster.
    test_pod: false
  - namespace: "default"
    service_account: "bare"
    create_namespace: false
    role:
      name: null
      managed_policy_arns: []
      path: "/"
      max_session_duration: 3600
    token_expiration_seconds: 3600
    trust: "service-account"
    test_pod: false

# Where Terraform keeps its state: 'local' (the folder state/) or 's3'.
backend:
  type: "local"

lint:
  # Accepted findings, each with its code, a reason, the last day ('until'), and a workload if it is
  # accepted only for that one.
  accept:
    # The finding's code, like 'audience-only-trust'.
    - code: "local-state"
      # NAMESPACE/SERVICE_ACCOUNT: accepted only for this workload. null: for all.
      workload: null
      # Why, in one line for reviewers.
      reason: "one person deploys: it's a trial"
      # The last day on which it is accepted, as 'YYYY-MM-DD' in quotes.
      until: "2027-01-31"
"""


class TestSaving:
    def test_each_answer_stands_under_what_it_means(self) -> None:
        config = with_workloads(
            {},
            {"service_account": "bare", "role": {"managed_policy_arns": []}},
            aws={
                "region": "eu-west-1",
                "account_id": "012345678901",
                "tags": {"team": "żółw: 1"},
            },
            lint={
                "accept": [
                    {
                        "code": "local-state",
                        "reason": "one person deploys: it's a trial",
                        "until": "2027-01-31",
                    }
                ]
            },
        )
        assert dump(config) == SAVED

    @given(configurations())
    def test_what_is_read_back_is_what_was_saved(self, config: ClusterConfig) -> None:
        assert parse(dump(config), "") == config

    @pytest.mark.parametrize("text", [*AWKWARD, "${a}", "$${a}", "${file('/etc/passwd')}"])
    def test_text_that_means_something_elsewhere_is_read_back(
        self, text: str, tmp_path: Path
    ) -> None:
        config = configured(
            audience=[text.replace("${", "%{"), "x"],
            kubernetes={"context": text, "kubeconfig": text},
        )
        save(config, tmp_path / "prod.yaml")
        assert load(tmp_path / "prod.yaml") == config

    def test_editors_find_the_schema_from_a_file_of_the_project(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written: dict[Path, str] = {}
        monkeypatch.setattr(
            "federation.yaml.files.write", lambda path, text, private: written.update({path: text})
        )
        for place in ("clusters/prod.yaml", "clusters/teams/a.yaml"):
            save(configured(), PROJECT / place)
        assert [text.splitlines()[0] for text in written.values()] == [
            "# yaml-language-server: $schema=cluster.schema.json",
            "# yaml-language-server: $schema=../cluster.schema.json",
        ]

    def test_a_file_elsewhere_names_no_schema(self, tmp_path: Path) -> None:
        save(configured(), tmp_path / "prod.yaml")
        assert (tmp_path / "prod.yaml").read_text() == dump(configured())


class TestWriting:
    def test_folders_are_made(self, tmp_path: Path) -> None:
        write(tmp_path / "a" / "b" / "prod.yaml", "text")
        assert (tmp_path / "a" / "b" / "prod.yaml").read_text() == "text"

    def test_a_file_keeps_its_permissions(self, tmp_path: Path) -> None:
        path = tmp_path / "prod.yaml"
        path.write_text("old")
        path.chmod(0o640)
        write(path, "new")
        assert path.read_text() == "new"
        assert path.stat().st_mode & 0o777 == 0o640

    def test_a_pipe_or_a_device_is_written_to_and_stays(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with ThreadPoolExecutor() as other:
            read = other.submit(pipe.read_text)
            write(pipe, "report")
            assert read.result() == "report"
        assert pipe.is_fifo()

    def test_a_pipe_without_a_reader_is_refused(
        self, in_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("federation.yaml.files.READER_SECONDS", 0.1)
        os.mkfifo("pipe")
        with pytest.raises(UserError) as caught:
            write(Path("pipe"), "report")
        assert str(caught.value) == (
            "pipe: cannot be written: nothing reads this pipe. Nothing was changed."
        )

    def test_what_a_shell_hands_over_is_written_to(self) -> None:
        reading, writing = os.pipe()
        write(Path(f"/dev/fd/{writing}"), "report")
        os.close(writing)
        with os.fdopen(reading) as file:
            assert file.read() == "report"

    def test_a_file_that_a_shell_opened_is_continued_and_not_replaced(self, tmp_path: Path) -> None:
        with (tmp_path / "all.log").open("a") as file:
            file.write("before\n")
            file.flush()
            write(Path(f"/dev/fd/{file.fileno()}"), "report\n")
            file.write("after\n")
        assert (tmp_path / "all.log").read_text() == "before\nreport\nafter\n"

    def test_a_new_file_has_the_permissions_of_any_other(self, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            write(tmp_path / "prod.yaml", "new")
            assert os.umask(0o027) == 0o027
        finally:
            os.umask(before)
        assert (tmp_path / "prod.yaml").stat().st_mode & 0o777 == 0o640

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real.yaml").write_text("old")
        link = tmp_path / "prod.yaml"
        link.symlink_to("real.yaml")
        write(link, "new")
        assert link.is_symlink()
        assert (tmp_path / "real.yaml").read_text() == "new"

    @pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.chmod"])
    def test_where_the_disk_is_full_the_old_file_stays_alone(
        self, call: str, in_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Path("prod.yaml").write_text("old")

        def fail(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patched:
            patched.setattr(call, fail)
            with pytest.raises(UserError) as caught:
                write(Path("prod.yaml"), "new")
        assert str(caught.value) == (
            "prod.yaml: cannot be written: No space left on device. Nothing was changed."
        )
        assert [path.name for path in in_folder.iterdir()] == ["prod.yaml"]
        assert Path("prod.yaml").read_text() == "old"

    def test_an_interrupt_leaves_the_old_file_alone(
        self, in_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Path("prod.yaml").write_text("old")

        def interrupt(_: int) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", interrupt)
            with pytest.raises(KeyboardInterrupt):
                write(Path("prod.yaml"), "new")
        assert [path.name for path in in_folder.iterdir()] == ["prod.yaml"]
        assert Path("prod.yaml").read_text() == "old"

    def test_a_folder_is_not_replaced(self, in_folder: Path) -> None:
        Path("prod.yaml").mkdir()
        with pytest.raises(UserError) as caught:
            write(Path("prod.yaml"), "new")
        assert str(caught.value) == (
            "prod.yaml: cannot be written: Is a directory. Nothing was changed."
        )
        assert [path.name for path in in_folder.iterdir()] == ["prod.yaml"]

    def test_nothing_is_written_below_a_file(self, in_folder: Path) -> None:
        Path("clusters").write_text("old")
        with pytest.raises(UserError) as caught:
            write(Path("clusters/prod.yaml"), "new")
        assert str(caught.value) == (
            "clusters/prod.yaml: cannot be written: File exists. Nothing was changed."
        )
