"""What is read from a plan of Terraform that is not ours.

`others_plan.json` is what Terraform 1.11 shows with the providers aws 5.100 and kubernetes 3.2, cut
to what is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from review_examples import HOST, TODAY, policy, presented, statement

from federation.errors import UserError
from review.facts.estate import AnonymousAccess, Estate, RoleTrust, Thumbprints, Unreadable, Where
from review.lint.linter import lint
from review.plan.facts import plan_facts

PLAN = Path(__file__).with_name("others_plan.json").read_text()


def planned(kind: str, after: dict[str, Any], **change: Any) -> Estate:
    """The facts of a plan with one resource."""
    details = {"actions": ["create"], "after": after, **change}
    resource = {"address": f"{kind}.one", "mode": "managed", "type": kind, "change": details}
    return plan_facts(json.dumps({"resource_changes": [resource]}), "plan.json")


def where(place: str) -> Where:
    return Where("plan.json", place)


def test_every_resource_of_a_plan_is_judged() -> None:
    report = lint(plan_facts(PLAN, "plan.json"), (), TODAY)
    assert [
        f"{each.rule.code}: {each.seen.where.place} ({each.seen.about}): {each.seen.text}"
        for each in report.findings
    ] == [
        "anonymous-role: kubernetes_cluster_role_binding_v1.anonymous.role_ref (): requests "
        "without credentials have the role 'view'.",
        "open-bucket: aws_s3_bucket_acl.docs.acl (): the bucket is open: the ACL 'public-read'.",
        "open-bucket: aws_s3_bucket_policy.docs.policy (): the bucket is open: 's3:PutObject' "
        "on 'arn:aws:s3:::documents/*' for everybody.",
        "open-bucket: aws_s3_bucket_public_access_block.open (): the bucket is open: "
        "block_public_acls and ignore_public_acls off.",
        "powerful-policy: aws_iam_role.wide[\"a\"].inline_policy (wide-a): '*' on every resource.",
        "privilege-escalation: aws_iam_policy.pass.policy (pass): 'iam:PassRole' on every "
        "resource.",
        'secret-like-value: aws_iam_role.wide["a"].tags.db-password (): the value looks like a '
        "secret by its name.",
        'secret-like-value: aws_iam_role.wide["a"].tags.sensitive (): Terraform '
        "treats the value as a secret.",
        "secret-like-value: kubernetes_config_map_v1.app.data.AWS_ACCESS_KEY (): the value looks "
        "like an AWS access key id.",
        "secret-like-value: kubernetes_config_map_v1.app.data.hidden (): Terraform treats the "
        "value as a secret.",
        "secret-like-value: kubernetes_pod_v1.app.env.DB_PASSWORD (): the value looks like a "
        "secret by its name.",
        'wildcard-namespace: aws_iam_role.wide["a"].assume_role_policy (wide-a): '
        "'system:serviceaccount:*:app' is admitted: 1 of 1 known service accounts (web/app).",
        "broad-policy: aws_iam_role_policy.late.policy (aws_iam_role_policy.late): 's3:*' on "
        "every resource.",
        "broad-policy: aws_iam_role_policy_attachment.wide.policy_arn (wide-a): "
        "'arn:aws:iam::aws:policy/AmazonS3FullAccess' is attached: 's3-object-lambda:*', 's3:*' on "
        "every resource.",
        'long-session: aws_iam_role.wide["a"].max_session_duration (wide-a): a session may last '
        "43200 seconds.",
        "no-permissions-boundary: aws_iam_role.later (later): none is set.",
        'no-permissions-boundary: aws_iam_role.wide["a"] (wide-a): none is set.',
        "pinned-thumbprint: aws_iam_openid_connect_provider.cluster.thumbprint_list (): "
        "990f4193972f2becf12ddeda5237f9c952f20d9e is pinned.",
        "unjudged-principal: aws_iam_role.ec2.assume_role_policy (ec2): Statement[0] admits "
        "Service 'ec2.amazonaws.com' for 'sts:AssumeRole'.",
        "unknown-trust: aws_iam_role.later.assume_role_policy (later): the trust policy is "
        "sensitive, or known only after the apply.",
    ]


def test_sensitive_values_are_not_kept() -> None:
    assert "hunter2hunter2" in PLAN
    assert "hunter2hunter2" not in repr(plan_facts(PLAN, "plan.json"))


def test_a_boundary_that_is_made_in_the_same_plan_is_one() -> None:
    role = {"name": "web", "assume_role_policy": json.dumps(policy(statement()))}
    made = planned("aws_iam_role", role, after_unknown={"permissions_boundary": True})
    assert made.unbounded == ()


def test_a_sensitive_trust_policy_is_not_judged() -> None:
    role = {"name": "web", "assume_role_policy": json.dumps(policy(statement()))}
    hidden = planned("aws_iam_role", role, after_sensitive={"assume_role_policy": True})
    assert hidden.trusts == (RoleTrust(where("aws_iam_role.one.assume_role_policy"), "web", None),)


@pytest.mark.parametrize("mark", ["after_unknown", "after_sensitive"])
def test_a_resource_of_which_nothing_may_be_told_has_no_trust_policy_to_judge(mark: str) -> None:
    role = {"name": "web", "assume_role_policy": json.dumps(policy(statement()))}
    hidden = planned("aws_iam_role", role, **{mark: True})
    assert [each.policy for each in hidden.trusts] == [None]


def test_a_trust_policy_that_iam_would_refuse_is_named() -> None:
    role = {"name": "web", "assume_role_policy": '{"Statement": []}'}
    assert planned("aws_iam_role", role).unreadable == (
        Unreadable(
            where("aws_iam_role.one.assume_role_policy"),
            "web",
            "Statement is not a statement or a list of statements.",
        ),
    )


def test_of_roles_that_services_assume_only_the_trust_policy_is_a_fact() -> None:
    trust = policy(statement({}, Principal={"Service": "ec2.amazonaws.com"}))
    role = {"name": "web", "assume_role_policy": json.dumps(trust), "max_session_duration": 43200}
    found = planned("aws_iam_role", role)
    [trusted] = found.trusts
    assert (trusted.about, trusted.policy) == ("web", trust)
    assert found == Estate(trusts=found.trusts)


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"Federated": "accounts.google.com"}])
def test_a_role_that_anyone_may_assume_is_judged_with_all_that_it_may_do(principal: Any) -> None:
    action = "sts:AssumeRole"
    if isinstance(principal, dict) and "Federated" in principal:
        action += "WithWebIdentity"
    trust = policy(statement({}, Principal=principal, Action=action))
    role = {"name": "web", "assume_role_policy": json.dumps(trust), "max_session_duration": 43200}
    found = planned("aws_iam_role", role)
    assert [each.about for each in (*found.trusts, *found.sessions)] == ["web", "web"]


def test_a_plan_of_refresh_only_is_read_from_its_values() -> None:
    trust = policy(statement({}, Principal="*", Action="sts:AssumeRole"))
    values = {"name": "web", "assume_role_policy": json.dumps(trust)}
    role = {"address": "module.a.aws_iam_role.web", "mode": "managed", "type": "aws_iam_role"}
    module = {"resources": [{**role, "name": "web", "values": values, "sensitive_values": {}}]}
    planned_values = {"root_module": {"child_modules": [module]}}
    found = plan_facts(json.dumps({"planned_values": planned_values}), "plan.json")
    assert [(each.about, each.policy) for each in found.trusts] == [("web", trust)]


@pytest.mark.parametrize("actions", [["delete"], ["forget"]])
def test_what_goes_away_is_left_alone(actions: list[str]) -> None:
    resource = {
        "address": "aws_s3_bucket_acl.one",
        "type": "aws_s3_bucket_acl",
        "change": {"actions": actions, "before": {"acl": "public-read"}, "after": None},
    }
    assert plan_facts(json.dumps({"resource_changes": [resource]}), "plan.json") == Estate()


def test_a_chain_that_terraform_read_has_its_leaf_first() -> None:
    chain, pems = presented(authority=True)
    data = {
        "address": "data.tls_certificate.issuer",
        "mode": "data",
        "type": "tls_certificate",
        "values": {"certificates": [{"cert_pem": pem} for pem in reversed(pems)]},
    }
    module = {"child_modules": [{"resources": [data]}]}
    plan = {"resource_changes": [], "prior_state": {"values": {"root_module": module}}}
    read = plan_facts(json.dumps(plan), "plan.json").chains
    assert [each.certificates for each in read] == [chain.chains[0].certificates]


def test_a_policy_that_a_resource_attaches_is_told_once() -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    text = json.dumps(policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}))
    role = {
        "name": "web",
        "assume_role_policy": json.dumps(policy(statement())),
        "managed_policy_arns": [arn],
        "inline_policy": [{"name": "all", "policy": text}],
    }
    others = {
        "aws_iam_role_policy_attachment": {"role": "web", "policy_arn": arn},
        "aws_iam_role_policy": {"role": "web", "policy": text},
    }
    changes = [
        {"address": f"{kind}.one", "type": kind, "change": {"actions": ["no-op"], "after": after}}
        for kind, after in {"aws_iam_role": role, **others}.items()
    ]
    told = plan_facts(json.dumps({"resource_changes": changes}), "plan.json")
    assert [each.where.place for each in (*told.attachments, *told.permissions)] == [
        "aws_iam_role_policy_attachment.one.policy_arn",
        "aws_iam_role_policy.one.policy",
    ]
    alone = plan_facts(json.dumps({"resource_changes": changes[:1]}), "plan.json")
    assert [each.where.place for each in (*alone.attachments, *alone.permissions)] == [
        "aws_iam_role.one.managed_policy_arns",
        "aws_iam_role.one.inline_policy",
    ]


def test_a_thumbprint_is_written_in_small_letters() -> None:
    provider = {"url": f"https://{HOST}", "client_id_list": ["a"], "thumbprint_list": ["AB" * 20]}
    assert planned("aws_iam_openid_connect_provider", provider).thumbprints == (
        Thumbprints(where("aws_iam_openid_connect_provider.one.thumbprint_list"), "", ("ab" * 20,)),
    )


def test_a_binding_for_everybody_is_a_fact_and_another_is_not() -> None:
    role = {"role_ref": [{"name": "view"}]}
    everybody = role | {"subject": [{"name": "system:anonymous"}]}
    somebody = role | {"subject": [{"name": "system:authenticated"}]}
    kind = "kubernetes_role_binding"
    assert planned(kind, everybody).anonymous == (
        AnonymousAccess(where(f"{kind}.one.role_ref"), "", "view"),
    )
    assert planned(kind, somebody) == Estate()


@pytest.mark.parametrize(
    "text", ['{"values": {}}', '{"resource_changes": 1}', "{}"], ids=["state", "odd", "empty"]
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(UserError) as refusal:
        plan_facts(text, "plan.json")
    assert str(refusal.value) == "plan.json is not a Terraform plan."


def test_a_plan_that_is_nested_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: Any) -> None:
        raise RecursionError

    monkeypatch.setattr("review.plan.resources._hide_marked", exhausted)
    with pytest.raises(UserError) as refusal:
        planned("aws_iam_role", {"name": "web"})
    assert str(refusal.value) == "plan.json is nested too deeply to be read."


def test_a_plan_without_changes_has_no_facts() -> None:
    assert plan_facts('{"planned_values": {}}', "plan.json") == Estate()
