"""Secrets where many can read them. What was found is named, its value never is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from federation.rules.registry import SECRET_LIKE
from federation.secrets import kind_of_secret
from review.facts.estate import Estate
from review.lint.finding import Look, Seen


def _secret_like(estate: Estate) -> Iterator[Seen]:
    for setting in estate.settings:
        kind = kind_of_secret(setting.name, setting.value)
        if setting.sensitive:
            yield Seen.of(setting, "Terraform treats the value as a secret.")
        elif kind_of_secret("", setting.name):
            place = setting.where.place.replace(setting.name, "...")
            where = replace(setting.where, place=place)
            yield Seen(where, setting.about, "the name looks like a secret.")
        elif kind:
            yield Seen.of(setting, f"the value looks like {kind}.")


LOOKS: Mapping[str, Look] = {
    SECRET_LIKE: _secret_like,
}
