"""Two configurations compared as a reviewer would put it: who gains or loses what, and what breaks.

Takes what `federation.yaml.files` loaded, from files or from revisions; the differences go to
`python -m wizard diff`. The order of workloads, policies, tags and acceptances is not a difference;
that of audiences is one where pods ask for another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from federation.model.config import ClusterConfig, S3Backend, Workload
from federation.model.endpoints import is_unencrypted
from federation.secrets import without_secrets
from formats.escaping import quoted
from review.facts.configured import name

Effect = Literal["breaks", "widens", "narrows", "changes"]
"""`breaks`: what works stops working, at once or until somebody acts. `widens`: somebody may do
more, or for longer. `narrows`: somebody may do less. `changes`: anything else."""

EFFECTS: tuple[Effect, ...] = ("breaks", "widens", "narrows", "changes")


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Attributes:
        effect: What it comes to.
        about: The workload, as `NAMESPACE/SERVICE_ACCOUNT`, or empty for the whole federation.
        field: The field of the configuration, or of the workload.
        text: The difference as a sentence.
        old: What was there, as JSON has it; None where nothing was.
        new: What is there now.
    """

    effect: Effect
    about: str
    field: str
    text: str
    old: Any = None
    new: Any = None


def compare(old: ClusterConfig, new: ClusterConfig) -> tuple[Difference, ...]:
    """What differs between two configurations, what breaks first."""
    found = [*_federation(old, new), *_workloads(old, new), *_acceptances(old, new)]
    return tuple(sorted(found, key=lambda d: (EFFECTS.index(d.effect), d.about, d.field, d.text)))


def _federation(old: ClusterConfig, new: ClusterConfig) -> Iterator[Difference]:
    before, after = _settings(old), _settings(new)
    for field in sorted({*before, *after}):
        was, now = before.get(field), after.get(field)
        if was != now:
            effect, consequence = _consequence(field, was, now)
            yield _changed(effect, "", field, was, now, consequence)
    yield from _audiences(old, new)
    yield from _namespaces(old, new)


def _settings(config: ClusterConfig) -> dict[str, Any]:
    """Every setting of the federation that is not compared by itself, by its field."""
    parts = json.loads(config.model_dump_json(exclude=_COMPARED_APART))
    return _values(parts) | {"backend": _state(config), "partition": config.partition}


_COMPARED_APART: Any = {
    "workloads": True,
    "audience": True,
    "lint": {"accept"},
    "backend": {"type", "bucket", "region", "key_prefix"},
}
"""The settings that have a comparison of their own; every other field of the model is compared by
its value."""


def _state(config: ClusterConfig) -> str:
    """Where the states are, as an address."""
    backend = config.backend
    if isinstance(backend, S3Backend):
        return f"s3://{backend.bucket}/{backend.key_prefix} in {backend.region}"
    return "the folder state/"


def _flat(value: Mapping[str, Any], start: str) -> Iterator[tuple[str, Any]]:
    for key, each in value.items():
        if isinstance(each, Mapping):
            yield from _flat(each, f"{start}{key}.")
        else:
            yield f"{start}{key}", each


def _values(part: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a part by their fields; the order of a list does not count."""
    return {field: _unordered(value) for field, value in _flat(part, "")}


def _unordered(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, list) else value


_Rule = Callable[[Any, Any], tuple[Effect, str]]


def _always(effect: Effect, consequence: str) -> _Rule:
    return lambda was, now: (effect, consequence)


def _boundary(was: Any, now: Any) -> tuple[Effect, str]:
    if now is None:
        return "widens", "the roles have no boundary any more"
    return ("narrows", "it limits every role") if was is None else ("changes", "for every role")


def _account(was: Any, now: Any) -> tuple[Effect, str]:
    if now is None:
        return "widens", "deploys are no longer limited to one account"
    if was is None:
        return "narrows", "deploys to any other account are refused"
    return "breaks", "provider and roles are created again in another account"


def _provider(was: Any, now: Any) -> tuple[Effect, str]:
    if was == "create":
        return "changes", "Terraform no longer manages the provider, and does not delete it"
    return "changes", "Terraform manages the provider: a deploy imports one that it created before"


def _endpoint(was: Any, now: Any) -> tuple[Effect, str]:
    if now is not None and is_unencrypted(now):
        return "widens", "others on the way can read tokens and answers of STS"
    if was is not None and is_unencrypted(was):
        return "narrows", "requests to AWS are encrypted again"
    return "changes", ""


def _exposure(was: Any, now: Any) -> tuple[Effect, str]:
    if now == "none":
        return "narrows", "the API server no longer shows the documents: something else has to"
    if now == "binding" and was == "authentication-config":
        return "widens", "anonymous requests are no longer limited to certain paths"
    if now == "authentication-config":
        return "narrows", "anonymous requests are limited to certain paths"
    return "widens", "requests without credentials may read the documents"


_RULES: Mapping[str, _Rule] = {
    "cluster": _always(
        "breaks",
        "stacks and states get other names: move the states, or everything is created again",
    ),
    "issuer": _always(
        "breaks",
        "the OIDC provider is replaced, and no role can be assumed until pods have tokens of the "
        "new issuer",
    ),
    "partition": _always("breaks", "every ARN changes"),
    "discovery.exposure": _exposure,
    "aws.account_id": _account,
    "aws.endpoint_url": _endpoint,
    "aws.oidc_provider": _provider,
    "aws.permissions_boundary": _boundary,
    "backend": _always(
        "breaks",
        "Terraform finds no state there and creates everything again: move the state first",
    ),
}
"""What comes of another value; of any other field there is no more to say than the values."""


def _consequence(field: str, was: Any, now: Any) -> tuple[Effect, str]:
    rule = _RULES.get(field)
    return rule(was, now) if rule else ("changes", "")


def _audiences(old: ClusterConfig, new: ClusterConfig) -> Iterator[Difference]:
    for audience in sorted({*new.audience} - {*old.audience}):
        text = f"tokens for {quoted(audience)} are accepted by the provider and by every role"
        yield Difference("widens", "", "audience", f"{text}.", None, audience)
    for audience in sorted({*old.audience} - {*new.audience}):
        text = f"tokens for {quoted(audience)} are refused"
        effect: Effect = "narrows"
        if audience == old.pod_audience:
            effect, text = "breaks", f"{text}, and running pods hold such tokens"
        yield Difference(effect, "", "audience", f"{text}.", audience, None)
    if old.pod_audience != new.pod_audience:
        text = f"pods ask for {quoted(new.pod_audience)} instead of {quoted(old.pod_audience)}."
        yield Difference("changes", "", "audience", text, old.pod_audience, new.pod_audience)


def _namespaces(old: ClusterConfig, new: ClusterConfig) -> Iterator[Difference]:
    made = {*old.namespaces_to_create}, {*new.namespaces_to_create}
    for namespace in sorted(made[0] - made[1]):
        text = f"Terraform no longer manages the namespace {quoted(namespace)}, which stays."
        yield Difference("changes", "", "create_namespace", text, namespace, None)
    for namespace in sorted(made[1] - made[0]):
        text = f"the namespace {quoted(namespace)} is created."
        yield Difference("changes", "", "create_namespace", text, None, namespace)


def _workloads(old: ClusterConfig, new: ClusterConfig) -> Iterator[Difference]:
    before = {name(each): each for each in old.workloads}
    after = {name(each): each for each in new.workloads}
    for who in sorted({*before, *after}):
        was, now = before.get(who), after.get(who)
        if was is None and now is not None:
            yield _gained(new, now)
        elif was is not None and now is None:
            text = f"loses the role {quoted(old.role_name(was))}, which is deleted."
            yield Difference("breaks", who, "role", text, old.role_name(was), None)
        elif was is not None and now is not None:
            yield from _workload((old, was), (new, now))


def _gained(config: ClusterConfig, workload: Workload) -> Difference:
    role = config.role_name(workload)
    who = "any pod of the cluster" if workload.trust == "audience-only" else "the service account"
    policies = ", ".join(map(quoted, _policies(config, workload))) or "none"
    seconds = workload.role.max_session_duration
    text = (
        f"gains the role {quoted(role)}: {who} may assume it for {seconds} s; policies: {policies}."
    )
    return Difference("widens", name(workload), "role", text, None, role)


_Of = tuple[ClusterConfig, Workload]


def _workload(old: _Of, new: _Of) -> Iterator[Difference]:
    who = name(new[1])
    was, now = _role_path(*old), _role_path(*new)
    if was != now:
        consequence = "the role is replaced, and running pods ask for the old one"
        yield _changed("breaks", who, "role", was, now, consequence)
    yield from _policy_changes(old, new)
    if old[1].trust != new[1].trust:
        yield _trust_change(old[1], new[1])
    before, after = (_values(_others(each[1])) for each in (old, new))
    if _makes_namespace(old) != _makes_namespace(new):
        del before["create_namespace"], after["create_namespace"]  # `_namespaces` has it
    for field in sorted({*before, *after}):
        if before.get(field) != after.get(field):
            yield _other(who, field, before.get(field), after.get(field))


_EXPLAINED: Any = {
    "namespace": True,
    "service_account": True,
    "trust": True,
    "role": {"name", "path", "managed_policy_arns"},
}
"""The fields of a workload that have a comparison of their own, or say which workload it is."""


def _makes_namespace(of: _Of) -> bool:
    return of[1].namespace in of[0].namespaces_to_create


def _others(workload: Workload) -> dict[str, Any]:
    """The other fields of a workload."""
    return workload.model_dump(mode="json", exclude=_EXPLAINED)


def _other(who: str, field: str, was: Any, now: Any) -> Difference:
    """The difference in a field about which there is no more to say than its values."""
    if field in _SECONDS:
        effect: Effect = "widens" if now > was else "narrows"
        return Difference(effect, who, field, f"{now} s instead of {was} s.", was, now)
    return _changed("changes", who, field, was, now, "")


_SECONDS = ("role.max_session_duration", "token_expiration_seconds")
"""How long credentials are good for."""


def _role_path(config: ClusterConfig, workload: Workload) -> str:
    return f"{workload.role.path}{config.role_name(workload)}"


def _policies(config: ClusterConfig, workload: Workload) -> list[str]:
    """The attached policies as people write them: without what every ARN of the account has."""
    prefix = f"arn:{config.partition}:iam::aws:policy/"
    arns = (config.policy_arn(policy) for policy in workload.role.managed_policy_arns)
    return sorted(arn.removeprefix(prefix) for arn in arns)


def _policy_changes(old: _Of, new: _Of) -> Iterator[Difference]:
    who, field = name(new[1]), "role.managed_policy_arns"
    before, after = {*_policies(*old)}, {*_policies(*new)}
    for policy in sorted(after - before):
        text = f"may do what {quoted(policy)} allows."
        yield Difference("widens", who, field, text, None, policy)
    for policy in sorted(before - after):
        text = f"may no longer do what {quoted(policy)} allows."
        yield Difference("narrows", who, field, text, policy, None)


def _trust_change(old: Workload, new: Workload) -> Difference:
    if new.trust == "audience-only":
        text = "any pod of the cluster may assume the role, whatever its service account."
        return Difference("widens", name(new), "trust", text, old.trust, new.trust)
    text = "only the service account may assume the role, and no other pod of the cluster."
    return Difference("narrows", name(new), "trust", text, old.trust, new.trust)


def _acceptances(old: ClusterConfig, new: ClusterConfig) -> Iterator[Difference]:
    before = {(each.code, each.workload or ""): each for each in old.lint.accept}
    after = {(each.code, each.workload or ""): each for each in new.lint.accept}
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        if was == now:
            continue
        text = f"the finding {quoted(key[0])} is no longer accepted."
        if now is not None:
            text = f"the finding {quoted(key[0])} is accepted until {now.until}: {now.reason}."
        yield Difference(
            "changes",
            key[1],
            "lint.accept",
            text,
            was.model_dump() if was else None,
            now.model_dump() if now else None,
        )


def _changed(
    effect: Effect, about: str, field: str, old: Any, new: Any, consequence: str
) -> Difference:
    name = field.rpartition(".")[2]
    old, new = without_secrets(old, name), without_secrets(new, name)
    text = ": ".join(filter(None, [f"{_shown(new)} instead of {_shown(old)}", consequence]))
    return Difference(effect, about, field, f"{text}.", old, new)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "nothing"
    return quoted(value) if isinstance(value, str) else str(value).lower()
