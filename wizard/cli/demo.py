"""`demo`: a federation from nothing to proven and back, in a sandbox, with its times."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from federation.config import ClusterConfig
from federation.errors import WorldError
from wizard.cdktf import runs
from wizard.cli import sandbox
from wizard.cli.deploy import show_outputs
from wizard.cli.running import follow
from wizard.logs import new_log
from wizard.manifests import apply_manifests, delete_manifests

if TYPE_CHECKING:
    from doctor.examination import Options
    from doctor.finding import Finding
    from sandbox.sandbox import Sandbox

_SIGNS = {"pass": "+", "warn": "!", "fail": "x", "skip": "-"}


@click.command()
def demo() -> None:
    """Deploy a federation into a sandbox, prove it, and take it down again."""
    times: dict[str, float] = {}
    try:
        with _timed("sandbox up", times):
            box, path, config = sandbox.started()
        os.environ.update(box.environment())
        project = runs.project(path, config)
        with _timed("before: nobody can read the documents", times):
            if box.kubernetes:
                _expect_unreadable(box, config)
        with _timed("deploy (cdktf deploy)", times):
            follow(runs.synth(project, new_log("demo-synth")))
            outputs = follow(runs.deploy(project, new_log("demo-deploy"))).outputs
            if config.kubernetes.apply == "manifests" and box.kubernetes:
                apply_manifests(config, outputs[config.stack("identity")]["role_arns"], click.echo)
            show_outputs(outputs)
        with _timed("proof", times):
            failed = proven(config, box.ca_file) if box.kubernetes else []
        with _timed("destroy (cdktf destroy)", times):
            if config.kubernetes.apply == "manifests":
                delete_manifests(config, click.echo)
            follow(runs.destroy(project, new_log("demo-destroy")))
    finally:
        with _timed("sandbox down", times):
            sandbox.stop()
    click.echo("")
    for part, seconds in times.items():
        click.echo(f"{seconds:6.1f} s  {part}")
    click.echo(f"{sum(times.values()):6.1f} s  in all")
    if failed:
        raise WorldError(f"The proof failed: {', '.join(failed)}.")
    if not box.kubernetes:
        raise WorldError("Only the AWS half ran: the proof needs the Kubernetes half.")


def proven(config: ClusterConfig, ca_file: Path) -> list[str]:
    """Examine a federation with live negative checks, and show each finding as it comes.

    Returns:
        The codes of what failed.
    """
    from doctor.examination import Options

    return asyncio.run(_proven(config, Options(ca_file=ca_file, negative=True)))


async def _proven(config: ClusterConfig, options: Options) -> list[str]:
    from doctor.runner import examine

    failed = []
    async for finding in examine(config, options):
        click.echo(_line(finding))
        if finding.verdict == "fail":
            failed.append(finding.code)
    return failed


def _line(finding: Finding) -> str:
    about = f" ({finding.about})" if finding.about else ""
    text = f"  {_SIGNS[finding.verdict]} {finding.layer}: {finding.title}{about}: {finding.seen}"
    return f"{text}\n      {finding.cause} {finding.fix}" if finding.verdict == "fail" else text


def _expect_unreadable(box: Sandbox, config: ClusterConfig) -> None:
    """The article's starting point: without the binding, a stranger gets 403.

    Raises:
        WorldError: the documents can be read already.
    """
    import urllib3

    with urllib3.PoolManager(
        ca_certs=str(box.ca_file), server_hostname=config.issuer_host
    ) as strangers:
        for document in ("/.well-known/openid-configuration", "/openid/v1/jwks"):
            status = strangers.request("GET", f"{box.discovery_endpoint}{document}").status
            click.echo(f"  {document}: HTTP {status}")
            if status != 403:
                raise WorldError(f"{document} answers HTTP {status} before the deploy, not 403.")


@contextmanager
def _timed(part: str, times: dict[str, float]) -> Iterator[None]:
    click.secho(f"\n== {part}", bold=True)
    began = time.monotonic()
    try:
        yield
    finally:
        times[part] = time.monotonic() - began
