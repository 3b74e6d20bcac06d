"""Trust policies as text: what is read, and what is refused with its place."""

import pytest

from federation.errors import UserError
from federation.iam.evaluation import parse_policy

STATEMENT = '{"Effect": "Allow", "Principal": "*", "Action": "sts:*"}'


def test_reads_a_policy_as_it_is_written() -> None:
    assert parse_policy(f'{{"Version": "2012-10-17", "Id": "x", "Statement": [{STATEMENT}]}}') == {
        "Version": "2012-10-17",
        "Id": "x",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:*"}],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The policy is not JSON: line 1, column 1: Expecting value."),
        ('{\n "Id": }', "The policy is not JSON: line 2, column 8: Expecting value."),
        ("[]", "The policy is not a JSON object, {...}."),
        ('"{}"', "The policy is not a JSON object, {...}."),
        (
            '{"Statement": [], "Statement": []}',
            "The policy has the key 'Statement' twice in one object.",
        ),
        (
            '{"Statement": {"Condition": {"StringEquals": {"k": "a", "k": "b"}}}}',
            "The policy has the key 'k' twice in one object.",
        ),
        ('{"Statement": NaN}', "The policy has the value NaN, which is not JSON."),
        (
            '{"Statement": "\\ud800"}',
            "The policy has half of a surrogate pair, which is not a character.",
        ),
        ("[" * 100_000, "The policy is JSON that is nested more than 100 levels deep."),
        ("1" * 10_000, "The policy has a number of more than 1000 characters."),
        ('{"Statement": [{"Effect": "Deny"}]}', "Statement[0] has no Principal."),
    ],
)
def test_refuses_what_is_no_trust_policy(text: str, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        parse_policy(text)

    assert str(refusal.value) == message
