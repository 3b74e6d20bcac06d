"""`review`: a folder that a security reviewer can read, check and sign."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from deployment.cdktf.project import Project
from deployment.preflight import node, require
from deployment.sequence import Deployment
from federation.errors import UserError
from federation.keys import key_files
from federation.yaml import files
from wizard import printer
from wizard.cli import acceptances, evidence, verification
from wizard.cli.options import json_option, only_configuration, relative, require_file
from wizard.cli.running import follow, make_plan, require_ready


@click.command()
@click.option(
    "--config",
    "-c",
    envvar="OIDC_IAM_CONFIG",
    metavar="FILE",
    help="The configuration; by default OIDC_IAM_CONFIG, or the only file in clusters/.",
)
@click.option(
    "--output",
    "-o",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder to write: a new one, an empty one, or that of an earlier review.",
)
@click.option("--zip", "zipped", is_flag=True, help="Write the same as DIR.zip too.")
@click.option("--plan", "with_plan", is_flag=True, help="Add what a deploy would change.")
@click.option(
    "--verify",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Compare a review, a folder or its archive, with its checksums, and write nothing.",
)
@json_option
@evidence.cluster_options
@evidence.today_option(
    "The day to judge acceptances by; by default none, so that each counts whatever its last day."
)
def review(
    config: str | None,
    output: Path | None,
    zipped: bool,
    with_plan: bool,
    verify: Path | None,
    as_json: bool,
    today: date | None,
    **given: tuple[str, ...],
) -> int:
    """Write what a security reviewer reads, checks and signs; or verify it.

    The same configuration and options give the same bytes everywhere. What is in DIR stays as it is
    unless all of it is from an earlier review. With --plan AWS and the cluster are asked, and
    nothing is changed. The options that take a FILE can be repeated, and - is stdin.

    Exit codes: 0 written, or verified; 1 AWS, the cluster or Terraform refused, or the review
    differs from its checksums; 2 bad input, or what is to be verified is not a review.
    """
    if verify is not None:
        _refuse_others(click.get_current_context())
        return verification.show(verify, as_json=as_json)
    if as_json:
        raise UserError("--json reports what --verify finds: name a review with it.")
    if output is None:
        raise UserError("--output is missing: name the folder to write, or a review with --verify.")
    path = require_file(Path(config) if config else only_configuration())
    _write(path, output, zipped, with_plan, today, given)
    return 0


def _refuse_others(context: click.Context) -> None:
    """See that --verify, which only reads, comes with no option for writing.

    Raises:
        UserError: another option was given.
    """
    given = [
        each.opts[0]
        for each in context.command.params
        if each.name not in ("verify", "as_json")
        and context.get_parameter_source(each.name or "") is ParameterSource.COMMANDLINE
    ]
    if given:
        raise UserError(f"--verify only reads a review: leave out {' and '.join(given)}.")


def _write(
    path: Path,
    output: Path,
    zipped: bool,
    with_plan: bool,
    today: date | None,
    given: Mapping[str, tuple[str, ...]],
) -> None:
    from review.bundle import bundle
    from review.bundle_folder import (
        archive_path,
        is_archived_otherwise,
        refuse_foreign,
        write,
    )
    from review.facts.configured import configured
    from review.facts.estate import joined
    from review.facts.planned import judge_plan
    from review.lint.linter import refuse_secrets
    from review.report.material import Known

    config = files.load(path)
    acceptances.check(path, config)
    refuse_secrets(configured(config, relative(path)), config.lint.accept, today or date.min)
    key_files.check(config)
    known = Known(joined(evidence.read(given)), today)
    refuse_foreign(output, zipped)
    deployment = Deployment(path, config)
    if with_plan:
        require_ready(deployment, plan_only=True)
        reads_bucket = config.discovery.hosting == "s3"
        plan = make_plan(deployment.plan(plan_only=True))
        found = judge_plan(plan, reads_bucket=reads_bucket)
    else:
        require([node()])
        follow(deployment.synth())
        found = None
    texts = bundle(config, _synthesized(deployment.project), found, known)
    name = f"{config.cluster}-review"
    write(texts, output, name if zipped else None)
    if found is not None:
        for each in found.breaks:
            printer.say(f"breaks {each.scope}: {each.stack}: {each.address}: {each.text}")
        printer.say(f"Plan: {found.summary}")
    printer.say(f"Wrote {relative(output)}/: {len(texts)} files.")
    archive = relative(archive_path(output))
    if zipped:
        printer.say(f"Wrote {archive}.")
    elif is_archived_otherwise(texts, output, name):
        printer.warn(f"warning: {archive} is of another review: --zip replaces it.")


def _synthesized(project: Project) -> Mapping[str, Mapping[str, Any]]:
    return {
        stack: json.loads((project.stack_folder(stack) / "cdk.tf.json").read_text("utf-8"))
        for stack in project.stacks
    }
