"""How an object of a cluster differs from its description.

Pure. What a description leaves open may be anything: an API server fills in defaults, and others
add labels, annotations and what admission injects. Where more means more rights or another setting,
in the subjects of a binding and the data of a ConfigMap, a further entry is a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from formats.escaping import listed, printable, quoted

NO_SETTING = "no such setting"
"""How a further setting of a ConfigMap should be."""


class ObjectDifference(NamedTuple):
    """A field in which an object differs, with what is live and what is described."""

    field: str
    live: str
    described: str


def differences(
    live: Mapping[str, Any], described: Mapping[str, Any]
) -> Iterator[ObjectDifference]:
    """Each field in which an object differs from its description.

    The values of further settings are not repeated: nothing says that they are not secrets.
    """
    for key, value in described.items():
        if key == "subjects" and isinstance(live.get(key), list | None):
            yield from _of_subjects(live.get(key) or [], value)
        else:
            yield from _within(live.get(key), value, key)
    for part in ("data", "binaryData"):
        for key in sorted(_part(live, part).keys() - _part(described, part).keys()):
            yield ObjectDifference(f"{part}.{printable(key)}", "exists", NO_SETTING)


def settings(config_map: Mapping[str, Any]) -> Mapping[str, Any]:
    """The text that a ConfigMap holds; nothing if it is something else."""
    return _part(config_map, "data")


def _part(config_map: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    found = config_map.get(part)
    return found if isinstance(found, Mapping) else {}


def _within(live: Any, described: Any, field: str) -> Iterator[ObjectDifference]:
    """The differences in what is described, and in nothing else."""
    if isinstance(described, dict) and (isinstance(live, dict) or (live is None and described)):
        for key, value in described.items():
            yield from _within((live or {}).get(key), value, f"{field}.{key}")
    elif isinstance(described, list) and isinstance(live, list | None) and _are_parts(described):
        for at, value in enumerate(described):
            place = f"[{value.get('name', at)}]"
            yield from _within(_counterpart(live or [], value, at), value, f"{field}{place}")
    elif live != described:
        yield ObjectDifference(field, _text(live), _text(described))


def _are_parts(described: Sequence[Any]) -> bool:
    return all(isinstance(each, dict) for each in described)


def _counterpart(live: Sequence[Any], described: Mapping[str, Any], at: int) -> Any:
    """The live entry for a described one: that of its name, or else the one at its place."""
    if "name" in described:
        named = (each for each in live if isinstance(each, dict))
        return next((each for each in named if each.get("name") == described["name"]), None)
    return live[at] if at < len(live) else None


def _of_subjects(live: Sequence[Any], described: Sequence[Any]) -> Iterator[ObjectDifference]:
    seen, expected = (sorted(map(_subject, each)) for each in (live, described))
    if seen != expected:
        yield ObjectDifference("subjects", listed(seen), listed(expected))


def _subject(subject: Any) -> str:
    """A subject in words; only service accounts have a namespace, though Terraform writes one."""
    if not isinstance(subject, dict):
        return str(subject)
    kind = subject.get("kind")
    namespace = f"{subject.get('namespace')}/" if kind == "ServiceAccount" else ""
    return f"{kind} {namespace}{subject.get('name')}"


def _text(value: Any) -> str:
    return "nothing" if value is None else quoted(value)
