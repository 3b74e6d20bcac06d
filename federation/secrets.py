"""What looks like a secret: one judgement, for everything that is printed, written or reported.

Known formats are found anywhere in a text. Besides, a value is judged by its name (`password`), and
a long run of characters by how random it is. Public values of this field are not secrets: digests,
key ids, certificates, ARNs, addresses.
"""

from __future__ import annotations

import base64
import bisect
import functools
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

KEPT = 4
"""How many characters of a secret are shown, at most: enough to tell which one it is."""


class Secret(NamedTuple):
    """A part of a text that looks like a secret."""

    start: int
    end: int
    kind: str


@functools.lru_cache(maxsize=10_000)
def kind_of_secret(name: str, value: str) -> str | None:
    """What a value of this name looks like, if that is a secret.

    Args:
        name: What the value is called, such as the key of a tag; may be empty.
        value: The text; one that is a JSON document is judged value by value.
    """
    if (document := _json_in(value)) is not None:
        kinds = (kind_of_secret(*each) for each in leaves(document))
        return next(filter(None, kinds), None)
    found = next(_secrets(name, value), None)
    return found.kind if found else None


def masked(text: str, name: str = "") -> str:
    """A text in which each part that looks like a secret is cut to its beginning.

    Masking it again changes nothing.

    Args:
        text: Any text; one that is a JSON document is judged value by value, by their names.
        name: What it is called.
    """
    if (document := _json_in(text)) is not None:
        return _masked_json(text, document)
    shown, at = "", 0
    for start, end in _joined(_secrets(name, text)):
        shown += text[at:start] + _mask(text[start:end])
        at = end
    return shown + text[at:]


def without_secrets(document: Any, name: str = "") -> Any:
    """A document of plain data, with each text and each key masked; values by their names."""
    if isinstance(document, Mapping):
        called = document.get("name")
        return {
            masked(str(key)): without_secrets(
                each, called if key == "value" and isinstance(called, str) else str(key)
            )
            for key, each in document.items()
        }
    if isinstance(document, list | tuple):
        return [without_secrets(each, name) for each in document]
    return masked(document, name) if isinstance(document, str) else document


class MaskedLines:
    """Masks line by line what a program prints, blocks of PEM over several lines too."""

    def __init__(self) -> None:
        self._block = ""

    def masked(self, line: str) -> str:
        """The next line."""
        inside = self._block
        if inside and not _OF_BLOCK.fullmatch(line):
            self._block = ""
            if not _BLOCK_ENDS.search(line):
                return self.masked(line)
        elif begins := _BLOCK_BEGINS.search(line):
            self._block = "" if _BLOCK_ENDS.search(line) else begins[1]
        if inside.endswith("PRIVATE KEY"):
            return "..."
        return masked(line, "certificate" if inside else "")


def _joined(found: Iterable[Secret]) -> Iterator[tuple[int, int]]:
    """The spans of secrets in their order, those that overlap as one."""
    begun = None
    for start, end, _ in found:
        if begun is None or start >= begun[1]:
            if begun is not None:
                yield begun
            begun = (start, end)
        begun = (begun[0], max(begun[1], end))
    if begun is not None:
        yield begun


def _mask(secret: str) -> str:
    kept = secret[:KEPT] if len(secret) >= _LONG else ""
    return f"{kept}... ({len(secret)} characters)"


_LONG = 16
_MASKED = re.compile(r".{0,4}\.\.\. \(\d+ characters\)", re.DOTALL)

_BLOCK_BEGINS = re.compile(r"-----BEGIN ([A-Z0-9 ]*(?:PRIVATE KEY|PUBLIC KEY|CERTIFICATE))")
_BLOCK_ENDS = re.compile(r"-----END ")
_OF_BLOCK = re.compile(
    r"[\s|>+~-]*([A-Za-z0-9+/=]{0,200}|(Proc-Type|DEK-Info|Comment|Version): .{0,200})[\s\\n]*"
)
"""A line between the two: base64, or a header (RFC 7468; RFC 1421), and its margin."""
_PUBLIC_BLOCK = re.compile(
    r"-----BEGIN ([A-Z0-9 ]{0,40}(?:PUBLIC KEY|CERTIFICATE))-----[A-Za-z0-9+/=\s\\]*-----END"
)

_FORMS: Mapping[str, str] = {
    "an AWS access key id": r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])",
    "an AWS session token": r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/=_-]{40,}",
    "a private key": r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)|AGE-SECRET-KEY-1[A-Z0-9]{20,}",
    "a GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{22,}",
    "a GitLab token": r"\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[\w.-]{20,}",
    "a Slack token": r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-[\w-]{10,}"
    r"|\bhooks\.slack\.com/services/[\w/]{20,}",
    "a Stripe key": r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/=]{24,}",
    "a Google key": r"\bAIza[\w-]{35}|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{20,}",
    "a key of a service": r"\bnpm_[A-Za-z0-9]{36}|\bpypi-AgE[\w-]{30,}|\bhf_[A-Za-z0-9]{30,}"
    r"|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bsk-(?:ant|proj)-[\w-]{20,}|\bsk-[A-Za-z0-9]{32,}"
    r"|\bhv[sbr]\.[\w-]{24,}|\bdo[opr]_v1_[0-9a-f]{64}|\bdapi[0-9a-f]{32}"
    r"|\bK10[0-9a-f]{64}::[\w:.-]+",
    "credentials": r"\b(?i:bearer|basic)\s+(?=[A-Za-z._~+/-]*[0-9])[A-Za-z0-9._~+/-]{16,}=*",
}
"""AWS IAM User Guide, "IAM identifiers"; RFC 7468; RFC 7515; GitHub, "About authentication";
GitLab, "Token overview"; Slack, "Token types"; Stripe, "API keys"; RFC 6750; and others."""

_KINDS = tuple(_FORMS)
_BEARER = "credentials"
_FORM = re.compile("|".join(f"(?P<f{at}>{form})" for at, form in enumerate(_FORMS.values())))
_TOKEN_RUN = re.compile(r"[\w.%-]+", re.ASCII)
"""The characters of a token, dots as URLs have them included: each is looked at once."""
_PAYLOAD = re.compile(r"(\.|%2E)[\w-]", re.ASCII)
"""Compact serialization (RFC 7515): the header is JSON, and so begins with `eyJ`."""
_PEM_IN_BASE64 = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{30,}=*")
"""What begins with `-----BEGIN`, as the keys in a kubeconfig are written."""
_IN_ADDRESS = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s/@:'\"<>]*:(?P<password>[^\s/@'\"<>]+)@"
)
_ASSIGNED = re.compile(
    r"(?:(?P<quote>[\"'])(?P<key>[A-Za-z0-9_.-]{1,100})(?P=quote)"
    r"|(?P<start>^[\s-]*|[{,]\s?)?(?<![A-Za-z0-9_.-])(?P<name>[A-Za-z0-9_.-]{1,100}))[ \t]{0,60}"
    r"(?P<sign>:(?!//)|=>?(?!=))[ \t]{0,3}"
    r"(?:\"(?P<double>[^\"\n]{1,4096})\"(?:[ ]->[ ]\"(?P<then>[^\"\n]{1,4096})\")?"
    r"|'(?P<single>[^'\n]{1,4096})'|(?P<plain>[^\s\"'`,;&<>()\[\]{}]{1,4096}))",
    re.MULTILINE,
)
"""`password=x`, `"password": "x"`, and `"password" = "x" -> "y"` as Terraform prints it."""

_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|credential|api[-_.]?key|(access|account|private|shared)"
    r"[-_.]?key|(^|[-_.])(pwd|signature|sig)$",
    re.IGNORECASE,
)
_NAME_OF_SOMETHING_ELSE = re.compile(
    r"(file|path|dir|name|arn|url|uri|ref|id|type|ttl|expiration|expires|seconds|audience|issuer"
    r"|mode|algorithm|alg|version|count|length|size|policy|key_?files?)s?$",
    re.IGNORECASE,
)
_PUBLIC_NAME = re.compile(
    r"(^|[-_.])(kid|n|e|x|y|x5t|x5c|id|ids|arn|etag|hash|sum|md5|sha\d*|base64sha\d*|checksum|digest"
    r"|fingerprint|thumbprint|thumbprint_list|cert_pem|certificate|certificate[-_]authority[-_]data"
    r"|public[-_]?key(_pem)?|name)s?$",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"(arn:|https?://|/|~/|\.{1,2}/|\$|<|\*+$|\(|%[sv({]).*|true|false|yes|no|none|null|unknown|"
    r"read|write|on|off|enabled|disabled|[0-9.:,-]*|(sensitive|redacted|hidden|secret|changeme|example).{0,8}",
    re.IGNORECASE | re.DOTALL,
)
_RANDOM = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{32,}={0,2}(?![A-Za-z0-9+/=_-])")
_LONGEST_RANDOM = 128
"""Longer runs are certificates, public keys and documents; secret ones have forms of their own."""
_EVEN = ((4.3, 0.42, 2), (4.6, 0.38, 1))
"""What a random key has at least: bits for a character, changes between A-Z, a-z, 0-9 and signs for
a character, and digits. 40 random characters of base64 have 4.5 to 5.2 bits and 0.6 to 0.7 changes;
names in camel case have fewer of one of the two, and seldom a second digit."""
_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}|[A-Za-z0-9+/]{43}=|[A-Za-z0-9_-]{27}|[A-Za-z0-9+/]{27}=")
"""SHA-256 and SHA-1 in base64: key ids, checksums."""


def _secrets(name: str, text: str) -> Iterator[Secret]:
    """What looks like a secret in a text, from left to right; parts may overlap."""
    if not _is_suspect(name, text) or _MASKED.fullmatch(text):
        return
    found = [*_formed(text), *_in_addresses(text), *_assigned(text)]
    if not found and not _HARMLESS.fullmatch(text) and _is_secret_name(name):
        yield Secret(0, len(text), "a secret by its name")
        return
    found.sort(key=_order)
    if not _PUBLIC_NAME.search(name):
        known = list(_joined(found))
        found += [each for each in _random(text) if not _overlaps(each, known)]
        found.sort(key=_order)
    yield from found


def _is_suspect(name: str, text: str) -> bool:
    """Whether there may be a secret at all: most texts are spared the rest."""
    if _LONG_RUN.search(text) or any(each in text for each in ("://", "eyJ", "-----")):
        return True
    return bool(text and (_NAME.search(name) or _NAME.search(text)))


_LONG_RUN = re.compile(r"[A-Za-z0-9+/_-]{15}")
"""As short as the shortest form is."""


def _order(secret: Secret) -> tuple[int, int]:
    return secret.start, -secret.end


def _overlaps(secret: Secret, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a part overlaps one of the spans, which are in order and apart from each other."""
    at = bisect.bisect_left(spans, (secret.end,))
    return at > 0 and spans[at - 1][1] > secret.start


def _formed(text: str) -> Iterator[Secret]:
    for match in _FORM.finditer(text):
        kind = _KINDS[int((match.lastgroup or "f0")[1:])]
        # Of `Bearer x`, the second word.
        start = match.start() + (match[0].rfind(match[0].split()[-1]) if kind == _BEARER else 0)
        yield Secret(start, match.end(), kind)
    for run in _TOKEN_RUN.finditer(text) if "eyJ" in text else ():
        start = run[0].find("eyJ")
        if start >= 0 and _PAYLOAD.search(run[0], start):
            yield Secret(run.start() + start, run.end(), "a token")
    for match in _PEM_IN_BASE64.finditer(text):
        if b"PRIVATE KEY" in base64.b64decode(match[0][:64]):
            yield Secret(*match.span(), "a private key")


def _in_addresses(text: str) -> Iterator[Secret]:
    if "://" in text:
        for match in _IN_ADDRESS.finditer(text):
            if not _MASKED.fullmatch(match["password"]):
                yield Secret(*match.span("password"), "a password in an address")


def _assigned(text: str) -> Iterator[Secret]:
    """Values after `password=` and the like; after a colon only what is not a word."""
    at = 0 if _NAME.search(text) else len(text)
    while match := _ASSIGNED.search(text, at):
        at = match.end("sign")
        if _is_secret_name(match["key"] or match["name"]):
            at = match.end()
            for part in ("double", "then", "single", "plain"):
                value = match[part]
                if value and not _HARMLESS.fullmatch(value) and _is_value(match, value):
                    yield Secret(*match.span(part), "a secret by its name")


def _is_value(match: re.Match[str], value: str) -> bool:
    """Whether something is a value and no prose: after a colon come words, too."""
    if value.startswith("...") or _MASKED.match(value):
        return False
    if match["sign"] != ":" or (match["quote"] and match["plain"] is None):
        return True
    is_key = bool(match["quote"]) or match["start"] is not None
    is_word = len(value) < _SHORTEST or not _NO_WORD.search(value) or _IS_HOST.search(value)
    if any(each.isspace() for each in value):
        return False  # a sentence, such as AWS's after its code InvalidIdentityToken
    return is_key and not is_word


_SHORTEST = 6
_NO_WORD = re.compile(r"[0-9!@#$%^*+=?~|]")
_IS_HOST = re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?[.:]?$")


def _is_secret_name(name: str) -> bool:
    return bool(_NAME.search(name)) and not _NAME_OF_SOMETHING_ELSE.search(name)


def _random(text: str) -> Iterator[Secret]:
    public = [match.span() for match in _PUBLIC_BLOCK.finditer(text)] if "-----" in text else []
    for match in _RANDOM.finditer(text):
        start, end = match.span()
        found = Secret(start, end, "a random key")
        if _is_random(match[0]) and not _overlaps(found, public) and not _is_known(text, start):
            yield found


def _is_known(text: str, at: int) -> bool:
    """Whether a place is in an ARN, in the path of a URL, or after a name of something public."""
    before = text[max(0, at - _LONGEST_ADDRESS) : at]
    word = re.split(r"[\s\"'`(<,=]", before)[-1]
    if word.startswith("arn:") or ("://" in word and "?" not in word):
        return True
    called = _CALLED.search(before)
    return called is not None and _PUBLIC_NAME.search(called[1]) is not None


_CALLED = re.compile(
    r"(?<![A-Za-z0-9_.-])([A-Za-z0-9_.-]{1,100})\\?[\"']?\s{0,60}[:=]\s{0,3}\\?[\"']?$"
)
_LONGEST_ADDRESS = 300


def _is_random(text: str) -> bool:
    """Whether a run has the letters, digits and evenness of a random key; digests are none."""
    if len(text) > _LONGEST_RANDOM or _DIGEST.fullmatch(text):
        return False
    if text.upper() == text or text.lower() == text:
        return False
    counts = Counter(text).values()
    entropy = -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
    changes = sum(_class(one) != _class(other) for one, other in pairwise(text)) / len(text)
    digits = sum(each.isdigit() for each in text)
    return any(entropy > e and changes > c and digits >= d for e, c, d in _EVEN)


def _class(character: str) -> int:
    if character.isdigit():
        return 0
    return 3 if not character.isalpha() else 1 + character.isupper()


def _json_in(text: str) -> Any:
    """The object or list that a text is as JSON; None if it is none."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def _masked_json(text: str, document: Any) -> str:
    """The same JSON text with each of its strings masked, in one pass."""
    shown: dict[str, str] = {}
    for name, value in leaves(document):
        # The same value may have several names, one of which tells that it is a secret.
        if (safe := masked(value, name)) != value:
            shown[value] = safe

    def string(match: re.Match[str]) -> str:
        safe = shown.get(json.loads(match[0]))
        return match[0] if safe is None else json.dumps(safe, ensure_ascii=match[0].isascii())

    return _JSON_STRING.sub(string, text) if shown else text


_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text in a document of plain data, with the name it goes by.

    Keys come as texts, too, under no name. A value called `value` goes by the `name` beside it,
    as environment variables of a container do.
    """
    if isinstance(value, Mapping):
        called = value.get("name")
        for key, each in value.items():
            yield "", str(key)
            has_name = key == "value" and isinstance(called, str)
            yield from leaves(each, str(called if has_name else key))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from leaves(each, name)
    elif isinstance(value, str):
        yield name, value
