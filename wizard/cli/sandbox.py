"""`sandbox`: AWS and Kubernetes on this machine."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployment import applied
from federation.errors import WorldError
from federation.model.config import STACKS, ClusterConfig
from federation.yaml import files
from sandbox.here import FOLDER, recorded_sandbox
from wizard import printer
from wizard.cli.options import json_option, relative

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox

CONFIGURATION = files.PROJECT / "clusters" / "sandbox.yaml"
_START = "'python -m wizard sandbox up' starts one."
_HOW_TO_USE = ("Set its variables in this shell:", '  eval "$(python -m wizard sandbox env)"')


@click.group()
def sandbox() -> None:
    """Start or stop AWS and Kubernetes on this machine."""


@sandbox.command()
def up() -> None:
    """Start it, and name the command that sets its variables in a shell.

    AWS is moto behind a strict STS; Kubernetes is etcd, kube-apiserver and kube-controller-manager,
    without a kubelet. What ran before is ended first.
    """
    _, _, config = start_sandbox()
    printer.say("", "Up.", *_HOW_TO_USE)
    printer.say(
        "",
        f"Next: 'python -m wizard deploy' deploys the cluster {config.cluster!r} into it, and "
        "'python -m wizard sandbox down' stops it.",
    )


@sandbox.command()
def down() -> None:
    """Stop it, and remove what it wrote.

    The Terraform state of what was in it goes too.
    """
    stop()
    printer.say("Down.")


@sandbox.command()
def env() -> None:
    """Print the variables for a shell, with the sandbox's credentials.

    For sh, bash and zsh: eval "$(python -m wizard sandbox env)". Run 'sandbox up' first.
    """
    box = recorded_sandbox()
    if box is None:
        raise WorldError(f"No sandbox is running. {_START}")
    if ended := [name for name, runs in box.status().items() if not runs]:
        verb = "does" if len(ended) == 1 else "do"
        raise WorldError(f"The sandbox has ended ({' and '.join(ended)} {verb} not run). {_START}")
    for name, value in _variables(box).items():
        printer.hand_out(f"export {name}={shlex.quote(value)}")


@sandbox.command()
@json_option
def status(as_json: bool) -> None:
    """Say what runs and where."""
    box = recorded_sandbox()
    state = box.status() if box else {}
    if as_json:
        printer.show_json({"processes": state, "endpoints": _endpoints(box) if box else {}})
    elif box is None:
        printer.say("No sandbox is running.")
    else:
        for name, runs in state.items():
            printer.say(f"{name}: {'running' if runs else 'not running'}")
        for name, address in _endpoints(box).items():
            printer.say(f"{name} at {address}")
        if box.is_up:
            printer.say(*_HOW_TO_USE)


def _variables(box: Sandbox) -> dict[str, str]:
    """What a shell needs to work on the sandbox with any tool."""
    path = _fitting_file() if _fitting_file().exists() else CONFIGURATION
    region = files.load(path).aws.region
    return {
        **box.environment(),
        # The AWS SDKs read one or the other first.
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "OIDC_IAM_CONFIG": relative(path),
    }


def _fitting_file() -> Path:
    """Where the configuration is that fits, if the committed one does not."""
    return FOLDER / "sandbox.yaml"


def _endpoints(box: Sandbox) -> dict[str, str]:
    """Where what runs can be reached; the port of what has ended may be another program's."""
    addresses = {"aws": box.aws_endpoint, "kubernetes": box.discovery_endpoint}
    status = box.status()
    runs = {"aws": status.get("aws"), "kubernetes": status.get("kube-apiserver")}
    return {name: address for name, address in addresses.items() if runs[name]}


def start_sandbox() -> tuple[Sandbox, Path, ClusterConfig]:
    """Start the sandbox; with it the configuration that fits the ports it got.

    Raises:
        WorldError: a component cannot be had or does not start.
    """
    from sandbox import mirrors
    from sandbox.sandbox import Ports, Sandbox

    config = files.load(CONFIGURATION)
    aws = int((config.aws.endpoint_url or "").rpartition(":")[2])
    box = Sandbox(FOLDER, config.issuer, Ports(aws, config.discovery_address[1]))
    box.up(printer.say)
    terraform = mirrors.can_install("kubernetes")
    if not terraform:
        printer.say(
            "The kubernetes provider cannot be installed here (no mirror has it, and the registry "
            "cannot be reached): the objects are applied as manifests."
        )
    return box, *_fit_configuration(config, box, "terraform" if terraform else "manifests")


def _fit_configuration(
    config: ClusterConfig, box: Sandbox, apply: str
) -> tuple[Path, ClusterConfig]:
    """The committed configuration where it fits, or else a copy of it that does."""
    document = config.model_dump(mode="json")
    document["aws"]["endpoint_url"] = box.aws_endpoint
    document["discovery"]["endpoint"] = box.discovery_endpoint
    document["kubernetes"]["apply"] = apply
    document["kubernetes"]["context"] = config.kubernetes.context if has_cluster(box) else None
    if not has_cluster(box):
        document["kubernetes"]["apply"] = "manifests"
        document["discovery"] = {"thumbprint": "omit"}
    fitting = files.validate(document)
    if fitting == config:
        return CONFIGURATION, config
    files.save(fitting, _fitting_file())
    return _fitting_file(), fitting


def has_cluster(box: Sandbox) -> bool:
    """Whether the Kubernetes half runs too."""
    return "kube-apiserver" in box.status()


def stop() -> None:
    """Stop the sandbox, and forget the state of what was in it."""
    from sandbox.sandbox import Sandbox

    config = files.load(CONFIGURATION)
    # Where nothing is recorded, a start that was cut short may have left something.
    (recorded_sandbox() or Sandbox(FOLDER, config.issuer)).down()
    # By the names of the stacks: a pattern would take those of a cluster 'sandbox-eu' too.
    for kind in STACKS:
        for state in (files.PROJECT / "state").glob(f"{config.stack(kind)}.tfstate*"):
            state.unlink()
    applied.forget(files.PROJECT, config.cluster)
