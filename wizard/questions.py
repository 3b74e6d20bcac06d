"""The questions of the wizard, as records that every presenter shares.

Each asks for one field of `federation.model.config` and has its title, description, type and
choices: a new field of the model is a new question. The prompts of `init`, its flags and the forms
of the terminal app check an answer with `Question.check`; rules are the model's, none is written
here.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deployment.surroundings import Surroundings
from federation.errors import UserError
from federation.model.config import ClusterConfig, bucket_url
from federation.model.places import ModelField, Place, description, model_fields
from federation.model.regions import partitions
from federation.yaml import files
from federation.yaml.files import ConfigError

Answers = Mapping[str, str]
"""What was answered so far: `Question.key` to the text that was typed."""


@dataclass(frozen=True)
class Question:
    """A question for one field of the configuration."""

    place: Place
    """Where the answer goes: `("workloads", 0, "namespace")`."""
    label: str
    group: str
    """The heading under which forms show it; `BASICS` are the four that everyone answers."""
    kind: str = "text"
    """How text becomes a value: `text`, `number`, `flag`, `choice`, `list`, `tags`, `issuer`,
    `audience`, `thumbprint` or `acceptances`. An empty text is not an answer: the field's own
    default."""
    choices: tuple[str, ...] = ()
    default: Callable[[Answers, Surroundings], str] = field(default=lambda _, __: "")

    @property
    def key(self) -> str:
        """The field as one word: `workloads.0.namespace`; also the key of its answer."""
        return ".".join(str(part) for part in self.place)

    @property
    def flag(self) -> str:
        """The option of `init`: `--service-account`."""
        return "--" + self.label.lower().replace(" ", "-")

    @property
    def help(self) -> str:
        """The field's description in the model; only YAML needs the quotes that it speaks of."""
        about = description(self.place) or description(self.place[:-1])
        return re.sub(",? in quotes", "", about)

    def value(self, text: str) -> Any:
        """The value that a typed text stands for; None where it is empty.

        Raises:
            UserError: the text is not of the question's kind.
        """
        text = text.strip()
        return _READERS[self.kind](text) if text else None

    def check(self, text: str) -> None:
        """Check a typed text by the field's own rules.

        Raises:
            UserError: what is wrong with it and what would be right.
        """
        value = self.value(text)
        if value is None and self.required:
            raise UserError("An answer is required.")
        if self.kind == "choice":
            if value not in (None, *self.choices):
                raise UserError(
                    f"{value!r} is not one of the choices: write {' or '.join(self.choices)}."
                )
        elif value is not None:
            try:
                files.check_field(self.place, value)
            except ConfigError as error:
                raise UserError(_sentence(error.problems[0])) from None

    @property
    def required(self) -> bool:
        """Whether the configuration cannot do without an answer."""
        return self.place == ("issuer",)

    def text(self, value: Any) -> str:
        """A value as it would be typed; the inverse of `value`."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Mapping):
            return ", ".join(f"{key}={text}" for key, text in value.items())
        if self.kind == "acceptances":
            return "; ".join(map(_acceptance_text, value))
        if isinstance(value, list | tuple):
            return ", ".join(value) or NOTHING
        return str(value)


@functools.lru_cache(maxsize=1024)
def workload_questions(at: int) -> tuple[Question, ...]:
    """The questions about one workload; the first one's namespace and account are basics."""
    asked = (_question(each, at) for each in model_fields() if each.place[0] == "workloads")
    return tuple(sorted(asked, key=lambda question: question.group != BASICS))


def questions(workloads: int = 1) -> tuple[Question, ...]:
    """Every question of a configuration with so many workloads, in the order of asking."""
    about_workloads = [each for at in range(workloads) for each in workload_questions(at)]
    basics = [each for each in about_workloads if each.group == BASICS]
    first = (each for each in _about_the_federation() if each.group == BASICS)
    more = (each for each in _about_the_federation() if each.group != BASICS)
    return (*first, *basics, *more, *(each for each in about_workloads if each.group != BASICS))


def configuration(
    answers: Answers, surroundings: Surroundings, workloads: int = 1
) -> ClusterConfig:
    """The configuration that answers make, with the defaults of what was not answered.

    Raises:
        ConfigError: an answer breaks a rule, or two do not go together.
    """
    # The empty parts make what is missing in them a mistake of a field, not of the part.
    document: dict[str, Any] = {
        "aws": {},
        "kubernetes": {},
        "workloads": [{} for _ in range(workloads)],
    }
    for question in questions(workloads):
        text = answers.get(question.key, "").strip() or question.default(answers, surroundings)
        value = question.value(text)
        if value is not None:
            _put(document, question.place, value)
    return files.validate(document)


def answers(config: ClusterConfig) -> dict[str, str]:
    """The answers that would make a configuration again; the inverse of `configuration`."""
    document = json.loads(config.model_dump_json())
    found = {}
    for question in questions(len(config.workloads)):
        node: Any = document
        for part in question.place:
            node = node[part] if isinstance(part, int) else node.get(part)
            if node is None:
                break
        found[question.key] = question.text(node)
    return found


NOTHING = "none"
"""What is typed for a list without entries, since an empty text stands for the default."""

BASICS = "Federation"
AWS = "AWS"
DISCOVERY = "Discovery"
KUBERNETES = "Kubernetes"
WORKLOADS = "Workloads"
STATE = "State"
REVIEW = "Review"


def _cluster_name(answers: Answers, _: Surroundings) -> str:
    """The first label of the cluster's DNS name: `prod` of `prod.example.com`."""
    host = answers.get("issuer", "").strip().rpartition("://")[2].partition("/")[0]
    label = re.sub(r"[^a-z0-9-]", "", host.partition(".")[0].lower()).strip("-")
    return label[:63].rstrip("-")


def _apply(answers: Answers, surroundings: Surroundings) -> str:
    """Terraform where there is a context to apply to, manifests otherwise."""
    known = answers.get("kubernetes.context", "").strip() or surroundings.context
    return "terraform" if known else "manifests"


def _bucket_url(answers: Answers, here: Surroundings) -> str:
    """The issuer that follows from a public bucket, where there is one."""
    bucket = answers.get("discovery.s3.bucket", "").strip()
    region = answers.get("aws.region", "").strip() or here.region or ""
    own_name = answers.get("discovery.s3.acm_certificate_arn", "").strip()
    if not bucket or own_name or region not in partitions():
        return ""
    return bucket_url(bucket, region)


def _of_hosting(hosted_in_s3: str) -> Callable[[Answers, Surroundings], str]:
    """A default that is another one where a bucket serves the documents."""
    return lambda answers, _: (
        hosted_in_s3 if answers.get("discovery.hosting", "").strip() == "s3" else ""
    )


_GROUPS = {
    "issuer": BASICS,
    "audience": BASICS,
    "cluster": KUBERNETES,
    "discovery": DISCOVERY,
    "aws": AWS,
    "kubernetes": KUBERNETES,
    "workloads": WORKLOADS,
    "backend": STATE,
    "lint": REVIEW,
}
_BASIC = (("workloads", "namespace"), ("workloads", "service_account"))
_DEFAULTS: Mapping[Place, Callable[[Answers, Surroundings], str]] = {
    ("issuer",): _bucket_url,
    ("audience",): lambda *_: "sts.amazonaws.com",
    ("cluster",): _cluster_name,
    ("aws", "region"): lambda _, here: here.region or "",
    ("discovery", "exposure"): _of_hosting("none"),
    ("discovery", "thumbprint"): _of_hosting("omit"),
    ("kubernetes", "apply"): _apply,
    ("kubernetes", "context"): lambda _, here: here.context or "",
    ("workloads", "namespace"): lambda *_: "default",
    ("workloads", "service_account"): lambda *_: "oidc-iam-pod",
}
"""What an empty answer stands for, if it is not the model's own default."""

_KINDS: Mapping[Place, str] = {
    ("issuer",): "issuer",
    ("audience",): "audience",
    ("discovery", "thumbprint"): "thumbprint",
    ("lint", "accept"): "acceptances",
}
_KINDS_OF_TYPES = {bool: "flag", int: "number", tuple: "list", dict: "tags"}


@functools.cache
def _about_the_federation() -> tuple[Question, ...]:
    return tuple(_question(each) for each in model_fields() if each.place[0] != "workloads")


def _question(field: ModelField, at: int | None = None) -> Question:
    """The question for a field of the model, of one workload where there are several."""
    place = field.place if at is None else (field.place[0], at, *field.place[1:])
    kind = "choice" if field.choices else _KINDS_OF_TYPES.get(field.kind, "text")
    return Question(
        place,
        field.title,
        BASICS if at == 0 and field.place in _BASIC else _GROUPS[str(field.place[0])],
        _KINDS.get(field.place, kind),
        field.choices,
        _DEFAULTS.get(field.place, lambda *_: ""),
    )


def _put(document: dict[str, Any], place: Place, value: Any) -> None:
    node: Any = document
    for part in place[:-1]:
        node = node[part] if isinstance(part, int) else node.setdefault(part, {})
    node[place[-1]] = value


def _sentence(problem: str) -> str:
    return problem[:1].upper() + problem[1:]


def _number(text: str) -> int:
    if not re.fullmatch(r"-?\d+", text, re.ASCII):
        raise UserError(f"{text!r} is not a whole number: write only digits.")
    return int(text)


def _flag(text: str) -> bool:
    known = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
    if text.lower() not in known:
        raise UserError(f"{text!r} is neither yes nor no.")
    return known[text.lower()]


def _list(text: str) -> list[str]:
    if text == NOTHING:
        return []
    return [part.strip() for part in text.split(",") if part.strip()]


def _tags(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _list(text)]
    for key, separator, _ in pairs:
        if not separator:
            raise UserError(f"{key!r} has no '=': write tags as KEY=VALUE, KEY=VALUE.")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _issuer(text: str) -> str:
    return text if "://" in text else f"https://{text}"


def _one_or_many(text: str) -> str | list[str]:
    values = _list(text)
    return values[0] if len(values) == 1 else values


def _thumbprint(text: str) -> str | list[str]:
    return text if text in ("endpoint", "omit") else _list(text)


_ACCEPTANCE = re.compile(
    r"(?P<code>\S+)(?: of (?P<workload>\S+))? until (?P<until>\S+) because (?P<reason>.+)"
)
# A reason may hold a ';' of its own.
_BETWEEN_ACCEPTANCES = re.compile(r"; (?=\S+(?: of \S+)? until \S+ because )")


def _acceptances(text: str) -> list[dict[str, str]]:
    """`CODE [of NAMESPACE/ACCOUNT] until DAY because REASON; ...`."""
    found = []
    for part in _BETWEEN_ACCEPTANCES.split(text):
        match = _ACCEPTANCE.fullmatch(part)
        if match is None:
            raise UserError(
                f"{part!r} is not a valid acceptance: write 'CODE until YYYY-MM-DD because "
                "REASON', or 'CODE of NAMESPACE/SERVICE_ACCOUNT until ...', with '; ' between "
                "two."
            )
        found.append({name: value for name, value in match.groupdict().items() if value})
    return found


def _acceptance_text(acceptance: Mapping[str, Any]) -> str:
    workload = f" of {acceptance['workload']}" if acceptance["workload"] else ""
    until = f" until {acceptance['until']} because {acceptance['reason']}"
    return f"{acceptance['code']}{workload}{until}"


_READERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "choice": str,
    "number": _number,
    "flag": _flag,
    "list": _list,
    "tags": _tags,
    "issuer": _issuer,
    "audience": _one_or_many,
    "thumbprint": _thumbprint,
    "acceptances": _acceptances,
}
