"""`synth`: the Terraform of a configuration, for reviewers and for pipelines."""

from __future__ import annotations

from pathlib import Path

import click

from deployment.logs import display_path
from deployment.preflight import cdktf_cli, node, require
from deployment.sequence import Deployment
from federation.keys import key_files
from federation.model.config import ClusterConfig
from federation.yaml import files
from wizard import printer
from wizard.cli.options import config_file_option
from wizard.cli.running import follow


@click.command()
@config_file_option
@click.option("--hcl", is_flag=True, help="Write HCL instead of JSON.")
def synth(path: Path, hcl: bool) -> None:
    """Write the Terraform of a configuration, and its manifests where it has some."""
    config = files.load(path)
    key_files.check(config)
    require([node(), cdktf_cli()] if hcl else [node()])
    follow(Deployment(path, config).synth(hcl=hcl))
    name = "cdk.tf" if hcl else "cdk.tf.json"
    for stack in config.stacks:
        printer.say(display_path(files.PROJECT / "cdktf.out" / "stacks" / stack / name))
    if config.kubernetes.apply == "manifests":
        _write_manifests(config)


def _write_manifests(config: ClusterConfig) -> None:
    role_arns = {
        f"{each.namespace}/{each.service_account}": config.role_arn(each)
        for each in config.workloads
    }
    known = {account: arn for account, arn in role_arns.items() if arn is not None}
    if len(known) < len(role_arns):
        printer.say("The manifests are not written: the roles' ARNs in them need aws.account_id.")
    else:
        from deployment.manifests import write_manifests

        write_manifests(config, known, printer.say)
