"""Kubernetes objects in a Terraform state."""

from __future__ import annotations

import pytest

from federation.errors import WorldError
from formats.escaping import quoted
from review.changes import ResourceChange, StackPlan
from wizard.cdktf import objects

BUCKET = {"mode": "managed", "type": "aws_s3_bucket", "name": "documents", "instances": [{}]}
BINDING = {
    "mode": "managed",
    "type": "kubernetes_cluster_role_binding_v1",
    "name": "oidc-reviewer",
    "instances": [{}],
}
READ = {"mode": "data", "type": "kubernetes_config_map_v1", "name": "theirs", "instances": [{}]}
STATE = {"version": 4, "serial": 3, "resources": [BUCKET, BINDING, READ]}
ADDRESS = "kubernetes_cluster_role_binding_v1.oidc-reviewer"


def test_what_terraform_made_in_the_cluster_is_found() -> None:
    assert objects.addresses(STATE) == (ADDRESS,)
    assert objects.addresses({}) == ()


@pytest.mark.parametrize("name", ["a b", "-state=x", "a['*']", "", "a\n", "a.b", "${a}"])
def test_an_address_that_could_be_another_argument_is_refused(name: str) -> None:
    with pytest.raises(WorldError) as raised:
        objects.addresses({"resources": [{**BINDING, "name": name, "type": "kubernetes_x"}]})

    assert str(raised.value) == (
        f"The state has a resource {quoted(f'kubernetes_x.{name}')}, which is not a valid address. "
        "Remove it from the state."
    )


def test_all_else_stays_in_the_state() -> None:
    assert objects.without(STATE) == {"version": 4, "serial": 3, "resources": [BUCKET, READ]}


def test_forgetting_is_a_change_of_its_own() -> None:
    forget = ResourceChange(
        ADDRESS, "kubernetes_cluster_role_binding_v1", "oidc-reviewer", "forget"
    )
    assert objects.forgotten(STATE) == (forget,)


def test_a_plan_to_destroy_keeps_the_objects() -> None:
    bucket = ResourceChange("aws_s3_bucket.documents", "aws_s3_bucket", "documents", "delete")
    binding = ResourceChange(
        ADDRESS, "kubernetes_cluster_role_binding_v1", "oidc-reviewer", "delete"
    )
    plan = objects.kept(StackPlan("prod-discovery", (bucket, binding)))
    assert plan.destroy == 1
    assert [each.action for each in plan.changes] == ["delete", "forget"]
