"""What a person agrees to before anything is saved: the file, its changes, and who may do what."""

from __future__ import annotations

import difflib
import os
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from apiserver.page import page_of_configuration
from deployment.configuration_facts import configuration_facts
from deployment.logs import display_path
from federation.errors import UserError
from federation.iam.trust_policy import DEFAULT_SIZE_QUOTA, role_trust_policy, size
from federation.model.config import ClusterConfig, Workload
from federation.yaml import files
from federation.yaml.editing import edited
from federation.yaml.files import ConfigError
from review.lint.linter import LintReport, lint
from wizard.migration_file import refuse_migration
from wizard.tui.draft import Draft


@dataclass(frozen=True)
class TrustRow:
    """A row of the trust matrix: who may assume which role, and what it may do.

    Attributes:
        who: The pods that may.
        audience: What their tokens must be for.
        role: The role's name with its path.
        policies: What is attached to it.
        size: Characters of the trust policy, and how many there may be by default.
    """

    who: str
    audience: str
    role: str
    policies: tuple[str, ...]
    size: str


@dataclass(frozen=True)
class Review:
    """What saving a draft would do.

    Attributes:
        config: The configuration.
        path: The file it goes to.
        on_disk: The file's text now; None where there is no such file.
        text: The file's text then.
        foreign: Whether the file has another text than the one that the draft began with: another
            program changed or made it meanwhile.
        known: Whether the draft began with this file at all.
        lint: What the linter finds, the most severe first, and what the draft accepts.
        trust: The trust matrix.
        control_plane: What to set on the API servers.
    """

    config: ClusterConfig
    path: Path
    on_disk: str | None
    text: str
    foreign: bool
    known: bool
    lint: LintReport
    trust: tuple[TrustRow, ...]
    control_plane: str

    @property
    def saved(self) -> bool:
        """Whether the file says all of it already."""
        return self.on_disk == self.text

    @property
    def diff(self) -> tuple[str, ...]:
        """The lines of a unified diff from the file to what will be saved, without a heading."""
        before, after = (self.on_disk or "").splitlines(), self.text.splitlines()
        return tuple(difflib.unified_diff(before, after, lineterm=""))[2:]

    @property
    def summary(self) -> str:
        """What becomes of the file, in a line."""
        name = f"clusters/{self.path.name}"
        if self.on_disk is None:
            return f"{name} is new."
        if self.saved:
            return f"{name} is up to date."
        added = sum(line.startswith("+") for line in self.diff)
        removed = sum(line.startswith("-") for line in self.diff)
        meanwhile = " Another program has changed the file meanwhile." if self.foreign else ""
        return f"{name} will change: +{added} -{removed} lines.{meanwhile}"


def review(draft: Draft, project: Path) -> Review:
    """Look at the file of a draft, and say what saving would make of it.

    Raises:
        ConfigError: an answer breaks a rule, or the file cannot be read.
    """
    config = draft.configuration()
    path = draft.path or project / "clusters" / f"{config.cluster}.yaml"
    on_disk = files.read(path) if path.exists() else None
    return Review(
        config,
        path,
        on_disk,
        _text(path, on_disk, config),
        on_disk != draft.opened,
        draft.path is not None,
        lint(
            configuration_facts(path, config, path.name),
            config.lint.accept,
            datetime.now(UTC).date(),
        ),
        tuple(_trust(config, workload) for workload in config.workloads),
        _control_plane(config, path),
    )


class ChangedMeanwhileError(UserError):
    """Another program has changed the file that a person was about to replace."""


def save(review: Review, *, agreed: bool = False) -> None:
    """Write what was reviewed.

    Args:
        review: What the person has seen.
        agreed: Whether they know that another program has changed the file before they saw it.

    Raises:
        ChangedMeanwhileError: the file is not the one that the answers were made for.
        UserError: the file cannot be written; it is as it was.
    """
    on_disk = files.read(review.path) if review.path.exists() else None
    if on_disk != review.on_disk or (review.foreign and not agreed):
        raise ChangedMeanwhileError(
            f"clusters/{review.path.name} was changed by another program meanwhile."
            if review.known
            else f"clusters/{review.path.name} exists already."
        )
    files.write(review.path, review.text)


def _text(path: Path, on_disk: str | None, config: ClusterConfig) -> str:
    if on_disk is not None:
        try:
            return edited(on_disk, config)
        except ConfigError:
            # Another program has broken the file: what is saved replaces all of it.
            pass
    return files.dump(config, os.path.relpath(files.SCHEMA, path.parent))


def _control_plane(config: ClusterConfig, path: Path) -> str:
    command = f"python -m wizard apiserver --config {shlex.quote(display_path(path))} --from FILE"
    head = (
        "Pass the current flags with --from: they are kept, and changes that would lock clients "
        f"out are refused:\n  {command}\n\n"
    )
    try:
        refuse_migration(path)
        return head + page_of_configuration(config)
    except UserError as error:
        return str(error)


def _trust(config: ClusterConfig, workload: Workload) -> TrustRow:
    alone = workload.trust == "service-account"
    return TrustRow(
        f"{workload.namespace}/{workload.service_account}" if alone else "every pod of the cluster",
        ", ".join(config.audience),
        f"{workload.role.path.removeprefix('/')}{config.role_name(workload)}",
        workload.role.managed_policy_arns,
        f"{size(role_trust_policy(config, workload))} of {DEFAULT_SIZE_QUOTA}",
    )
