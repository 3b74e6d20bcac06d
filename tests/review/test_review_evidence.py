"""What files tell about a cluster, and what is refused of them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from review_examples import policy, statement

from federation.errors import UserError
from review.facts.estate import Audiences, Estate, RoleTrust, Where
from review.facts.evidence import api_server, chain_file, service_accounts, trust_policy_file

MANIFEST = """\
apiVersion: v1
kind: Pod
spec:
  containers:
    - name: sidecar
      image: sidecar
    - name: kube-apiserver
      command: [kube-apiserver, --v, "2", --api-audiences, "b,a"]
      args: [--anonymous-auth=true]
"""


def test_service_accounts_are_listed_once_as_namespace_and_name() -> None:
    item = {"kind": "ServiceAccount", "metadata": {"namespace": "prod", "name": "web"}}
    other = {"kind": "ServiceAccount", "metadata": {"name": "default"}}
    text = json.dumps({"kind": "List", "items": [item, other, item, {"kind": "Pod"}]})
    expected = Estate(service_accounts=("default/default", "prod/web"))
    assert service_accounts(text, "accounts.json") == expected


def test_a_single_service_account_in_yaml_is_a_list_of_one() -> None:
    text = "kind: ServiceAccount\nmetadata: {namespace: prod, name: web}\n"
    assert service_accounts(text, "web.yaml") == Estate(service_accounts=("prod/web",))


def test_a_trust_policy_is_about_the_role_that_its_file_is_named_after() -> None:
    text = json.dumps(policy(statement()))
    assert trust_policy_file(text, "roles/web.json") == Estate(
        trusts=(RoleTrust(Where("roles/web.json"), "web", policy(statement())),)
    )


def test_a_trust_policy_is_found_in_what_the_aws_cli_prints_of_a_role() -> None:
    role = {"RoleName": "web", "AssumeRolePolicyDocument": policy(statement())}
    assert trust_policy_file(json.dumps({"Role": role}), "role.json") == Estate(
        trusts=(RoleTrust(Where("role.json"), "web", policy(statement())),)
    )


def test_the_audiences_of_an_api_server_are_those_of_its_flag() -> None:
    where = Where("kube-apiserver.yaml", "--api-audiences")
    assert api_server(MANIFEST, "kube-apiserver.yaml") == Estate(
        audiences=(Audiences(where, "", ("a", "b"), of_api_server=True),)
    )


def test_the_audiences_of_several_api_servers_are_listed_once_if_they_are_the_same() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {"containers": [{"command": ["kube-apiserver", "--service-account-issuer=i"]}]},
    }
    other = json.loads(json.dumps(pod).replace('=i"', '=i", "--api_audiences=a"'))
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod, pod, other]})
    where = Where("pods.json", "--api-audiences")
    assert api_server(text, "pods.json") == Estate(
        audiences=(
            Audiences(where, "", ("i",), of_api_server=True),
            Audiences(where, "", ("a",), of_api_server=True),
        )
    )


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (
            service_accounts,
            '{"items": []}',
            "f lists no service accounts: write it with 'kubectl get serviceaccounts -A -o json'.",
        ),
        (service_accounts, "[1]", "f is not an object of Kubernetes."),
        (service_accounts, "a: 'b", "f:1: is not YAML: a quote is opened and never closed."),
        (
            service_accounts,
            "[" * 20_000,
            "f:1: is JSON that is nested more than 100 levels deep.",
        ),
        (
            api_server,
            f"kind: {'9' * 5000}",
            f"f:1: kind: is '{'9' * 60}'... (5000 characters), which YAML cannot read as 'int'.",
        ),
        (
            api_server,
            "a: 2001-13-45",
            "f: does not describe a kube-apiserver. Supported: a static pod manifest ",
        ),
        (
            api_server,
            "kind: Pod\napiVersion: v1\nspec: {containers: [{command: [etcd]}, 7]}",
            "f: the pod 'a pod' runs etcd, not kube-apiserver.",
        ),
        (
            api_server,
            "kind: Pod\napiVersion: v1\nspec: {containers: [{command: kube-apiserver, args: 5}]}",
            "f: the pod 'a pod' runs something else, not kube-apiserver.",
        ),
        (
            api_server,
            "spec: 1",
            "f: does not describe a kube-apiserver. Supported: a static pod manifest ",
        ),
        (trust_policy_file, "{", "f: The policy is not JSON: line 1, column 2: "),
        (chain_file, "secret", "f holds no certificate in PEM ('-----BEGIN CERTIFICATE')."),
    ],
)
def test_other_files_are_refused(
    read: Callable[[str, str], Estate], text: str, message: str
) -> None:
    with pytest.raises(UserError) as refusal:
        read(text, "f")
    assert str(refusal.value).startswith(message)
