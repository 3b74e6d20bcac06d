"""Changes a configuration file in place: other values, the same text around them.

The wizard saves with it over a file that a person has edited. Their comments, order, quotes and
layout stay: the text is parsed for the position of each value, and only what differs is replaced.
"""

from __future__ import annotations

import difflib
import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, TypeGuard

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from federation.model.config import ClusterConfig, Workload
from federation.yaml import files
from federation.yaml.files import ConfigError

_Splice = tuple[int, int, str]
"""Characters of the text from the first number to the second, and what takes their place."""


def update(path: Path, config: ClusterConfig) -> None:
    """Save a configuration over its file, keeping what a person wrote around the values.

    Raises:
        ConfigError: the file is there, and is not a configuration that could be changed.
        UserError: the file cannot be written.
    """
    if path.exists():
        files.write(path, edited(files.read(path), config, str(path)))
    else:
        files.save(config, path)


def edited(text: str, config: ClusterConfig, name: str = "the file") -> str:
    """The text of a configuration with the values of another one.

    A text that cannot be changed place by place, since parts of it are shared through anchors, is
    written again.

    Args:
        text: A configuration as YAML.
        config: What it shall say.
        name: What errors call the text.

    Raises:
        ConfigError: the text is not a configuration.
    """
    now = files.parse(text, name)
    if now == config:
        return text
    try:
        root = YAML(typ="rt", pure=True).compose(text)
    except YAMLError:
        return files.dump(config)  # libyaml has read it: one reader is stricter than the other
    result = _spliced(text, _document_edits(text, root, now, config))
    return result if _says(result, config) else files.dump(config)


def _says(text: str, config: ClusterConfig) -> bool:
    try:
        return files.parse(text, "") == config
    except ConfigError:
        return False


def _spliced(text: str, splices: Iterable[_Splice]) -> str:
    pieces = []
    done = 0
    for start, end, replacement in sorted(splices, key=lambda splice: splice[:2]):
        pieces += [text[done:start], replacement]
        done = end
    return "".join((*pieces, text[done:]))


def _document_edits(
    text: str, root: MappingNode, now: ClusterConfig, config: ClusterConfig
) -> Iterator[_Splice]:
    old, new = _plain(now), _plain(config)
    before, after = old.pop("workloads"), new.pop("workloads")
    yield from _mapping_edits(text, root, old, new)
    nodes: SequenceNode = next(node for key, node in root.value if key.value == "workloads")
    if nodes.flow_style:
        if before != after:
            yield (*_span(nodes), _flow(after))
        return
    matches = _matches(now, config)
    yield from _item_edits(
        text, nodes, [(matches.get(at), _brief(each)) for at, each in enumerate(after)]
    )
    for at, match in matches.items():
        yield from _mapping_edits(text, nodes.value[match], before[match], after[at])


def _matches(now: ClusterConfig, config: ClusterConfig) -> dict[int, int]:
    """For the workloads of `config` the position of the same workload in `now`.

    The same is who has the same namespace and service account; those that remain on both sides are
    taken in their order for renamed ones, where they are equally many.
    """
    subjects = [workload.subject for workload in now.workloads]
    found = {
        at: subjects.index(workload.subject)
        for at, workload in enumerate(config.workloads)
        if workload.subject in subjects
    }
    new = [at for at in range(len(config.workloads)) if at not in found]
    old = [at for at in range(len(now.workloads)) if at not in found.values()]
    return found | dict(zip(new, old, strict=True)) if len(new) == len(old) else found


def _mapping_edits(
    text: str, node: MappingNode, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[_Splice]:
    """What makes the node, which says `old` or a part of it, say `new`."""
    if node.flow_style:
        yield from _flow_mapping_edits(text, node, old, new)
        return
    added = {key: value for key, value in new.items() if old.get(key) != value}
    for key, value in node.value:
        if key.value in old and key.value not in new:
            start = _line_start(text, key.start_mark.index)
            yield start, _line_end(text, _content_end(value)), ""
        elif key.value in added:
            wanted = added.pop(key.value)
            yield from _value_edits(text, key, value, old.get(key.value), wanted)
    if added:
        at = _line_end(text, _content_end(node))
        yield at, at, _lines(text, at, _block(added), node.start_mark.column)


def _flow_mapping_edits(
    text: str, node: MappingNode, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[_Splice]:
    """The same for `{key: value}`: values are changed in their places, others come at the end."""
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    present = {key.value: value for key, value in node.value}
    if node.value and present.keys().isdisjoint(old.keys() - new.keys()):
        for key, value in node.value:
            if key.value in changed:
                yield from _value_edits(text, key, value, old.get(key.value), changed[key.value])
        added = {key: value for key, value in changed.items() if key not in present}
        if added:
            end = present[node.value[-1][0].value].end_mark.index
            yield end, end, f", {_flow(_without_nulls(added))[1:-1]}"
    elif old != new:
        kept = {key: value for key, value in new.items() if key in present or key in changed}
        yield (*_span(node), _flow(kept))


def _value_edits(text: str, key: Node, node: Node, old: Any, new: Any) -> Iterator[_Splice]:
    if isinstance(node, MappingNode) and isinstance(new, Mapping) and new:
        yield from _mapping_edits(text, node, old, new)
    elif _is_block_of(node, ScalarNode) and isinstance(new, list) and new:
        yield from _item_edits(text, node, _matched([item.value for item in node.value], new))
    elif _is_block_of(node, MappingNode) and isinstance(new, list) and new:
        yield from _record_edits(text, node, old, new)
    elif isinstance(node, ScalarNode):
        value = new[0] if isinstance(new, list) and len(new) == 1 else new
        start = text.index(":", key.end_mark.index) + 1
        written = _scalar(value, node.style)
        if node.style in ("|", ">"):
            # A block goes on to where the next thing begins.
            block = text[slice(*_span(node))]
            written += block[len(block.rstrip()) :]
        yield (*_span(node), written) if node.value else (start, node.end_mark.index, f" {written}")
    else:
        start = text.index(":", key.end_mark.index) + 1
        yield start, _content_end(node), f" {_flow(new)}"


def _is_block_of(node: Node, kind: type[Node]) -> TypeGuard[SequenceNode]:
    """Whether single entries of a list can be changed, added and removed."""
    if not isinstance(node, SequenceNode) or node.flow_style:
        return False
    return all(isinstance(entry, kind) for entry in node.value)


def _record_edits(
    text: str, node: SequenceNode, old: Sequence[Any], new: Sequence[Any]
) -> Iterator[_Splice]:
    """What makes a list of mappings say `new`: where equally many differ, they are changed."""
    positions = [position for position, _ in _matched([*map(_flow, old)], [*map(_flow, new)])]
    left = [at for at in range(len(old)) if at not in positions]
    come = [at for at, position in enumerate(positions) if position is None]
    changed = dict(zip(come, left, strict=True)) if len(come) == len(left) else {}
    wanted = [(changed.get(at, position), new[at]) for at, position in enumerate(positions)]
    yield from _item_edits(text, node, wanted)
    for at, position in changed.items():
        yield from _mapping_edits(text, node.value[position], old[position], new[at])


def _matched(old: Sequence[str], new: Sequence[str]) -> list[tuple[int | None, str]]:
    """Each new value with the position of the old one that stays for it."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    positions: dict[int, int] = {
        block.b + at: block.a + at
        for block in matcher.get_matching_blocks()
        for at in range(block.size)
    }
    return [(positions.get(at), value) for at, value in enumerate(new)]


def _item_edits(
    text: str, node: SequenceNode, wanted: Sequence[tuple[int | None, Any]]
) -> Iterator[_Splice]:
    """What removes and adds items of a block sequence.

    Args:
        text: The whole text.
        node: The sequence.
        wanted: Each item that shall be there: the position of the present one that stays, or None
            and what is new.
    """
    starts = [_line_start(text, _dash(text, item)) for item in node.value]
    ends = [_line_end(text, _content_end(item)) for item in node.value]
    kept = [position for position, _ in wanted]
    for at in range(len(node.value)):
        if at not in kept:
            yield _with_comment(text, starts[at]), ends[at], ""
    place = _with_comment(text, starts[0])
    for position, value in wanted:
        if position is None:
            yield place, place, _lines(text, place, _block([value]), node.start_mark.column)
        else:
            place = ends[position]


def _brief(workload: Mapping[str, Any]) -> dict[str, Any]:
    """A workload without what has the default anyway."""
    parsed = Workload.model_validate(workload)
    brief: dict[str, Any] = json.loads(parsed.model_dump_json(exclude_defaults=True))
    return brief


def _plain(config: ClusterConfig) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(config.model_dump_json())
    return document


def _span(node: Node) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index


def _content_end(node: Node) -> int:
    """Where the last value in a node ends: a block's own end mark is behind the comments."""
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _content_end(last[1] if isinstance(node, MappingNode) else last)


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    """The beginning of the next line, or the end of the text."""
    return text.find("\n", at) + 1 or len(text)


def _dash(text: str, item: Node) -> int:
    return text.rindex("-", 0, item.start_mark.index)


def _with_comment(text: str, start: int) -> int:
    """The beginning of the comment lines right above a line."""
    while start:
        above = _line_start(text, start - 1)
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return start


def _lines(text: str, at: int, block: str, column: int) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    separated = "" if not at or text[at - 1] == "\n" else newline
    return separated + textwrap.indent(block, " " * column).replace("\n", newline)


def _block(value: Any) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 1_000_000
    stream = StringIO()
    yaml.dump(_without_nulls(value), stream)
    return textwrap.dedent(stream.getvalue())


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _scalar(value: Any, style: str | None) -> str:
    """A value as it is written in the style (plain, or a kind of quotes) of the one before."""
    if isinstance(value, str) and style is None and _is_plain(value):
        return value
    if isinstance(value, str) and style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return _flow(value)


def _is_plain(value: str) -> bool:
    if not re.fullmatch(r"[A-Za-z0-9/][\w./:@+-]*[\w/]|\w", value, re.ASCII):
        return False
    return bool(YAML(typ="safe", pure=True).load(value) == value)


def _flow(value: Any) -> str:
    # JSON is YAML.
    return json.dumps(value, ensure_ascii=False)
