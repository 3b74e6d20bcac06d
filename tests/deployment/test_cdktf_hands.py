"""What changes hands between a Terraform state and a configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deployment.cdktf import hands
from deployment.cdktf.hands import Hands
from federation.errors import WorldError
from review.plan.changes import ResourceChange


def resource(kind: str, name: str, mode: str = "managed", **attributes: Any) -> dict[str, Any]:
    return {
        "mode": mode,
        "type": kind,
        "name": name,
        "instances": [{"attributes": attributes}],
    }


BUCKET = resource("aws_s3_bucket", "documents", bucket="documents")
BINDING = resource("kubernetes_cluster_role_binding_v1", "oidc-reviewer")
READ = resource("aws_s3_bucket", "documents", "data", bucket="theirs")
STATE = {"version": 4, "serial": 3, "resources": [BUCKET, BINDING, READ]}
ADDRESS = "kubernetes_cluster_role_binding_v1.oidc-reviewer"
GUARD = {"count": 0, "lifecycle": {"prevent_destroy": True}}


def test_what_terraform_manages_is_found_with_its_attributes() -> None:
    assert hands.managed_resources(STATE) == {
        "aws_s3_bucket.documents": {"bucket": "documents"},
        ADDRESS: {},
    }
    assert hands.managed_resources({}) == {}


def test_what_terraform_reads_is_found_apart() -> None:
    assert hands.data(STATE, "aws_s3_bucket.documents") == {"bucket": "theirs"}
    assert hands.data({}, "aws_s3_bucket.documents") == {}


@pytest.mark.parametrize("name", ["a b", "a;b", "a[0]", "a\nb", ""])
def test_an_address_that_is_not_plain_stops_the_run(name: str) -> None:
    state = {"resources": [resource("aws_iam_role", name)]}
    with pytest.raises(WorldError, match="which is not a valid address"):
        hands.managed_resources(state)


def test_a_guard_declares_nothing() -> None:
    configuration = {"resource": {"aws_iam_role": {"a": {"name": "a"}, "b": GUARD}}}
    assert hands.declared_resources(configuration) == {"aws_iam_role.a": {"name": "a"}}
    assert hands.guarded_addresses(configuration) == {"aws_iam_role.b"}
    assert (hands.declared_resources({}), hands.guarded_addresses({})) == ({}, set())


def test_all_else_stays_in_the_state() -> None:
    assert hands.without(STATE, [ADDRESS, "aws_s3_bucket.documents"]) == {
        "version": 4,
        "serial": 3,
        "resources": [READ],
    }


def test_forgetting_and_deleting_are_changes_of_a_plan() -> None:
    found = Hands(("aws_iam_role.a",), (ADDRESS,))
    assert found.removed == ("aws_iam_role.a", ADDRESS)
    assert found.changes == (
        ResourceChange("aws_iam_role.a", "aws_iam_role", "a", "forget"),
        ResourceChange(ADDRESS, "kubernetes_cluster_role_binding_v1", "oidc-reviewer", "delete"),
    )


def test_terraform_gets_import_blocks_and_lifted_guards(tmp_path: Path) -> None:
    hands.write(tmp_path, Hands(imports={"aws_iam_role.a": "a"}), ["aws_iam_role.b"])
    written = {path.name: json.loads(path.read_text()) for path in tmp_path.iterdir()}
    assert written == {
        "hands.tf.json": {"import": [{"to": "aws_iam_role.a", "id": "a"}]},
        "hands_override.tf.json": {
            "resource": {"aws_iam_role": {"b": {"lifecycle": {"prevent_destroy": False}}}}
        },
    }
    hands.write(tmp_path, Hands(), [])
    assert list(tmp_path.iterdir()) == []
