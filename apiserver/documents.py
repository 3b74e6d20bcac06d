"""Parts of documents that other people wrote: YAML or JSON whose shape nothing promises.

The readers of `apiserver.distributions` and `apiserver.pods` take documents apart with these. A
part that is missing, or of another type, is an empty one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apiserver.flags import Flags, checked_flags
from federation.errors import UserError
from federation.yaml.documents import MOST_VALUES, DocumentError, objects

MOST_INSIDE = 20
"""Documents that are text within another one, and are read."""
_MOST_VALUES_INSIDE = 5_000
"""Values of each of them."""
_TAG = re.compile(r":v?(?P<version>[0-9]+\.[0-9]+)(\.[0-9]+)?")
_LIKE_YAML = re.compile(r"^(apiVersion|kind|cluster|machine|kube-apiserver-arg\+?):", re.MULTILINE)

Object = Mapping[str, Any]


def mappings_in(text: str, place: str, most: int = MOST_VALUES) -> list[Object]:
    """The mappings among the documents of a text; none if it is not YAML, nor looks like it.

    Raises:
        UserError: it looks like YAML and cannot be read.
    """
    try:
        return [each for each in objects(text, most) if isinstance(each, dict)]
    except DocumentError as error:
        if not _LIKE_YAML.search(text):
            return []
        raise UserError(f"{place}:{error.line}: {error}") from None


def inside(texts: Iterable[Any], place: str) -> Iterator[Object]:
    """The mappings in documents that are text within other ones.

    Raises:
        UserError: there are too many, or one looks like YAML and cannot be read.
    """
    for number, text in enumerate(texts):
        if number == MOST_INSIDE:
            raise UserError(f"{place}: has more than {MOST_INSIDE} objects with a document inside.")
        yield from mappings_in(str(text), place, _MOST_VALUES_INSIDE)


def value_inside(text: Any) -> Any:
    """The one value that a text within a document holds, or None if it is not YAML."""
    try:
        found = objects(str(text), _MOST_VALUES_INSIDE)
    except DocumentError:
        return None
    return found[0] if len(found) == 1 else None


def items_of(documents: Iterable[Object]) -> Iterator[Object]:
    """The documents, with the items of each list in its place."""
    for document in documents:
        if str(document.get("kind")).endswith("List") and isinstance(document.get("items"), list):
            yield from mappings(document, "items")
        else:
            yield document


def kind_and_group(document: Object) -> tuple[str, str]:
    """The kind and the API group of an object, such as `("Pod", "v1")`."""
    return str(document.get("kind")), str(document.get("apiVersion")).partition("/")[0]


def mapping(document: Any, *path: str) -> Object:
    """The mapping at a path of keys."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def mappings(document: Object, key: str) -> list[Object]:
    """The mappings in the list below a key."""
    return [each for each in entries(document, key) if isinstance(each, dict)]


def entries(document: Object, key: str) -> list[Any]:
    """The list below a key."""
    found = document.get(key)
    return found if isinstance(found, list) else []


def version_of(image: Any) -> str | None:
    """`1.34` of an image's tag, such as `registry.k8s.io/kube-apiserver:v1.34.4`."""
    found = _TAG.search(str(image))
    return found["version"] if found else None


def extra_args(given: Any, place: str) -> Flags:
    """`extraArgs` as a map, a map of lists, or a list of names and values.

    Raises:
        UserError: it is something else.
    """
    if given is None:
        return ()
    if isinstance(given, dict):
        pairs = (
            (str(key), _text(value))
            for key, values in given.items()
            for value in (values if isinstance(values, list) else [values])
        )
    elif isinstance(given, list) and all(
        isinstance(each, dict) and "name" in each for each in given
    ):
        pairs = ((str(each["name"]), _text(each.get("value", ""))) for each in given)
    else:
        raise UserError(f"{place}: extraArgs is neither a map nor a list of names and values.")
    return checked_flags(pairs, place)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
