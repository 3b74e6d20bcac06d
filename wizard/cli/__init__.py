"""The command line: one module a command, imported when it is called.

Every command ends through `wizard.errors`, which prints what went wrong and chooses the exit code.
"""

from __future__ import annotations

import importlib
from typing import cast

import click

_COMMANDS = {
    "init": "Ask the questions and write clusters/NAME.yaml.",
    "check": "Check a configuration: whether it is valid, and what 'lint' finds in it.",
    "apiserver": "Say what to set on the control plane, in the form of its distribution.",
    "jwks": "Make the documents of an issuer from public keys.",
    "synth": "Write the Terraform of a configuration.",
    "plan": "Show what a deploy would change.",
    "deploy": "Show the plan, ask, and apply it.",
    "destroy": "Remove what a deploy made.",
    "doctor": "Prove that a federation works, or say why not.",
    "drift": "Compare what is live with what is configured.",
    "review": "Write what a security reviewer reads, checks and signs.",
    "lint": "Find what a reviewer would object to in a federation.",
    "diff": "Compare two configurations: who gains or loses what.",
    "trust": "Decide whether a trust policy lets a token in.",
    "sandbox": "Start or stop AWS and Kubernetes on this machine.",
    "demo": "Deploy a federation into a sandbox, prove it, and take it down again.",
}


class _LazyGroup(click.Group):
    """Knows its commands by name; `--help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which one uses them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command in the module of its name."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"wizard.cli.{cmd_name}")
        return cast(click.Command, getattr(module, cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """IAM roles for the pods of your own Kubernetes cluster.

    Exit codes: 0 done, 1 AWS, the cluster or Terraform
    refused, 2 invalid input, 70 a bug in oidc-iam, 130 interrupted.
    """


def main() -> None:
    """Run the command line and exit."""
    from wizard.errors import guarded
    from wizard.threads import leave

    try:
        guarded(lambda: cli(prog_name="python -m wizard", standalone_mode=False))
    except SystemExit as end:
        leave(int(end.code or 0))
