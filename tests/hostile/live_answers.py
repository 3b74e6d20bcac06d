"""A federation that stands on loopback, of which a test changes any answer.

The issuer serves its documents by TLS, the API server its objects, AWS what IAM, STS and S3 say,
and a program in place of the aws CLI prints what it is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from stand_in_cluster import TOKEN_PATH, token_answer
from stand_in_issuer import (
    AUTHORITY,
    DISCOVERY,
    ISSUER,
    JWKS,
    config_for,
    document,
    key_set,
    server_context,
    serving,
)
from stand_in_server import CONTEXT, answering, kubeconfig

from federation import manifests
from federation.iam.trust_policy import trust_policy
from federation.model.config import ClusterConfig

ACCOUNT = "123456789012"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.example.com"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_PLURALS = {
    "ClusterRoleBinding": f"{_RBAC}/clusterrolebindings",
    "ConfigMap": "/api/v1/namespaces/default/configmaps",
    "Namespace": "/api/v1/namespaces",
    "Pod": "/api/v1/namespaces/default/pods",
    "ServiceAccount": "/api/v1/namespaces/default/serviceaccounts",
}


@dataclass
class Answers:
    """What each side answers; a path or an action without one is not found.

    Attributes:
        issuer: Bodies by path.
        cluster: Bodies by path.
        aws: Bodies by the name of the action.
        cli: What the aws CLI prints.
        status: The HTTP status of all answers of the cluster.
    """

    issuer: dict[str, bytes] = field(default_factory=dict)
    cluster: dict[str, bytes] = field(default_factory=dict)
    aws: dict[str, bytes] = field(default_factory=dict)
    cli: bytes = b""
    status: int = 200


@dataclass(frozen=True)
class Live:
    """What stands on loopback: its configuration, the files that lead to it, and its answers."""

    config: ClusterConfig
    files: dict[str, bytes]
    answers: Answers


@contextmanager
def standing(folder: Path) -> Iterator[Live]:
    """Have all of it while the block lasts.

    Args:
        folder: For the files of the servers.
    """
    answers = Answers()

    def of_issuer(handler: BaseHTTPRequestHandler) -> None:
        _respond(handler, 200, answers.issuer.get(handler.path.partition("?")[0]))

    def of_cluster(handler: BaseHTTPRequestHandler) -> None:
        _body(handler)
        path = handler.path.partition("?")[0]
        _respond(handler, answers.status, answers.cluster.get(path))

    def of_aws(handler: BaseHTTPRequestHandler) -> None:
        action = parse_qs(_body(handler)).get("Action", [handler.path])[0]
        _respond(handler, 200, answers.aws.get(action), "text/xml")

    context = server_context("good", folder)
    pages: Any = {DISCOVERY: of_issuer, JWKS: of_issuer}
    with (
        serving(pages, context) as tls,
        answering(of_cluster) as cluster,
        answering(of_aws) as aws,
    ):
        (folder / "kubeconfig").write_text(kubeconfig(cluster))
        config = _configuration(tls, aws, str(folder / "kubeconfig"))
        files = {
            "live.yaml": config.model_dump_json().encode(),
            "root.pem": AUTHORITY.root.cert_pem.bytes(),
        }
        yield Live(config, files, answers)


def _configuration(tls: int, aws: int, kubeconfig: str) -> ClusterConfig:
    settings = config_for(tls).model_dump(mode="json")
    settings["aws"] |= {"account_id": ACCOUNT, "endpoint_url": f"http://127.0.0.1:{aws}"}
    settings["kubernetes"] |= {"kubeconfig": kubeconfig, "context": CONTEXT, "apply": "terraform"}
    return ClusterConfig.model_validate_json(json.dumps(settings))


def _body(handler: BaseHTTPRequestHandler) -> str:
    return handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()


def _respond(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes | None,
    kind: str = "application/json",
) -> None:
    handler.send_response(status if body is not None else 404)
    content = b"{}" if body is None else body
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def good(config: ClusterConfig) -> dict[str, dict[str, Any]]:
    """What a federation that works answers, as documents, by side and by path or action."""
    role = str(config.role_arn(config.workloads[0]))
    objects = manifests.objects(config, {"default/app": role})
    return {
        "issuer": {DISCOVERY: document(), JWKS: key_set()},
        "cluster": {
            "/version": {"gitVersion": "v1.34.4"},
            "/api": {"versions": ["v1"]},
            "/livez": {}, "/readyz": {}, "/healthz": {},
            DISCOVERY: document(),
            JWKS: key_set(),
            TOKEN_PATH: token_answer(),
            **{f"{_PLURALS[each['kind']]}/{each['metadata']['name']}": each for each in objects},
            f"{_RBAC}/clusterrolebindings": {
                "items": [each for each in objects if each["kind"] == "ClusterRoleBinding"]
                + [_binding("ClusterRole", "strange", None), _binding("Role", "odd", "default")],
            },
            f"{_RBAC}/rolebindings": {"items": [_binding("Role", "odd", "default")]},
            f"{_RBAC}/clusterroles": {"items": [_role("strange", None)]},
            f"{_RBAC}/namespaces/default/roles/odd": _role("odd", "default"),
            "/api/v1/namespaces/kube-system/pods": {"items": [_API_SERVER]},
        },
        "aws": _aws(config, role),
        "cli": {"": {"Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/stand-in_default_app/x"}},
    }  # fmt: skip


def _binding(kind: str, name: str, namespace: str | None) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": namespace},
        "subjects": [{"kind": "Group", "name": "system:unauthenticated", "apiGroup": "x"}],
        "roleRef": {"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"},
    }


def _role(name: str, namespace: str | None) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {"a": "b"}},
        "rules": [
            {"apiGroups": [""], "resources": ["pods", "configmaps"], "verbs": ["get", "create"]},
            {"nonResourceURLs": ["/x/*"], "verbs": ["get"]},
        ],
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
    }


_API_SERVER = {
    "metadata": {"name": "kube-apiserver-one"},
    "spec": {
        "containers": [
            {
                "command": [
                    "kube-apiserver",
                    f"--service-account-issuer={ISSUER}",
                    f"--service-account-jwks-uri={ISSUER}{JWKS}",
                    "--api-audiences=https://a.example.com",
                ],
                "args": ["--anonymous-auth=true"],
            }
        ]
    },
}


def _aws(config: ClusterConfig, role: str) -> dict[str, Any]:
    workload = config.workloads[0]
    policy = trust_policy(PROVIDER, config.issuer_key, config.audience, workload.subject)
    name = config.role_name(workload)
    return {
        "GetCallerIdentity": {
            "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/x", "Account": ACCOUNT,
        },
        "ListOpenIDConnectProviders": {"OpenIDConnectProviderList": [{"Arn": PROVIDER}]},
        "GetOpenIDConnectProvider": {
            "Url": "oidc.example.com",
            "ClientIDList": list(config.audience),
            "ThumbprintList": ["0" * 40],
            "Tags": [{"Key": "a", "Value": "b"}],
        },
        "GetRole": {
            "Role": {
                "RoleName": name, "Arn": role, "Path": "/", "MaxSessionDuration": 3600,
                "AssumeRolePolicyDocument": json.dumps(policy),
                "PermissionsBoundary": {"PermissionsBoundaryArn": role},
                "Tags": [{"Key": "a", "Value": "b"}],
            }
        },
        "ListAttachedRolePolicies": {"AttachedPolicies": [{"PolicyName": "x", "PolicyArn": role}]},
        "ListRolePolicies": {"PolicyNames": ["own"]},
        "AssumeRoleWithWebIdentity": {
            "AssumedRoleUser": {"Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/x"},
            "Credentials": {
                "AccessKeyId": "ASIAX", "SecretAccessKey": "x", "SessionToken": "x",
                "Expiration": "2030-01-01T00:00:00Z",
            },
        },
    }  # fmt: skip


def xml(action: str, result: Any) -> bytes:
    """An answer of the query protocol; what XML cannot hold is left as it is."""
    inner = _elements(result) if isinstance(result, dict) else escape(str(result))
    text = f"<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>"
    return text.encode("utf-8", "surrogatepass")


def error(code: str, message: str) -> bytes:
    """An answer with an error."""
    inner = _elements({"Error": {"Code": code, "Message": message}})
    return f"<ErrorResponse>{inner}</ErrorResponse>".encode("utf-8", "surrogatepass")


def _elements(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{key}>{_elements(each)}</{key}>" for key, each in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_elements(each)}</member>" for each in value)
    return escape(str(value))


def given(answers: Answers, documents: dict[str, dict[str, Any]]) -> None:
    """Let all answers be these documents."""
    answers.issuer = {path: _bytes(each) for path, each in documents["issuer"].items()}
    answers.cluster = {path: _bytes(each) for path, each in documents["cluster"].items()}
    answers.aws = {
        action: each if isinstance(each, bytes) else xml(action, each)
        for action, each in documents["aws"].items()
    }
    answers.cli = _bytes(documents["cli"][""])


def _bytes(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()
