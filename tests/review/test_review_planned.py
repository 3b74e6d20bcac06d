"""Plans as a reviewer reads them: what breaks, what changes, and no secrets."""

from __future__ import annotations

import json

import pytest

from review.breaks import Break
from review.facts.planned import Planned, documents, judge_plan
from review.plan.changes import (
    UNKNOWN,
    AttributeChange,
    ChangeAction,
    Plan,
    ResourceChange,
    StackPlan,
)
from review.plan.words import sentence


def change(address: str, action: ChangeAction, *attributes: AttributeChange) -> ResourceChange:
    kind, _, name = address.partition(".")
    return ResourceChange(address, kind, name, action, attributes)


def plan(*changes: ResourceChange) -> Planned:
    return judge_plan(Plan((StackPlan("prod-identity", changes), StackPlan("prod-workloads", ()))))


def policy(subject: str) -> str:
    """A trust policy as an attribute of a plan has it."""
    condition = {"StringEquals": {"oidc.example.com:sub": subject}}
    statement = {"Effect": "Allow", "Principal": {}, "Condition": condition, "Action": ["a", "b"]}
    return json.dumps(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


PROVIDER = "aws_iam_openid_connect_provider.cluster"
NEW_ISSUER = change(
    PROVIDER,
    "replace",
    AttributeChange("arn", '"arn:aws:iam::123456789012:oidc-provider/a"', UNKNOWN),
    AttributeChange("url", '"https://a"', '"https://b"', replaces=True),
)
CHANGES = (
    change(
        "aws_iam_role.shop_web",
        "update",
        AttributeChange("assume_role_policy", policy("shop:web"), policy("shop:*")),
        AttributeChange("tags.owner", None, '"me"'),
    ),
    change("aws_iam_role.shop_old", "delete", AttributeChange("name", '"old"', None)),
    NEW_ISSUER,
    change("data.tls_certificate.issuer", "read"),
    change("aws_iam_policy.other", "create", AttributeChange("name", None, '"größe"')),
)

MARKDOWN = """\
# What a deployment changes in prod

> **Breaks every role:** Replaces the OIDC provider https\\://a because of url. From then on AWS rejects all of the cluster's tokens, for every role.
> `aws_iam_openid_connect_provider.cluster` in prod-identity

> **Breaks one role:** Destroys the role old. Its pods lose access at once: the sessions that they have end with the role.
> `aws_iam_role.shop_old` in prod-identity

2 to add, 1 to change, 2 to destroy.

## prod-identity

### Changes the role

`aws_iam_role.shop_web`

```diff
- assume_role_policy.Statement[0].Condition.StringEquals.oidc.example.com:sub = "shop:web"
+ assume_role_policy.Statement[0].Condition.StringEquals.oidc.example.com:sub = "shop:*"
+ tags.owner = "me"
```

### Destroys the role `old`

`aws_iam_role.shop_old`

```diff
- name = "old"
```

### Replaces the OIDC provider `https://a`

`aws_iam_openid_connect_provider.cluster`

```diff
- arn = "arn:aws:iam::123456789012:oidc-provider/a"
+ arn = (known after apply)
- url = "https://a"  # forces replacement
+ url = "https://b"  # forces replacement
```

### Creates the aws\\_iam\\_policy `größe`

`aws_iam_policy.other`

```diff
+ name = "größe"
```

## prod-workloads

Nothing changes.
"""  # noqa: E501


def test_a_plan_in_words_begins_with_what_it_breaks() -> None:
    assert documents("prod", plan(*CHANGES))["PLAN.md"] == MARKDOWN


def test_a_plan_as_json_has_what_it_breaks_beside_the_changes() -> None:
    document = json.loads(documents("prod", plan(NEW_ISSUER))["plan.json"])
    assert document == {
        "cluster": "prod",
        "add": 1,
        "change": 0,
        "destroy": 1,
        "breaks": [
            {
                "scope": "every role",
                "stack": "prod-identity",
                "address": PROVIDER,
                "text": "Replaces the OIDC provider https://a because of url. From "
                "then on AWS rejects all of the cluster's tokens, for every role.",
            }
        ],
        "stacks": [
            {
                "stack": "prod-identity",
                "changes": [
                    {
                        "address": PROVIDER,
                        "type": "aws_iam_openid_connect_provider",
                        "name": "cluster",
                        "action": "replace",
                        "attributes": [
                            {
                                "path": "arn",
                                "before": '"arn:aws:iam::123456789012:oidc-provider/a"',
                                "after": "(known after apply)",
                                "replaces": False,
                            },
                            {
                                "path": "url",
                                "before": '"https://a"',
                                "after": '"https://b"',
                                "replaces": True,
                            },
                        ],
                        "imported": None,
                        "unknown_actions": [],
                    }
                ],
            },
            {"stack": "prod-workloads", "changes": []},
        ],
    }


def test_a_plan_without_changes_says_so() -> None:
    assert documents("prod", plan())["PLAN.md"] == (
        "# What a deployment changes in prod\n\n"
        "No changes: everything matches the configuration.\n\n"
        "## prod-identity\n\nNothing changes.\n\n## prod-workloads\n\nNothing changes.\n"
    )


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        ("aws_cloudfront_distribution.a", "every role"),
        ("aws_iam_openid_connect_provider.a", "every role"),
        ("aws_s3_bucket.a", "every role"),
        ("aws_s3_bucket_policy.a", "every role"),
        ("aws_s3_object.a", "every role"),
        ("kubernetes_cluster_role_binding_v1.a", "every role"),
        ("aws_iam_role.a", "one role"),
        ("kubernetes_config_map_v1.a", "one role"),
        ("kubernetes_service_account_v1.a", "one role"),
        ("kubernetes_namespace_v1.a", "a namespace"),
    ],
)
def test_what_is_destroyed_or_replaced_breaks_what_rests_on_it(address: str, scope: str) -> None:
    actions: tuple[ChangeAction, ...] = (
        "create",
        "update",
        "replace",
        "delete",
        "read",
        "forget",
        "import",
    )
    found = [
        (action, each.scope) for action in actions for each in plan(change(address, action)).breaks
    ]
    assert found == [("replace", scope), ("delete", scope)]


@pytest.mark.parametrize(
    ("address", "attributes", "said"),
    [
        ("aws_iam_role.a", {"name": "prod_a"}, "the role prod_a"),
        (
            "aws_iam_role_policy_attachment.a",
            {"policy_arn": "arn:aws:iam::aws:policy/P", "role": "prod_a"},
            "the attachment of arn:aws:iam::aws:policy/P to prod_a",
        ),
        (
            "kubernetes_config_map_v1.a",
            {"metadata[0].name": "web-role", "metadata[0].namespace": "shop"},
            "the ConfigMap shop/web-role",
        ),
        ("kubernetes_pod_v1.a", {}, "the pod"),
        ("aws_sqs_queue.a", {"name": "other"}, "the aws_sqs_queue other"),
    ],
)
def test_a_resource_is_called_by_its_name(
    address: str, attributes: dict[str, str], said: str
) -> None:
    given = (AttributeChange(path, None, f'"{value}"') for path, value in attributes.items())
    assert sentence(change(address, "create", *given)) == f"Creates {said}"


def test_a_provider_that_loses_an_audience_breaks_those_who_use_it() -> None:
    lost = change(
        PROVIDER,
        "update",
        AttributeChange("client_id_list[0]", '"old"', '"sts.amazonaws.com"'),
        AttributeChange("client_id_list[1]", '"sts.amazonaws.com"', '"new"'),
        AttributeChange("thumbprint_list[0]", '"aa"', '"bb"'),
    )
    assert plan(lost).breaks == (
        Break(
            "an audience",
            "prod-identity",
            PROVIDER,
            'Removes the audience "old" from the OIDC provider. AWS rejects tokens for it.',
        ),
    )


def test_a_text_with_a_fence_in_it_stays_inside_its_own() -> None:
    text = documents("prod", plan(change("a.b", "create", AttributeChange("x", None, '"```"'))))
    assert '\n````diff\n+ x = "```"\n````\n' in text["PLAN.md"]


def test_what_the_api_server_shows_strangers_may_end_where_aws_reads_a_bucket() -> None:
    address = "kubernetes_cluster_role_binding_v1.oidc-reviewer"
    gone = Plan((StackPlan("prod-discovery", (change(address, "delete"),)),))
    assert [each.scope for each in judge_plan(gone).breaks] == ["every role"]
    assert judge_plan(gone, reads_bucket=True).breaks == ()


def test_what_does_not_print_is_an_escape_in_the_document() -> None:
    odd = AttributeChange("metadata[0].annotations.note", json.dumps("x\u202ey\u2028# z"), None)
    changed = plan(change("kubernetes_service_account_v1.web", "update", odd))
    text = documents("prod", changed)["PLAN.md"]
    assert [line for line in text.split("\n") if line.startswith("- ")] == [
        '- metadata[0].annotations.note = "x\\u202ey\\u2028# z"'
    ]
