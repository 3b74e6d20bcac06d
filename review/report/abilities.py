"""What the roles may do, policy by policy, with what stands out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from federation.model.fields import partition_of_arn
from review.facts import aws_managed
from review.facts.actions import LEVELS, READING, Level, matching
from review.facts.matrix import Ability, PolicySummary
from review.report.material import Material
from review.report.model import (
    Block,
    Cell,
    Code,
    Paragraph,
    Points,
    Section,
    Strong,
    Subheading,
    Table,
    Text,
    code_list,
    counted,
    prose,
)

_NAMED = 8
"""Actions of a level that are named; of more, the number."""

_MEANINGS = (
    ("administration", "every action, or every action of IAM, on every resource"),
    (
        "privilege escalation",
        "on every resource, an action that lets an identity get more permissions or those of "
        "others (Rhino Security Labs, 'AWS IAM Privilege Escalation')",
    ),
    ("whole service", "every action of a service on every resource"),
    ("reads contents", "S3 objects, SSM parameters, or secrets, on every resource"),
)


def abilities(material: Material) -> Section:
    """A part for each policy that is attached to a role."""
    roles: dict[PolicySummary, list[str]] = defaultdict(list)
    for row in material.rows:
        for policy in row.policies:
            roles[policy].append(row.role_name)
    if not roles:
        text = prose("No policy is attached to any role: they have no permissions yet.")
        return Section("What each role may do", (Paragraph(text),))
    blocks: list[Block] = [
        Paragraph(
            prose(
                f"{counted(len(roles), 'policy', 'policies')} {_are(len(roles))} attached. Marked "
                "are (the first three in red in the picture):"
            )
        ),
        Points(tuple((Strong(mark), f": {meaning}.") for mark, meaning in _MEANINGS)),
    ]
    for policy in sorted(roles, key=lambda each: each.arn):
        blocks += _policy(policy, roles[policy])
    return Section("What each role may do", tuple(blocks))


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _policy(policy: PolicySummary, roles: list[str]) -> Iterator[Block]:
    yield Subheading(policy.arn)
    yield Paragraph(("Attached to ", *code_list(tuple(roles)), "."))
    if policy.abilities is None:
        yield Paragraph(_unknown(policy.arn), alert=True)
        return
    if version := aws_managed.version(policy.name):
        yield Paragraph(_edition(version, partition_of_arn(policy.arn)))
    yield from _marks(policy)
    yield from _what(policy.abilities)


def _edition(version: tuple[str, str], partition: str) -> Text:
    text = prose(
        "AWS manages this policy and may change it at any time; this is its version {} of {}",
        *version,
    )
    if partition == "aws":
        return (*text, ".")
    elsewhere = " in the partition {}: in {} another version may be in use, so compare them."
    return (*text, *prose(elsewhere, "aws", partition))


def _unknown(arn: str) -> Text:
    return prose(
        "{} Read it before you sign: `aws iam get-policy --policy-arn` {} names its default "
        "version, and `aws iam get-policy-version` shows it.",
        Strong("Not judged: its text is unknown."),
        arn,
    )


def _marks(policy: PolicySummary) -> Iterator[Block]:
    found: list[Text] = []
    for mark in policy.marks:
        which = policy.escalations if mark == "privilege escalation" else ()
        found.append((Strong(mark), *((": ", *code_list(which)) if which else ())))
    if policy.contents:
        found.append((Strong("reads contents"), ": ", *code_list(policy.contents)))
    if found:
        yield Points(tuple(found))
    else:
        yield Paragraph(prose("No marks."))


def _what(abilities: tuple[Ability, ...]) -> Iterator[Block]:
    whole = [each for each in abilities if each.service == "*"]
    for each in whole:
        yield Paragraph(_everything(each))
    told = [(each, matching(each.service, each.actions)) for each in abilities if each not in whole]
    counts = Counter(level for _, actions in told for level in actions.values())
    if not told:
        return
    services = counted(len({each.service for each, _ in told}), "service")
    numbers = ", ".join(f"{level} {counts[level]}" for level in LEVELS)
    start = "Other actions" if whole else "Actions"
    yield Paragraph(prose(f"{start} in {services}, by AWS's levels of access: {numbers}."))
    if more := [(each, actions) for each, actions in told if not _reads_only(actions.values())]:
        yield Table(
            "More than lists and reads",
            ("Service", "As written", "More than lists and reads", "Where"),
            tuple(_ability(*each) for each in more),
        )
    reads = {each.service for each, actions in told if actions and _reads_only(actions.values())}
    if reads:
        yield Paragraph(("Only lists and reads with ", *code_list(tuple(sorted(reads))), "."))
    if unknown := [name for each, _ in told for name in _unknown_actions(each)]:
        yield Paragraph(
            ("Not in AWS's reference (retired, or too new): ", *code_list(tuple(unknown)), ".")
        )


def _everything(ability: Ability) -> Text:
    where = _where(ability)
    if not ability.excludes:
        return prose(f"Every action of every service, {where}.")
    return ("Every action of every service but ", *code_list(ability.actions), f", {where}.")


def _unknown_actions(ability: Ability) -> Iterator[str]:
    for pattern in ability.actions:
        if not matching(ability.service, [pattern]):
            yield f"{ability.service}:{pattern}"


def _reads_only(levels: Iterable[Level]) -> bool:
    return all(level in READING for level in levels)


def _ability(ability: Ability, actions: dict[str, Level]) -> tuple[Cell, ...]:
    patterns = [
        pattern
        for pattern in ability.actions
        if not _reads_only(matching(ability.service, [pattern]).values())
    ]
    return (
        ((Code(ability.service),),),
        (code_list(tuple(patterns)),),
        tuple(
            _of_level(level, [name for name, of in actions.items() if of == level])
            for level in LEVELS
            if level not in READING and level in actions.values()
        ),
        ((_where(ability),),),
    )


def _of_level(level: Level, actions: list[str]) -> Text:
    if len(actions) > _NAMED:
        return (f"{level}: {len(actions)} actions",)
    return (f"{level}: ", *code_list(tuple(actions)))


def _where(ability: Ability) -> str:
    where = "on every resource" if ability.everywhere else "on the named resources"
    return f"{where}, under a condition" if ability.conditional else where
