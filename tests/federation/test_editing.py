"""Saving over a file that a person has edited."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from federation.model.config import ClusterConfig
from federation.yaml import files
from federation.yaml.editing import edited, update
from federation.yaml.files import ConfigError

EDITED_BY_HAND = """\
# Ours. Ask platform@example.com before a change.
issuer:   "https://cluster.example.com"  # behind the proxy
cluster: prod

kubernetes: {context: prod}   # one line is enough
aws:
    region: 'eu-west-1'
    tags:
        team: platform # who pays

workloads:
# The backup job.
- namespace: backup
  service_account: backup
  role:
      managed_policy_arns:
      - job-function/ViewOnlyAccess  # to look around
      # to write
      - AmazonS3FullAccess

# Billing reads invoices.
- service_account: invoices
  namespace: billing

# The end.
"""


def changed(change: Callable[[dict[str, Any]], object]) -> ClusterConfig:
    document = json.loads(files.parse(EDITED_BY_HAND, "").model_dump_json())
    change(document)
    return files.validate(document)


def test_a_text_that_says_it_already_stays_as_it_is() -> None:
    assert edited(EDITED_BY_HAND, changed(lambda _: None)) == EDITED_BY_HAND


def replaced(old: str, new: str) -> str:
    assert EDITED_BY_HAND.count(old) == 1
    return EDITED_BY_HAND.replace(old, new)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            lambda new: new.update(cluster="staging"),
            replaced("cluster: prod\n", "cluster: staging\n"),
            id="plain text",
        ),
        pytest.param(
            lambda new: new.update(issuer="https://new.example.com"),
            replaced('"https://cluster.example.com"', '"https://new.example.com"'),
            id="quoted text",
        ),
        pytest.param(
            lambda new: new["aws"].update(region="eu-west-3"),
            replaced("'eu-west-1'", "'eu-west-3'"),
            id="text in single quotes",
        ),
        pytest.param(
            lambda new: new["kubernetes"].update(context="other"),
            replaced("{context: prod}", "{context: other}"),
            id="a mapping in one line",
        ),
        pytest.param(
            lambda new: new["kubernetes"].update(version="1.34"),
            replaced("{context: prod}", '{context: prod, "version": "1.34"}'),
            id="a field that was not in the line",
        ),
        pytest.param(
            lambda new: new["aws"].update(account_id="012345678901"),
            replaced("who pays\n", "who pays\n    account_id: '012345678901'\n"),
            id="a field that was not there",
        ),
        pytest.param(
            lambda new: new["aws"]["tags"].update(cost="7"),
            replaced("who pays\n", "who pays\n        cost: '7'\n"),
            id="a tag more",
        ),
        pytest.param(
            lambda new: new["aws"]["tags"].clear(),
            replaced("    tags:\n        team: platform # who pays\n", "    tags: {} # who pays\n"),
            id="no tag left",
        ),
        pytest.param(
            lambda new: new.update(discovery={"thumbprint": "omit"}),
            replaced(
                ": billing\n",
                ": billing\ndiscovery:\n  hosting: apiserver\n  exposure: binding\n"
                "  thumbprint: omit\n",
            ),
            id="a part that was not there",
        ),
        pytest.param(
            lambda new: new["workloads"][0]["role"]["managed_policy_arns"].pop(0),
            replaced("      - job-function/ViewOnlyAccess  # to look around\n", ""),
            id="a policy less",
        ),
        pytest.param(
            lambda new: new["workloads"][0]["role"]["managed_policy_arns"].append("ReadOnlyAccess"),
            replaced("- AmazonS3FullAccess\n", "- AmazonS3FullAccess\n      - ReadOnlyAccess\n"),
            id="a policy more",
        ),
        pytest.param(
            lambda new: new["workloads"][1].update(namespace="finance", test_pod=True),
            replaced("  namespace: billing\n", "  namespace: finance\n  test_pod: true\n"),
            id="a renamed workload",
        ),
        pytest.param(
            lambda new: new["workloads"].pop(1),
            replaced(
                "# Billing reads invoices.\n- service_account: invoices\n  namespace: billing\n",
                "",
            ),
            id="a workload less",
        ),
        pytest.param(
            lambda new: new["workloads"].insert(1, {"namespace": "web", "service_account": "web"}),
            replaced(
                "      - AmazonS3FullAccess\n",
                "      - AmazonS3FullAccess\n- namespace: web\n  service_account: web\n",
            ),
            id="a workload more",
        ),
    ],
)
def test_only_the_lines_of_changed_values_differ(
    change: Callable[[dict[str, Any]], object], expected: str
) -> None:
    config = changed(change)
    assert edited(EDITED_BY_HAND, config) == expected
    assert files.parse(expected, "") == config


ACCEPTED = (
    EDITED_BY_HAND
    + """\
lint:
  accept:
  # Until the audit.
  - code: test-pod # a trial
    reason: a trial
    until: '2027-01-31'
  - code: long-session
    reason: the batch
    until: "2027-03-31" # when it is rewritten
# Really.
"""
)


def accepting(change: Callable[[list[Any]], object]) -> str:
    document = json.loads(files.parse(ACCEPTED, "").model_dump_json())
    change(document["lint"]["accept"])
    config = files.validate(document)
    text = edited(ACCEPTED, config)
    assert files.parse(text, "") == config
    return text


def test_an_entry_of_a_list_of_mappings_is_changed_in_its_place() -> None:
    changed = accepting(lambda accepted: accepted[1].update(until="2027-04-30"))
    assert changed == ACCEPTED.replace('"2027-03-31"', '"2027-04-30"')


def test_entries_of_a_list_of_mappings_come_and_go() -> None:
    more = {"code": "no-boundary", "reason": "soon", "until": "2027-02-28"}
    lines = "  - code: no-boundary\n    reason: soon\n    until: '2027-02-28'\n"
    assert accepting(lambda accepted: accepted.append(more)) == ACCEPTED.replace(
        "# Really.\n", f"{lines}# Really.\n"
    )
    gone = ACCEPTED[ACCEPTED.index("  # Until") : ACCEPTED.index("  - code: long")]
    assert accepting(lambda accepted: accepted.pop(0)) == ACCEPTED.replace(gone, "")


def test_comments_in_a_mapping_of_braces_stay() -> None:
    text = EDITED_BY_HAND.replace(
        "{context: prod}", "{\n  context: prod, # ours\n  version: '1.33',\n}"
    )
    document = json.loads(files.parse(text, "").model_dump_json())
    document["kubernetes"]["version"] = "1.34"
    assert edited(text, files.validate(document)) == text.replace("1.33", "1.34")


def test_a_folded_text_is_replaced_by_one_in_its_line() -> None:
    text = EDITED_BY_HAND.replace("cluster: prod", "cluster: >-\n  prod")
    config = changed(lambda new: new.update(cluster="staging"))
    assert edited(text, config) == text.replace(">-\n  prod", '"staging"')


def test_windows_line_ends_stay() -> None:
    config = changed(lambda new: new["aws"].update(account_id="012345678901"))
    text = EDITED_BY_HAND.replace("\n", "\r\n")
    expected = edited(EDITED_BY_HAND, config).replace("\n", "\r\n")
    assert edited(text, config) == expected


def test_a_text_with_shared_parts_is_written_anew_and_right() -> None:
    text = textwrap.dedent("""\
        cluster: prod
        issuer: https://cluster.example.com
        aws: {region: eu-west-1}
        kubernetes: {context: prod}
        workloads:
          - {namespace: a, service_account: a, role: &role {path: /x/}}
          - {namespace: b, service_account: b, role: *role}
        """)
    document = json.loads(files.parse(text, "").model_dump_json())
    document["workloads"][0]["role"]["path"] = "/y/"
    config = files.validate(document)
    assert files.parse(edited(text, config), "") == config


def test_update_writes_what_the_edited_text_is(tmp_path: Path) -> None:
    path = tmp_path / "prod.yaml"
    path.write_text(EDITED_BY_HAND)
    config = changed(lambda new: new.update(cluster="staging"))
    update(path, config)
    assert path.read_text() == edited(EDITED_BY_HAND, config)


def test_update_makes_a_file_that_is_not_there(tmp_path: Path) -> None:
    config = changed(lambda _: None)
    update(tmp_path / "prod.yaml", config)
    assert (tmp_path / "prod.yaml").read_text() == files.dump(config)


def test_update_leaves_a_file_that_is_no_configuration(tmp_path: Path) -> None:
    path = tmp_path / "prod.yaml"
    path.write_bytes(b"cluster: \xff\n")
    with pytest.raises(ConfigError) as caught:
        update(path, changed(lambda _: None))
    assert str(caught.value) == f"{path}: is not UTF-8 text (byte 9): save it as UTF-8."
    assert path.read_bytes() == b"cluster: \xff\n"
