"""`demo`: a federation from nothing to proven and back, in a sandbox, with its times."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from deployment.logs import keep_traceback
from deployment.sequence import Deployment
from federation.errors import WorldError
from federation.model.config import ClusterConfig
from wizard import printer
from wizard.cli import sandbox
from wizard.cli.deploy import show_outputs
from wizard.cli.doctor import examined
from wizard.cli.running import follow

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox


@click.command()
def demo() -> None:
    """Deploy a federation into a sandbox, prove it, and take it down again."""
    times: dict[str, float] = {}
    try:
        with _time_part("sandbox up", times):
            box, path, config = sandbox.start_sandbox()
        complete = sandbox.has_cluster(box)
        os.environ.update(box.environment())
        deployment = Deployment(path, config)
        with _time_part("before: nobody can read the documents", times):
            if complete:
                _expect_unreadable(box, config)
        with _time_part("deploy (cdktf deploy)", times):
            follow(deployment.synth())
            show_outputs(follow(deployment.carry_out()).outputs)
        with _time_part("proof", times):
            failed = prove(config, box) if complete else []
        with _time_part("destroy (cdktf destroy)", times):
            follow(replace(deployment, destroys=True).carry_out())
    finally:
        with _time_part("sandbox down", times):
            sandbox.stop()
    printer.say()
    for part, seconds in times.items():
        printer.say(f"{seconds:6.1f} s  {part}")
    printer.say(f"{sum(times.values()):6.1f} s  in all")
    if failed:
        raise WorldError(f"The proof failed: {', '.join(failed)}.")
    if not complete:
        raise WorldError("Only the AWS half ran: the proof needs the Kubernetes half.")


def prove(config: ClusterConfig, box: Sandbox) -> list[str]:
    """Examine a federation with live negative checks, and show each finding as it comes.

    Returns:
        The codes of what failed.
    """
    from doctor.examination import Options

    options = Options(
        ca_file=box.ca_file,
        negative=True,
        signing_key=box.service_account_key,
        keep_traceback=keep_traceback,
    )
    found = examined(config, options)
    return [finding.code for finding in found if finding.verdict == "fail"]


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
            printer.say(f"  {document}: HTTP {status}")
            if status != 403:
                raise WorldError(f"{document} answers HTTP {status} before the deploy, not 403.")


@contextmanager
def _time_part(part: str, times: dict[str, float]) -> Iterator[None]:
    printer.heading(f"== {part}")
    began = time.monotonic()
    try:
        yield
    finally:
        times[part] = time.monotonic() - began
