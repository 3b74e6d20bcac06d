"""What holds of every trust policy and token, over random ones."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.iam.evaluation import evaluate
from federation.iam.policy_pattern import Pattern, Text, arn_like_any, like, like_any, wildcards
from federation.iam.trust_policy import trust_policy
from federation.model.names import subject

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
PATHS = st.sampled_from(["", "/", "/id/EXAMPLE", "/a/"])
ISSUER_KEYS = st.builds(str.__add__, HOSTS, PATHS)
SUBJECTS = st.builds(subject, LABELS, LABELS)
AUDIENCES = st.text(st.characters(codec="utf-8", exclude_characters="$"), min_size=1, max_size=20)
PARTITIONS = st.sampled_from(["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso-b"])

HOST = "cluster.example.com"
NAMES = st.sampled_from([f"{HOST}:{key}" for key in ("aud", "sub", "amr", "email", "iss")])
VALUES = st.sampled_from(["a", "b", "ab", "a*", "?", "*", "${cluster.example.com:email}"])
OPERATORS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "ForAnyValue:", "ForAllValues:"]),
    st.sampled_from(["String", "StringNot"]),
    st.sampled_from(["Equals", "Like", "EqualsIgnoreCase"]),
    st.sampled_from(["", "IfExists"]),
)
CONDITIONS = st.dictionaries(
    OPERATORS, st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=3), max_size=2)
)
PRINCIPALS = st.sampled_from(
    [
        "*",
        {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{HOST}"},
        {"Federated": "arn:aws:iam::123456789012:oidc-provider/other.example.com"},
    ]
)
ACTIONS = st.sampled_from(["sts:AssumeRoleWithWebIdentity", "sts:*", "sts:AssumeRole"])


PATTERNS = st.text("ab*?.", max_size=8)
PIECES = st.lists(st.builds(Text, st.text("ab*?.", max_size=5), st.booleans()), max_size=3).map(
    tuple
)


def statements(*effects: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(effects),
            "Principal": PRINCIPALS,
            "Action": ACTIONS,
            "Condition": CONDITIONS,
        }
    )


CLAIMS = st.fixed_dictionaries(
    {"iss": st.just(f"https://{HOST}"), "sub": VALUES},
    optional={"aud": st.lists(VALUES), "amr": st.lists(VALUES), "email": VALUES},
)


def policy(*members: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(members)}


@given(PARTITIONS, ISSUER_KEYS, st.lists(AUDIENCES, min_size=1, max_size=3), SUBJECTS, SUBJECTS)
def test_our_policy_admits_its_own_subject_and_no_other(
    partition: str, key: str, audiences: list[str], own: str, other: str
) -> None:
    arn = f"arn:{partition}:iam::123456789012:oidc-provider/{key}"
    ours = trust_policy(arn, key, audiences, own)

    for audience in audiences:
        claims = {"iss": f"https://{key}", "aud": [audience], "sub": own}
        assert evaluate(ours, claims, federated=arn).allowed
        assert evaluate(ours, claims | {"sub": other}).allowed is (other == own)


@given(ISSUER_KEYS, st.lists(AUDIENCES, min_size=1, max_size=3), AUDIENCES, SUBJECTS)
def test_our_policy_admits_its_own_audiences_and_no_other(
    key: str, audiences: list[str], other: str, own: str
) -> None:
    ours = trust_policy(f"arn:aws:iam::123456789012:oidc-provider/{key}", key, audiences, own)
    claims = {"iss": f"https://{key}", "aud": other, "sub": own}

    assert evaluate(ours, claims).allowed is (other in audiences)


@given(ISSUER_KEYS, ISSUER_KEYS, SUBJECTS)
def test_our_policy_admits_its_own_issuer_and_no_other(key: str, other: str, own: str) -> None:
    ours = trust_policy(f"arn:aws:iam::123456789012:oidc-provider/{key}", key, ["sts"], own)
    claims = {"iss": f"https://{other}", "aud": ["sts"], "sub": own}

    assert evaluate(ours, claims).allowed is (other == key)


@given(ISSUER_KEYS, AUDIENCES, SUBJECTS)
def test_our_policy_without_a_subject_admits_every_subject(
    key: str, audience: str, anyone: str
) -> None:
    ours = trust_policy(f"arn:aws:iam::123456789012:oidc-provider/{key}", key, [audience], None)
    claims = {"iss": f"https://{key}", "aud": [audience], "sub": anyone}

    assert evaluate(ours, claims).allowed


@given(st.lists(statements("Allow", "Deny"), min_size=1, max_size=4), CLAIMS, st.data())
def test_the_order_of_statements_does_not_matter(
    members: list[dict[str, Any]], claims: dict[str, Any], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(members))

    assert evaluate(policy(*shuffled), claims).allowed == evaluate(policy(*members), claims).allowed


@given(st.lists(statements("Allow"), min_size=1, max_size=3), statements("Allow"), CLAIMS)
def test_a_deny_wins_wherever_its_like_would_allow(
    members: list[dict[str, Any]], one: dict[str, Any], claims: dict[str, Any]
) -> None:
    applies = evaluate(policy(one), claims).allowed
    denied = evaluate(policy(*members, one | {"Effect": "Deny"}), claims)

    assert denied.allowed is (evaluate(policy(*members), claims).allowed and not applies)
    assert denied.statement == (len(members) if applies else denied.statement)


@given(st.lists(statements("Allow"), min_size=1, max_size=3), CLAIMS)
def test_several_allows_admit_what_any_of_them_admits(
    members: list[dict[str, Any]], claims: dict[str, Any]
) -> None:
    alone = [evaluate(policy(one), claims).allowed for one in members]
    together = evaluate(policy(*members), claims)

    assert together.allowed is any(alone)
    assert together.statement == (alone.index(True) if any(alone) else None)


@given(st.lists(statements("Allow", "Deny"), min_size=1, max_size=4), CLAIMS)
def test_reasons_are_given_exactly_where_a_token_is_kept_out(
    members: list[dict[str, Any]], claims: dict[str, Any]
) -> None:
    decision = evaluate(policy(*members), claims)

    assert bool(decision.reasons) is not decision.allowed


def matches(pattern: Pattern, seen: str) -> bool:
    """What `*` and `?` are defined as, tried character by character."""
    if not pattern:
        return not seen
    piece, rest = pattern[0], pattern[1:]
    if not piece.characters:
        return matches(rest, seen)
    first = piece.characters[0]
    after = (Text(piece.characters[1:], piece.wild), *rest)
    if piece.wild and first == "*":
        return matches(after, seen) or (bool(seen) and matches(pattern, seen[1:]))
    fits = bool(seen) and (seen[0] == first or (piece.wild and first == "?"))
    return fits and matches(after, seen[1:])


@given(PIECES, st.text("ab*?.\n", max_size=8))
def test_wildcards_match_as_their_definition_says(pattern: Pattern, seen: str) -> None:
    """Pieces that are not wild are what policy variables and escapes bring in."""
    assert like(pattern, seen) is matches(pattern, seen)


@given(st.lists(st.text("ab*?", max_size=3), min_size=6, max_size=8), st.text("ab:", max_size=12))
def test_each_part_of_an_arn_matches_by_itself(parts: list[str], seen: str) -> None:
    pattern, last = [*parts[:5], ":".join(parts[5:])], seen.split(":", 5)

    assert arn_like_any([wildcards(":".join(parts))])(seen) is (
        len(last) == 6
        and all(matches(wildcards(one), text) for one, text in zip(pattern, last, strict=True))
    )


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    """Backtracking through these stars would outlast the test run."""
    assert not like(wildcards("*a" * 60 + "b"), "a" * 5_000)


@given(st.lists(PATTERNS, max_size=5), st.text("ab*?.\n", max_size=8))
def test_a_text_is_like_some_patterns_where_it_is_like_one_of_them(
    patterns: list[str], seen: str
) -> None:
    written = [wildcards(pattern) for pattern in patterns]

    assert like_any(written)(seen) is any(matches(pattern, seen) for pattern in written)


def test_long_runs_of_wildcards_take_no_time() -> None:
    """Looked for by itself, each stretch takes the product of its length and the text's."""
    stretches = [f"*{'?a' * length}b*" for length in range(3_000, 3_050)]
    counts = ["*".join("?" * (number % 50) + str(number) for number in range(20_000))]
    test = like_any(map(wildcards, stretches + counts))

    assert not any(test("a" * 15_000) for _ in range(5))
    assert test("a" * 9_000 + "b" + "a" * 5_000)


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "StringEqualsIgnoreCase"])
def test_thousands_of_values_against_thousands_take_no_time(operator: str) -> None:
    """Each against each would outlast the test run."""
    expected = [f"tenant-{number}/{ending}" for number in range(20_000) for ending in ("a", "*")]
    condition = {f"ForAnyValue:{operator}": {f"{HOST}:aud": expected}}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sts:*", "Condition": condition}
    seen = [f"other-{number}" for number in range(5_000)]
    claims = {"iss": f"https://{HOST}", "aud": seen}

    assert not evaluate(policy(statement), claims).allowed
    assert evaluate(policy(statement), claims | {"aud": [*seen, "tenant-19999/a"]}).allowed
