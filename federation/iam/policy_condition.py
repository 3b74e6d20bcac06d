"""One line of a `Condition` block: read from a policy, tested against the context of a call.

Read by `federation.iam.policy_document`; its outcome becomes part of a verdict in
`federation.iam.evaluation`. Set operators, `IfExists`, `Null` and absent keys follow the AWS IAM
User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued
context keys".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from federation.errors import UserError
from federation.iam.policy_operators import OPERATORS, Operator
from federation.iam.policy_pattern import Template, wildcards, with_variables
from federation.iam.request_context import RequestContext
from federation.model.fields import did_you_mean
from formats.escaping import quoted


class Outcome(Enum):
    """Whether a condition holds; `UNKNOWN` where only AWS sees what it depends on."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


class Quantifier(Enum):
    """How the values of the call are taken together."""

    NONE = ""
    ANY = "ForAnyValue:"
    ALL = "ForAllValues:"


@dataclass(frozen=True)
class Condition:
    """One operator on one key, with the values that a policy gives for it.

    Attributes:
        name: The operator as written, with its prefix and suffix.
        key: The condition key as written.
        values: The expected values as text.
        operator: What is compared; `None` for `Null`, which asks for presence alone.
        quantifier: The set operator.
        if_exists: Whether an absent key satisfies it.
        templates: The expected values, cut at their policy variables.
    """

    name: str
    key: str
    values: tuple[str, ...]
    operator: Operator | None
    quantifier: Quantifier
    if_exists: bool
    templates: tuple[Template, ...]

    @property
    def negated(self) -> bool:
        """Whether the values are those that the key must not have."""
        return self.operator is not None and self.operator.negated

    def unknown_keys(self, context: RequestContext) -> tuple[str, ...]:
        """Return those of its keys, its variables' included, of which AWS alone has the values."""
        variables = (variable.key for one in self.templates for variable in one.variables)
        keys = dict.fromkeys((self.key, *variables))
        return tuple(key for key in keys if not context.is_known(key))

    def outcome(self, context: RequestContext) -> Outcome:
        """Test the condition against the context of a call."""
        if self.unknown_keys(context):
            return Outcome.UNKNOWN
        return Outcome.HOLDS if self._holds(context) else Outcome.FAILS

    def _holds(self, context: RequestContext) -> bool:
        seen = context.lookup(self.key)
        if self.operator is None:
            absent = "false" if seen else "true"
            return absent in (value.lower() for value in self.values)
        if not seen:
            return self._holds_when_absent()
        patterns = (template.resolve(context.lookup) for template in self.templates)
        test = self.operator.among([one for one in patterns if one is not None])
        admitted = (test(value) != self.negated for value in seen)
        # Without a set operator, a negated one is the contrary of its positive form.
        every = self.quantifier is Quantifier.ALL or (
            self.negated and self.quantifier is Quantifier.NONE
        )
        return all(admitted) if every else any(admitted)

    def _holds_when_absent(self) -> bool:
        if self.if_exists or self.quantifier is Quantifier.ALL:
            return True
        return self.negated and self.quantifier is Quantifier.NONE


def read_condition(
    place: str, name: str, key: str, values: Sequence[str], *, variables: bool
) -> Condition:
    """Read one operator, key and list of values of a `Condition` block.

    Args:
        place: Where in the policy it stands, for messages.
        name: The operator with its prefix and suffix, such as `ForAnyValue:StringLikeIfExists`.
        key: The condition key.
        values: The values as text.
        variables: Whether `${...}` is a policy variable (policy version 2012-10-17) or plain text.

    Raises:
        UserError: The operator is unknown, or a value is not one that the operator can compare
        with.
    """
    quantifier = next((one for one in _PREFIXES if name.startswith(one.value)), Quantifier.NONE)
    bare = name.removeprefix(quantifier.value)
    operator = OPERATORS.get(bare.removesuffix(_IF_EXISTS))
    if operator is None and name != _NULL:
        hint = did_you_mean(bare.removesuffix(_IF_EXISTS), (*OPERATORS, _NULL))
        raise UserError(f"{place}: unknown condition operator {quoted(name)}.{hint}")
    templates = tuple(_template(place, operator, value, variables) for value in values)
    return Condition(
        name, key, tuple(values), operator, quantifier, bare.endswith(_IF_EXISTS), templates
    )


_NULL = "Null"
_IF_EXISTS = "IfExists"
_PREFIXES = (Quantifier.ANY, Quantifier.ALL)


def _template(place: str, operator: Operator | None, value: str, variables: bool) -> Template:
    if operator is None and value.lower() not in ("true", "false"):
        raise UserError(f"{place}: {quoted(value)} is not 'true' or 'false'.")
    if operator is not None and not operator.accepts(value):
        raise UserError(f"{place}: {quoted(value)} is not {operator.expects}.")
    if operator is not None and operator.variables and variables:
        return with_variables(place, value)
    return Template(wildcards(value))
