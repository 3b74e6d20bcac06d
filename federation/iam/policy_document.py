"""A role's trust policy, read strictly: whatever IAM would refuse is refused here, by place.

Text comes from a file or from IAM; statements go to `federation.iam.evaluation`. The grammar is
that of the AWS IAM User Guide, "Grammar of the IAM JSON policy language", with what it says of role
trust policies: a principal is required, resources are prohibited.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from federation.errors import UserError
from federation.iam.policy_condition import Condition, read_condition
from federation.model.fields import did_you_mean
from federation.strict_json import json_object
from formats.escaping import quoted


@dataclass(frozen=True)
class Statement:
    """One statement of a trust policy.

    Attributes:
        index: Its place in the policy, from 0.
        sid: Its `Sid`, if it has one.
        denies: Whether its effect is `Deny`.
        principals: Type (`AWS`, `Federated`, `Service`, `CanonicalUser`) and name, in order; `*` by
            itself has the type `*`.
        actions: The actions as written.
        excludes_actions: Whether they are those of `NotAction`.
        conditions: All conditions, every one of which has to hold.
    """

    index: int
    sid: str | None
    denies: bool
    principals: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    excludes_actions: bool
    conditions: tuple[Condition, ...]

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"Statement[{self.index}]" + (f" ({self.sid})" if self.sid else "")


def parse_policy(text: str) -> dict[str, Any]:
    """Read a trust policy from JSON.

    Raises:
        UserError: The text is not JSON, holds the same key twice in one object, or is not a trust
            policy that IAM would take; the message names the place.
    """
    policy = json_object("The policy", text)
    read_statements(policy)
    return policy


def read_statements(policy: Mapping[str, Any]) -> tuple[Statement, ...]:
    """Read the statements of a trust policy.

    Raises:
        UserError: An element is unknown, missing, prohibited or of the wrong form.
    """
    _check_elements("The policy", policy, _POLICY_ELEMENTS, required=("Statement",))
    for name in ("Id", "Version"):
        if not isinstance(policy.get(name, ""), str):
            raise UserError(f"{name} is not text.")
    version = policy.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        raise UserError(f"Version is {version!r}: write '2012-10-17'.")
    statements = policy["Statement"]
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list | tuple) or not statements:
        raise UserError("Statement is not a statement or a list of statements.")
    variables = version == _VERSIONS[1]
    read = tuple(_statement(i, one, variables) for i, one in enumerate(statements))
    _check_unique(one.sid for one in read if one.sid)
    return read


_VERSIONS = ("2008-10-17", "2012-10-17")
_POLICY_ELEMENTS = ("Version", "Id", "Statement")
_STATEMENT_ELEMENTS = ("Sid", "Effect", "Principal", "Action", "NotAction", "Condition")
_AROUND = (
    "give the policy alone, as 'aws iam get-role --role-name NAME "
    "--query Role.AssumeRolePolicyDocument' prints it"
)
_PROHIBITED = {
    "Resource": "a trust policy has none, the role itself is the resource",
    "NotResource": "a trust policy has none, the role itself is the resource",
    "NotPrincipal": "a trust policy cannot use it; write a Condition",
    **dict.fromkeys(("Role", "AssumeRolePolicyDocument"), _AROUND),
}
_PRINCIPAL_TYPES = ("AWS", "Federated", "Service", "CanonicalUser")


def _check_elements(
    place: str, members: Mapping[str, Any], known: tuple[str, ...], required: tuple[str, ...]
) -> None:
    for name in members:
        if name in _PROHIBITED:
            raise UserError(f"{place} has {name}: {_PROHIBITED[name]}.")
        if name not in known:
            hint = did_you_mean(name, known)
            raise UserError(f"{place} has an unknown element {quoted(name)}.{hint}")
    for name in required:
        if name not in members:
            raise UserError(f"{place} has no {name}.")


def _check_unique(sids: Iterable[str]) -> None:
    """Source: AWS IAM User Guide, "IAM JSON policy elements: Sid"."""
    seen: set[str] = set()
    for sid in sids:
        if sid in seen:
            raise UserError(
                f"Several statements have the Sid {quoted(sid)}: it is unique in a policy."
            )
        seen.add(sid)


def _statement(index: int, members: Any, variables: bool) -> Statement:
    place = f"Statement[{index}]"
    if not isinstance(members, Mapping):
        raise UserError(f"{place} is not an object.")
    _check_elements(place, members, _STATEMENT_ELEMENTS, required=("Effect", "Principal"))
    if ("Action" in members) == ("NotAction" in members):
        raise UserError(f"{place} needs Action or NotAction, one of them.")
    sid = members.get("Sid")
    if sid is not None and not isinstance(sid, str):
        raise UserError(f"{place}.Sid is not text.")
    if sid:
        _check_printable(place, sid)
    effect = members["Effect"]
    if effect not in ("Allow", "Deny"):
        raise UserError(f"{place}.Effect is {effect!r}: write 'Allow' or 'Deny', in this case.")
    name = "Action" if "Action" in members else "NotAction"
    return Statement(
        index,
        sid or None,
        effect == "Deny",
        tuple(_principals(f"{place}.Principal", members["Principal"])),
        _actions(f"{place}.{name}", members[name]),
        name == "NotAction",
        tuple(_conditions(f"{place}.Condition", members.get("Condition", {}), variables)),
    )


def _principals(place: str, value: Any) -> Iterable[tuple[str, str]]:
    if value == "*":
        yield "*", "*"
        return
    if not isinstance(value, Mapping) or not value:
        raise UserError(f"{place} is neither '*' nor an object such as {{'Federated': ARN}}.")
    for kind, names in value.items():
        if kind not in _PRINCIPAL_TYPES:
            known = ", ".join(_PRINCIPAL_TYPES)
            raise UserError(f"{place} has {quoted(kind)}: write one of {known}.")
        for name in _texts(f"{place}.{kind}", names):
            yield kind, name


def _actions(place: str, value: Any) -> tuple[str, ...]:
    actions = _texts(place, value)
    for action in actions:
        if action != "*" and ":" not in action:
            raise UserError(f"{place}: {quoted(action)} is not SERVICE:ACTION or '*'.")
    return actions


def _texts(place: str, value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not values:
        raise UserError(f"{place} is neither text nor a list of texts.")
    if not all(isinstance(one, str) and one for one in values):
        raise UserError(f"{place} has a value that is not text, or an empty one.")
    return tuple(values)


def _conditions(place: str, value: Any, variables: bool) -> Iterable[Condition]:
    if not isinstance(value, Mapping):
        raise UserError(f"{place} is not an object.")
    for operator, keys in value.items():
        _check_printable(place, operator)
        if not isinstance(keys, Mapping):
            raise UserError(f"{place}.{operator} is not an object of keys and values.")
        # An operator is checked even where it has no keys.
        read_condition(f"{place}.{operator}", operator, "", (), variables=variables)
        for key, values in keys.items():
            _check_printable(f"{place}.{operator}", key)
            where = f"{place}.{operator}.{key}"
            texts = tuple(_scalars(where, values))
            yield read_condition(where, operator, key, texts, variables=variables)


def _check_printable(place: str, name: str) -> None:
    """Refuse names that messages could not show as they are."""
    if not name or not name.isprintable():
        raise UserError(f"{place} has {name!r}, which is empty or has a character without a form.")


def _scalars(place: str, value: Any) -> Iterable[str]:
    """Return condition values as text: quotes are optional around numbers and booleans."""
    for one in value if isinstance(value, list | tuple) else [value]:
        if isinstance(one, str):
            yield one
        elif isinstance(one, bool | int | float):
            yield json.dumps(one)
        else:
            raise UserError(f"{place} is neither text, number, boolean nor a list of these.")
