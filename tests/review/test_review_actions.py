"""What the actions of IAM do, by AWS's own data."""

from __future__ import annotations

import re

from review.facts.actions import edition, matching


def test_an_action_that_manages_permissions_or_tags_is_no_mere_write() -> None:
    assert matching("sqs", ["AddPermission", "TagQueue", "SendMessage", "ListQueues"]) == {
        "AddPermission": "Permissions management",
        "ListQueues": "Read",
        "SendMessage": "Write",
        "TagQueue": "Tagging",
    }


def test_patterns_ignore_case_and_have_two_wildcards() -> None:
    assert matching("sts", ["assumerolewith*", "GetCallerIdentit?"]) == {
        "AssumeRoleWithSAML": "Write",
        "AssumeRoleWithWebIdentity": "Write",
        "GetCallerIdentity": "Read",
    }


def test_a_service_that_is_not_known_has_no_actions() -> None:
    assert matching("nosuchservice", ["*"]) == {}


def test_the_edition_is_a_day() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", edition())
