"""`doctor`: proves that a federation works, or says which layer does not, why, and what to do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deployment.logs import keep_traceback
from federation import named_files
from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.model.fields import did_you_mean
from federation.yaml import documents, files
from sandbox.here import signing_key
from wizard import printer
from wizard.cli.options import (
    config_option,
    is_stdout,
    json_option,
    refuse_token,
    relative,
    report_option,
    timeout_option,
    write_report,
)
from wizard.threads import UnawaitedThreads

if TYPE_CHECKING:
    from doctor.examination import Options
    from doctor.finding import Finding

_POD = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?/[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


@click.command()
@config_option
@json_option
@report_option("--sarif", "SARIF 2.1.0 for code scanning")
@report_option("--junit", "JUnit XML for pipelines")
@click.option("--strict", is_flag=True, help="Exit 1 for warnings too.")
@click.option("--only", multiple=True, metavar="NAME", help="Look at this layer or code alone.")
@click.option("--skip", multiple=True, metavar="NAME", help="Leave this layer or code out.")
@click.option("--offline", is_flag=True, help="Look at the configuration and files only.")
@click.option("--negative", is_flag=True, help="Offer STS tokens that it must refuse, too.")
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Certificate authorities of the issuer, in PEM.",
)
@click.option("--token", metavar="FILE", help="Look at this token; - reads stdin. None is minted.")
@click.option(
    "--pod", metavar="NAMESPACE/NAME", help="Look at the token and environment of this running pod."
)
@click.option(
    "--allow-http", is_flag=True, help="Send tokens over plain http to another machine, too."
)
@timeout_option("check")
def doctor(
    path: Path, as_json: bool, sarif: str | None, junit: str | None, strict: bool, **given: Any
) -> int:
    """Prove that a federation works, or say why not.

    Nothing is created in the cluster or the account. --only and --skip can be repeated. Layers:
    names, tls, discovery, keys, control-plane, aws, token, trust, sts, negative; codes: those of
    docs/doctor-codes.md.

    Exit codes: 0 nothing fails, 1 something does, 2 bad input.
    """
    from doctor.reports.summary import document, is_proven

    quiet = is_stdout("-" if as_json else None, sarif, junit)
    config = files.load(path)
    options = _options(config, given)
    found = examined(config, options, quiet=quiet)
    if as_json:
        printer.show_json(document(config, found))
    if sarif:
        write_report(sarif, _sarif(config, path, found))
    if junit:
        write_report(junit, _junit(found, strict))
    return int(not is_proven(found, strict=strict))


def examined(config: ClusterConfig, options: Options, *, quiet: bool = False) -> list[Finding]:
    """Examine a federation, and show how it goes and what was found.

    Returns:
        The findings in the order of a report.
    """
    found = asyncio.run(_examined(config, options, quiet))
    if not quiet:
        from wizard.cli.findings import show

        show(found)
    return found


async def _examined(config: ClusterConfig, options: Options, quiet: bool) -> list[Finding]:
    from doctor.runner import examine, ordered

    asyncio.get_running_loop().set_default_executor(UnawaitedThreads())
    coming = examine(config, options)
    if not quiet:
        from wizard.cli.findings import on_terminal, watched

        if on_terminal():
            return await watched(coming)
    return ordered([finding async for finding in coming])


def _options(config: ClusterConfig, given: Mapping[str, Any]) -> Options:
    from doctor.catalog import RULES
    from doctor.examination import Options
    from doctor.runner import selects

    token, pod, timeout = given["token"], given["pod"], given["timeout"]
    if token and pod:
        raise UserError("Give --token FILE or --pod NAMESPACE/NAME, one of them.")
    if token:
        refuse_token("--token", token)
    if given["ca_file"] is not None:
        named_files.text(given["ca_file"], called=f"--ca-file: {given['ca_file']}")
    if pod and not _POD.fullmatch(pod):
        raise UserError(f"--pod {pod!r} is not NAMESPACE/NAME.")
    options = Options(
        ca_file=given["ca_file"],
        token_file=Path(token) if token else None,
        pod=pod,
        only=_names("--only", given["only"]),
        skip=_names("--skip", given["skip"]),
        offline=given["offline"],
        negative=given["negative"],
        timeout=timeout,
        answer_timeout=min(Options.answer_timeout, timeout),
        signing_key=signing_key(config) if given["negative"] else None,
        allow_http=given["allow_http"],
        keep_traceback=keep_traceback,
    )
    if not any(selects(options, rule) for rule in RULES):
        raise UserError("--only and --skip together leave nothing to check.")
    return options


def _names(option: str, given: tuple[str, ...]) -> frozenset[str]:
    """Names of layers and codes.

    Raises:
        UserError: one of them is neither.
    """
    from doctor.catalog import RULES
    from doctor.examination import LAYERS

    known = {*LAYERS, *(rule.code for rule in RULES)}
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known)
            raise UserError(
                f"{option}: {name!r} is neither a layer nor a code.{hint} "
                f"Layers: {', '.join(LAYERS)}; codes: docs/doctor-codes.md."
            )
    return frozenset(given)


def _sarif(config: ClusterConfig, path: Path, found: list[Finding]) -> str:
    from doctor.reports.sarif import Examined, sarif

    place = Path(relative(path)).as_posix()
    document = sarif(found, Examined(config, documents.read(files.read(path)), place))
    return printer.json_text(document) + "\n"


def _junit(found: list[Finding], strict: bool) -> str:
    from doctor.reports.junit import junit

    return junit(found, strict=strict)
