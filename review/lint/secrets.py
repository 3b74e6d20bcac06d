"""Secrets where many can read them. What was found is named, its value never is."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from review.estate import Estate
from review.lint.finding import Rule, Seen

_FORMS = {
    "an AWS access key id": re.compile(r"(?<![A-Z0-9])(AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a token": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_\w{22,}"),
}
"""AWS IAM User Guide, "IAM identifiers"; RFC 7468; RFC 7515; GitHub, "About authentication"."""

_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|credential|api[-_.]?key|(access|private)[-_.]?key",
    re.IGNORECASE,
)
_NAME_OF_SOMETHING_ELSE = re.compile(
    r"(file|path|dir|name|arn|url|uri|ref|id|type|ttl|expiration|seconds|audience|issuer|mode)s?$",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"(arn:|https?://|/|\$).*|true|false|yes|no|none|null|[0-9.]*", re.IGNORECASE
)
_RANDOM = re.compile(r"[A-Za-z0-9+/=_-]{32,}")
_ENTROPY = 4.3
"""Bits for a character; 40 random characters of base64 have 4.5 to 5.2, words have below 4."""


def kind_of_secret(name: str, value: str) -> str | None:
    """What a value of this name looks like, where that is a secret."""
    if form := _form(value):
        return form
    if _HARMLESS.fullmatch(value):
        return None
    if _NAME.search(name) and not _NAME_OF_SOMETHING_ELSE.search(name):
        return "a secret by its name"
    if any(_is_random(match[0]) for match in _RANDOM.finditer(value)):
        return "a random key"
    return None


def _secret_like(estate: Estate) -> Iterator[Seen]:
    for setting in estate.settings:
        kind = kind_of_secret(setting.name, setting.value)
        if setting.sensitive:
            yield Seen.of(setting, "the value is one that Terraform was told to keep secret.")
        elif _form(setting.name):
            place = setting.where.place.replace(setting.name, "...")
            where = replace(setting.where, place=place)
            yield Seen(where, setting.about, "the name looks like a secret.")
        elif kind:
            yield Seen.of(setting, f"the value looks like {kind}.")


def _form(text: str) -> str | None:
    return next((kind for kind, form in _FORMS.items() if form.search(text)), None)


def _is_random(text: str) -> bool:
    """Whether a text has the letters, digits and evenness of random base64; digests do not."""
    mixed = all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    counts = Counter(text).values()
    return mixed and -sum(n / len(text) * math.log2(n / len(text)) for n in counts) > _ENTROPY


RULES = (
    Rule(
        "secret-like-value",
        "error",
        "A tag, a ConfigMap or an environment variable seems to hold a secret",
        "Everybody who may look at the resources of the account or the namespace can read it, and "
        "it stays in the Terraform state.",
        "Change the secret, since it was seen, and keep it where secrets are kept (AWS Secrets "
        "Manager, a Kubernetes Secret).",
        "AWS, 'Tagging your AWS resources': no sensitive data in tags; Kubernetes, 'ConfigMaps'",
        _secret_like,
    ),
)
