"""Checks what a deployment needs before anything slow begins.

The programs on this machine, the AWS credentials, and the cluster behind the kubeconfig's context,
which must have the configured issuer: a deploy to another cluster would make AWS trust the wrong
one. Nothing is changed. The command line and the terminal app show the same `Requirement` records.
"""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from deployment import applied
from deployment.cdktf.project import cdktf_program, terraform_program
from deployment.left_behind import orphans
from deployment.logs import keep_traceback
from deployment.process import Command, capture
from deployment.served_keys import served_keys
from deployment.surroundings import kubeconfig_paths
from federation.errors import OidcIamError, UserError, WorldError
from federation.keys import key_files
from federation.model.config import ClusterConfig, S3Backend
from federation.strict_json import json_object, json_value
from federation.yaml.files import PROJECT

DEADLINE = 20.0
"""Seconds after which a check counts as failed."""

_PROGRAM_TIMEOUT = 15.0
_CLUSTER_TIMEOUT = (3.0, 10.0)
_MINIMUM_TERRAFORM = (1, 5)
_MINIMUM_FOR_S3_LOCKS = (1, 10)
_NODE_SUPPORTED = (22, 24)
_NODE_WORKING = (20,)
_NOT_THERE = "there is no {!r} on the PATH."

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Requirement:
    """One thing that a deployment needs.

    Attributes:
        name: What was looked at.
        verdict: `fail` means that a deploy is refused.
        seen: What was found.
        remedy: What to do; None where there is nothing to do.
    """

    name: str
    verdict: Verdict
    seen: str
    remedy: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.seen}" + (f" {self.remedy}" if self.remedy else "")


def preflight(config: ClusterConfig | None, deadline: float = DEADLINE) -> Iterator[Requirement]:
    """Look at everything at once, and yield each check as it is done.

    Args:
        config: The configuration; None looks at the programs alone.
        deadline: In seconds; what has no answer by then is a failed check.
    """
    looks: list[tuple[str, Callable[[], Requirement | None]]] = [
        ("terraform", lambda: terraform(config)),
        ("node", node),
        ("cdktf-cli", cdktf_cli),
    ]
    if config is not None:
        looks += [
            ("AWS credentials", lambda: credentials(config)),
            ("cluster", lambda: cluster(config)),
            ("public keys", lambda: public_keys(config)),
            ("stacks", lambda: stacks(config)),
        ]
    return _at_once(looks, deadline)


def stacks(config: ClusterConfig) -> Requirement | None:
    """Whether what was deployed is in the way of the configuration, or left behind by it."""
    left = applied.left_behind(PROJECT, config)
    if not left:
        return None
    seen = (
        f"{' and '.join(left)} {'was' if len(left) == 1 else 'were'} deployed, and "
        f"{'is' if len(left) == 1 else 'are'} no longer in the configuration."
    )
    remedy = "A deploy takes them down at its end, and so does 'destroy'."
    if before := left.get(config.stack("workloads")):
        remedy += " A deploy hands the Kubernetes objects over to the manifests: they stay."
        if nobodys := orphans(before, config):
            remedy += f" Not among the manifests, and for you to delete: {', '.join(nobodys)}."
    return Requirement("stacks", "warn", seen, remedy)


def require(checks: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """All the checks, where none of them failed.

    Raises:
        WorldError: some did; the message has each of them.
    """
    done = tuple(checks)
    if failed := [str(check) for check in done if check.verdict == "fail"]:
        raise WorldError("\n".join(failed))
    return done


def terraform(config: ClusterConfig | None = None) -> Requirement:
    """Terraform or OpenTofu, in a version that can do what the stacks ask for."""
    name = "terraform"
    install = "Install Terraform 1.5 or newer, or OpenTofu."
    if shutil.which(terraform_program()) is None:
        return Requirement(name, "fail", _NOT_THERE.format(terraform_program()), install)
    try:
        # Without the variable it asks on the internet whether there is a newer one.
        quiet = {"CHECKPOINT_DISABLE": "1"}
        command = Command((terraform_program(), "version", "-json"), environment=quiet)
        captured = capture(command, _PROGRAM_TIMEOUT)
        version = str(json_object("The answer", captured.stdout)["terraform_version"])
    except WorldError as error:
        return Requirement(name, "fail", str(error), install)
    except (UserError, KeyError):
        return Requirement(name, "fail", "version unknown.", install)
    seen = f"{Path(terraform_program()).name} {version}."
    if _numbers(version) < _MINIMUM_TERRAFORM:
        return Requirement(name, "fail", seen, install)
    keeps_state_in_s3 = config is not None and isinstance(config.backend, S3Backend)
    if keeps_state_in_s3 and _numbers(version) < _MINIMUM_FOR_S3_LOCKS:
        return Requirement(
            name, "fail", seen, "The s3 backend locks its state from 1.10 on: update it."
        )
    return Requirement(name, "ok", seen)


def node() -> Requirement:
    """Node.js, which cdktf runs on, in a version that is still supported."""
    supported = " or ".join(map(str, _NODE_SUPPORTED))
    install = f"Install Node.js {supported}."
    if shutil.which("node") is None:
        return Requirement("node", "fail", _NOT_THERE.format("node"), install)
    try:
        version = capture(Command(("node", "--version")), _PROGRAM_TIMEOUT).stdout.strip()
    except WorldError as error:
        return Requirement("node", "fail", str(error), install)
    major = _numbers(version)[:1]
    if major < _NODE_WORKING:
        return Requirement("node", "fail", f"{version or 'no version'}, too old.", install)
    if major[0] in _NODE_SUPPORTED:
        return Requirement("node", "ok", f"{version}.")
    if major[0] in _NODE_WORKING:
        return Requirement("node", "warn", f"{version} works, but is end-of-life.", install)
    return Requirement("node", "warn", f"{version} is untested.", install)


def cdktf_cli(folder: Path = PROJECT) -> Requirement:
    """The CDKTF CLI, in the version that the stacks are written for."""
    name = "cdktf-cli"
    found = shutil.which(cdktf_program(folder))
    if found is None:
        return Requirement(name, "fail", "not installed.", "'make install' installs it.")
    version = _package_version(Path(found)) or "of an unknown version"
    if _numbers(version)[:2] != (0, 21):
        return Requirement(name, "warn", f"{version} at {found}.", "0.21 is the tested version.")
    return Requirement(name, "ok", f"{version}.")


def credentials(config: ClusterConfig) -> Requirement:
    """AWS credentials that work, of the configured account."""
    from doctor.live.account import Account, AwsError, NoAnswerError, NoCredentialsError

    name = "AWS credentials"
    sign_in = "'aws sts get-caller-identity' has to work: sign in, or set AWS_PROFILE."
    try:
        account = Account.connect(config.aws).number
    except NoCredentialsError:
        return Requirement(name, "fail", "not found.", sign_in)
    except NoAnswerError as error:
        return _no_answer(error, config.aws.endpoint_url)
    except AwsError as error:
        return Requirement(
            name, "fail", f"{error}.", _OF_AN_ENDPOINT if config.aws.endpoint_url else sign_in
        )
    if config.aws.account_id not in (None, account):
        return Requirement(
            name,
            "fail",
            f"of the account {account}, and aws.account_id is {config.aws.account_id}.",
            "Use credentials of that account (AWS_PROFILE), or correct the configuration.",
        )
    place = f" at {config.aws.endpoint_url}" if config.aws.endpoint_url else ""
    return Requirement(name, "ok", f"account {account}{place}.")


def _no_answer(error: Exception, endpoint: str | None) -> Requirement:
    if endpoint is None:
        remedy = "Is the network there, and is a proxy (HTTPS_PROXY) or a VPN missing?"
        return Requirement("AWS", "fail", f"{error}.", remedy)
    return Requirement(
        "aws.endpoint_url",
        "fail",
        f"{endpoint}: {error}.",
        "Correct it, or start what serves it: 'python -m wizard sandbox up' starts the sandbox.",
    )


_OF_AN_ENDPOINT = (
    "Use credentials that aws.endpoint_url accepts: 'python -m wizard sandbox env' prints those "
    "of the sandbox."
)


def cluster(config: ClusterConfig) -> Requirement | None:
    """The cluster behind the context, which must have the configured issuer first.

    None where no context is configured, which only `apply: manifests` allows.
    """
    context = config.kubernetes.context
    if context is None:
        return None
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from kubernetes.config.config_exception import ConfigException
    from urllib3.exceptions import HTTPError

    try:
        api = _connect(config, context)
        answer: Any = client.WellKnownApi(api).get_service_account_issuer_open_id_configuration(
            _preload_content=False, _request_timeout=_CLUSTER_TIMEOUT
        )
        return _compare_issuers(config, json_value("The answer", answer.data.decode()))
    except ConfigException as error:
        remedy = (
            "Correct kubernetes.context or kubernetes.kubeconfig: 'kubectl config get-contexts' "
            "lists the contexts."
        )
        return Requirement("cluster", "fail", f"{str(error).rstrip('.')}.", remedy)
    except ApiException as error:
        return _explain_status(context, error.status)
    except (UserError, ValueError):
        return _explain_status(context, None)
    except HTTPError as error:
        reason = getattr(error, "reason", None) or error
        return Requirement(
            "cluster",
            "fail",
            f"no response through the context {context!r}: {reason}.",
            "Is the API server up, is a VPN or a tunnel missing, is it the right context?",
        )


def public_keys(config: ClusterConfig) -> Requirement | None:
    """The public keys for the bucket, which must have all that the API server publishes.

    None where the API server serves the documents itself.
    """
    if config.discovery.s3 is None:
        return None
    name = "public keys"
    try:
        ours = {key.kid for key in key_files.read(config.discovery.s3.keys, PROJECT)}
    except UserError as error:
        return Requirement(name, "fail", str(error), "Correct discovery.s3.keys.")
    if config.kubernetes.context is None:
        return Requirement(name, "ok", f"{len(ours)} to publish.")
    try:
        theirs = {key.kid for key in served_keys(config)}
    except (UserError, WorldError) as error:
        return Requirement(
            name,
            "warn",
            f"they could not be compared with the cluster's: {error}",
            "Compare them with its --service-account-key-file.",
        )
    if missing := sorted(theirs - ours):
        return Requirement(
            name,
            "fail",
            f"the API server publishes keys that discovery.s3.keys lacks: {', '.join(missing)}. "
            "AWS would refuse their tokens.",
            "Add them: 'python -m wizard jwks --from-cluster' prints them all.",
        )
    return Requirement(
        name, "ok", f"{len(ours)} to publish, with all {len(theirs)} of the cluster."
    )


def _connect(config: ClusterConfig, context: str) -> Any:
    from doctor.live.kubeconfig import connection

    path = config.kubernetes.kubeconfig_path(PROJECT)
    paths = [str(path)] if path else kubeconfig_paths()
    api = connection(os.pathsep.join(paths), context)
    api.configuration.retries = False
    return api


def _compare_issuers(config: ClusterConfig, document: Any) -> Requirement:
    issuer = document.get("issuer") if isinstance(document, dict) else None
    if issuer == config.issuer:
        return Requirement("cluster", "ok", f"{config.kubernetes.context} has the issuer {issuer}.")
    return Requirement(
        "cluster",
        "fail",
        f"the one behind the context {config.kubernetes.context!r} has the issuer {issuer!r}, "
        f"and the configuration {config.issuer!r}.",
        "If it is the right cluster, set its first --service-account-issuer before the deploy; "
        "else correct kubernetes.context.",
    )


def _explain_status(context: str, status: int | None) -> Requirement:
    if status == 401:
        return Requirement(
            "cluster",
            "fail",
            f"the API server does not know the user of the context {context!r} (401).",
            "Sign in to the cluster: 'kubectl auth whoami' has to work in this context.",
        )
    why = {
        403: "this user may not read the discovery document (403)",
        404: "the API server has no discovery document (404): this happens if its issuer is "
        "not an https URL",
        None: "the discovery document is not JSON",
    }.get(status, f"the API server answered with HTTP {status}")
    return Requirement(
        "cluster",
        "warn",
        f"its issuer could not be compared with the configured one: {why}.",
        f"Make sure that the context {context!r} is the right one.",
    )


def _package_version(program: Path) -> str | None:
    """The version of the npm package that a program belongs to; starting it takes seconds."""
    for folder in program.resolve().parents:
        package = folder / "package.json"
        if package.exists():
            version = json.loads(package.read_text()).get("version")
            return version if isinstance(version, str) else None
    return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3]) or (0,)


def _unexpected_error(name: str, error: Exception) -> Requirement:
    seen = f"the check raised {type(error).__name__}; the log: {keep_traceback(error) or 'none'}."
    return Requirement(name, "fail", seen, "Report this bug with the log.")


def _at_once(
    looks: Sequence[tuple[str, Callable[[], Requirement | None]]], deadline: float
) -> Iterator[Requirement]:
    """Run each in a thread of its own, which is left behind where it gives no answer."""
    done: queue.SimpleQueue[tuple[str, Requirement | Exception | None]] = queue.SimpleQueue()

    def run(name: str, look: Callable[[], Requirement | None]) -> None:
        try:
            done.put((name, look()))
        except Exception as error:
            done.put((name, error))

    for name, look in looks:
        threading.Thread(target=run, args=(name, look), daemon=True).start()
    end = time.monotonic() + deadline
    waiting = [name for name, _ in looks]
    while waiting:
        try:
            name, check = done.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        waiting.remove(name)
        if isinstance(check, OidcIamError):
            raise check
        if isinstance(check, Exception):
            yield _unexpected_error(name, check)
        elif check is not None:
            yield check
    for name in waiting:
        yield Requirement(name, "fail", f"no response within {deadline:g} s.", "Try it by hand.")
