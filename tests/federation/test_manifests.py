"""The manifests, compared whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from federation_examples import configured, with_workloads

from federation.manifests import binding, manifests, objects
from federation.model.config import ClusterConfig
from federation.yaml.files import PROJECT, load

SANDBOX = {
    "discovery.yaml": """\
# Made by oidc-iam for the cluster "sandbox": edit its configuration, not this file.
# Lets anyone, and so AWS, read the two OpenID Connect documents of the API server.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: oidc-reviewer
  labels: {"app.kubernetes.io/managed-by": "oidc-iam"}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: system:service-account-issuer-discovery
subjects:
  - apiGroup: rbac.authorization.k8s.io
    kind: Group
    name: system:unauthenticated
""",
    "namespaces.yaml": """\
# Made by oidc-iam for the cluster "sandbox": edit its configuration, not this file.
---
apiVersion: v1
kind: Namespace
metadata:
  name: "reports"
  labels: {"app.kubernetes.io/managed-by": "oidc-iam"}
""",
    "default_oidc-iam-pod.yaml": """\
# Made by oidc-iam for the cluster "sandbox": edit its configuration, not this file.
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: "oidc-iam-pod-role"
  namespace: "default"
  labels: {"app.kubernetes.io/managed-by": "oidc-iam"}
data:
  AWS_DEFAULT_REGION: "ap-southeast-2"
  AWS_REGION: "ap-southeast-2"
  AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/oidc-iam-pod"
  AWS_STS_REGIONAL_ENDPOINTS: "regional"
  AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/secrets/oidc-iam/serviceaccount/token"
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: "oidc-iam-pod"
  namespace: "default"
  labels: {"app.kubernetes.io/managed-by": "oidc-iam"}
---
apiVersion: v1
kind: Pod
metadata:
  name: "awscli"
  namespace: "default"
  labels: {"app.kubernetes.io/managed-by": "oidc-iam", "app.kubernetes.io/name": "awscli"}
spec:
  serviceAccountName: "oidc-iam-pod"
  automountServiceAccountToken: false
  restartPolicy: Always
  terminationGracePeriodSeconds: 1
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: awscli
      image: "amazon/aws-cli:2.32.8"
      imagePullPolicy: IfNotPresent
      command: ["sleep"]
      args: ["3600"]
      envFrom:
        - configMapRef:
            name: "oidc-iam-pod-role"
      env:
        - name: "HOME"
          value: "/tmp"
        - name: "OIDC_IAM_ENVIRONMENT_SHA256"
          value: "0a7e689c304367df3a63aba3a18ad2c85eb3bb53d2ebba669c364383da0f7155"
      resources:
        requests: {"cpu": "10m", "memory": "64Mi"}
        limits: {"memory": "256Mi"}
      securityContext:
        allowPrivilegeEscalation: false
        runAsNonRoot: true
        readOnlyRootFilesystem: true
        capabilities:
          drop: ["ALL"]
      volumeMounts:
        - name: aws-token
          mountPath: "/var/run/secrets/oidc-iam/serviceaccount"
          readOnly: true
        - name: tmp
          mountPath: /tmp
  volumes:
    - name: aws-token
      projected:
        sources:
          - serviceAccountToken:
              path: token
              audience: "sts.amazonaws.com"
              expirationSeconds: 600
    - name: tmp
      emptyDir: {}
""",
    "reports_report-writer.yaml": """\
# Made by oidc-iam for the cluster "sandbox": edit its configuration, not this file.
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: "report-writer-role"
  namespace: "reports"
  labels: {"app.kubernetes.io/managed-by": "oidc-iam"}
data:
  AWS_DEFAULT_REGION: "ap-southeast-2"
  AWS_REGION: "ap-southeast-2"
  AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/sandbox_reports_report-writer"
  AWS_STS_REGIONAL_ENDPOINTS: "regional"
  AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/secrets/oidc-iam/serviceaccount/token"
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: "report-writer"
  namespace: "reports"
  labels: {"app.kubernetes.io/managed-by": "oidc-iam"}
""",
}


def role_arns(config: ClusterConfig) -> dict[str, str]:
    return {
        f"{each.namespace}/{each.service_account}": f"arn:aws:iam::123456789012:role/"
        f"{config.role_name(each)}"
        for each in config.workloads
    }


def named(found: list[dict[str, Any]]) -> list[str]:
    """Each object as `KIND NAMESPACE/NAME`."""
    return [
        f"{each['kind']} {each['metadata'].get('namespace', '')}/{each['metadata']['name']}"
        for each in found
    ]


def test_the_sandbox_becomes_exactly_these_files_in_this_order() -> None:
    config = load(PROJECT / "clusters" / "sandbox.yaml")
    assert list(manifests(config, role_arns(config)).items()) == list(SANDBOX.items())


def test_the_objects_are_those_of_the_files_in_an_order_that_applies() -> None:
    config = load(PROJECT / "clusters" / "sandbox.yaml")
    assert named(objects(config, role_arns(config))) == [
        "ClusterRoleBinding /oidc-reviewer",
        "Namespace /reports",
        "ConfigMap default/oidc-iam-pod-role",
        "ServiceAccount default/oidc-iam-pod",
        "Pod default/awscli",
        "ConfigMap reports/report-writer-role",
        "ServiceAccount reports/report-writer",
    ]


def test_nothing_lets_aws_in_where_something_else_serves_the_documents() -> None:
    arns = {"default/app": "arn:aws:iam::123456789012:role/app"}
    shown, hidden = (
        list(manifests(configured(discovery={"exposure": exposure}), arns))
        for exposure in ("authentication-config", "none")
    )
    assert shown == ["discovery.yaml", "default_app.yaml"]
    assert hidden == ["default_app.yaml"]


def test_the_binding_is_known_where_it_is_not_wanted() -> None:
    assert binding(configured(discovery={"exposure": "none"}))["metadata"] == {
        "name": "oidc-reviewer",
        "labels": {"app.kubernetes.io/managed-by": "oidc-iam"},
    }


def test_the_service_account_that_each_namespace_has_is_not_made() -> None:
    config = with_workloads({"service_account": "default", "test_pod": True})
    found = objects(config, role_arns(config))
    assert named(found) == [
        "ClusterRoleBinding /oidc-reviewer",
        "ConfigMap default/default-role",
        "Pod default/awscli",
    ]
    assert found[2]["spec"]["serviceAccountName"] == "default"


def test_names_with_dots_and_digits_stay_text() -> None:
    config = with_workloads(
        {"namespace": "1e3", "service_account": "1.5", "test_pod": True, "create_namespace": True},
        {"namespace": "1e3", "service_account": "a.b.c", "test_pod": True},
    )
    files = manifests(config, role_arns(config))
    assert list(files) == ["discovery.yaml", "namespaces.yaml", "1e3_1.5.yaml", "1e3_a.b.c.yaml"]
    found = objects(config, role_arns(config))
    assert named(found) == [
        "ClusterRoleBinding /oidc-reviewer",
        "Namespace /1e3",
        "ConfigMap 1e3/1.5-role",
        "ServiceAccount 1e3/1.5",
        "Pod 1e3/awscli",
        "ConfigMap 1e3/a.b.c-role",
        "ServiceAccount 1e3/a.b.c",
        "Pod 1e3/awscli-a.b.c",
    ]
    names = [each["metadata"]["name"] for each in found]
    assert [type(name) for name in names] == [str] * len(names)


@pytest.mark.parametrize("audience", ["yes", "0123", "a: b # c", 'say "hi"', "%{if}"])
def test_an_audience_stays_the_text_that_it_is(audience: str) -> None:
    config = with_workloads({"test_pod": True}, audience=audience)
    pod = objects(config, role_arns(config))[-1]
    token = pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]
    assert token == {"path": "token", "audience": audience, "expirationSeconds": 3600}


def test_pods_ask_for_the_first_of_several_audiences() -> None:
    config = with_workloads({"test_pod": True}, audience=["first", "second"])
    pod = objects(config, role_arns(config))[-1]
    token = pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]
    assert token["audience"] == "first"


def test_a_namespace_is_made_once_for_all_its_workloads() -> None:
    new = {"namespace": "new", "create_namespace": True}
    config = with_workloads(new | {"service_account": "a"}, new | {"service_account": "b"})
    assert named(objects(config, role_arns(config)))[:3] == [
        "ClusterRoleBinding /oidc-reviewer",
        "Namespace /new",
        "ConfigMap new/a-role",
    ]


def test_the_longest_names_make_a_file_name_that_file_systems_take(tmp_path: Path) -> None:
    long = "a." * 126 + "a"
    config = with_workloads(
        {"namespace": "n" * 63, "service_account": long},
        {"namespace": "n" * 63, "service_account": long[:-1] + "b"},
    )
    files = manifests(config, role_arns(config))
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert len(files) == 3
    assert [len(name) for name in files] == [14, 255, 255]


def test_a_role_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError, match="default/app"):
        manifests(configured(), {})
