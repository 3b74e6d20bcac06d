"""Secrets where many can read them. What was found is named, its value never is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from federation.secrets import kind_of_secret
from review.facts.estate import Estate
from review.lint.finding import Rule, Seen


def _secret_like(estate: Estate) -> Iterator[Seen]:
    for setting in estate.settings:
        kind = kind_of_secret(setting.name, setting.value)
        if setting.sensitive:
            yield Seen.of(setting, "the value is one that Terraform was told to keep secret.")
        elif kind_of_secret("", setting.name):
            place = setting.where.place.replace(setting.name, "...")
            where = replace(setting.where, place=place)
            yield Seen(where, setting.about, "the name looks like a secret.")
        elif kind:
            yield Seen.of(setting, f"the value looks like {kind}.")


RULES = (
    Rule(
        "secret-like-value",
        "error",
        "A text of a configuration or of a resource seems to hold a secret",
        "Everybody who may look at the resources of the account or the namespace can read it, and "
        "it stays in the Terraform state.",
        "Change the secret, since it was seen, and keep it where secrets are kept (AWS Secrets "
        "Manager, a Kubernetes Secret).",
        "AWS, 'Tagging your AWS resources': no sensitive data in tags; Kubernetes, 'ConfigMaps'",
        _secret_like,
    ),
)
