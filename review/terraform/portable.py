"""A synthesized stack without its ties to the project that it was made in.

The state is wherever `terraform init` is told, the outputs of other stacks come in as variables,
and so do the kubeconfig files where the configuration names one of a machine. Addresses stay as
they are: Terraform finds its resources in the state of a deployment with CDKTF.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from federation.model.config import ClusterConfig

_OUTPUT = re.compile(r"data\.terraform_remote_state\.([A-Za-z0-9_-]+)\.outputs\.([A-Za-z0-9_-]+)")

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Stack:
    """A stack that applies from any folder.

    Attributes:
        name: Its name.
        content: What is in it, in the JSON form of Terraform's language, without the backend.
        backend: The kind of its backend; `cloud` stands for the block of that name.
        state: The settings of the backend.
        inputs: The variables that take outputs of other stacks, each with the stack's name.
    """

    name: str
    content: Json
    backend: str
    state: Json
    inputs: Mapping[str, str]

    @property
    def needed(self) -> dict[str, Json]:
        """The variables that have no value, and take none from another stack."""
        variables = self.content.get("variable", {})
        return {
            name: each
            for name, each in variables.items()
            if "default" not in each and name not in self.inputs
        }

    @property
    def state_file(self) -> str | None:
        """The file with the backend's settings, for `-backend-config`.

        None for a local state, whose place is another on each machine, and for HCP Terraform, whose
        block takes no such file.
        """
        return None if self.backend in ("local", "cloud") else f"state.{self.backend}.tfbackend"


def portable(config: ClusterConfig, name: str, synthesized: Mapping[str, Json]) -> Stack:
    """Free one of the stacks.

    Args:
        config: The configuration.
        name: The name of the stack.
        synthesized: Each stack of the configuration as `cdk.tf.json` has it.
    """
    content, inputs = _with_inputs(config, name, synthesized)
    _take_kubeconfig(config, content)
    terraform = content["terraform"]
    [(backend, state)] = terraform.pop("backend", {"cloud": terraform.pop("cloud", {})}).items()
    return Stack(name, content, backend, state, inputs)


def _with_inputs(
    config: ClusterConfig, name: str, synthesized: Mapping[str, Json]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The content with variables in the place of other stacks' outputs, and whose they are."""
    text = json.dumps(synthesized[name])
    crossing = sorted(set(_OUTPUT.findall(text)))
    content: dict[str, Any] = json.loads(_OUTPUT.sub(r"var.\2", text))
    inputs = {output: config.stack(kind) for kind, output in crossing}
    for output, stack in inputs.items():
        variables = content.setdefault("variable", {})
        variables[output] = _variable(config, output, stack, synthesized[stack]["output"][output])
    content.get("data", {}).pop("terraform_remote_state", None)
    return content, inputs


def _variable(config: ClusterConfig, output: str, stack: str, declared: Json) -> dict[str, Any]:
    several = isinstance(declared["value"], Mapping)
    variable: dict[str, Any] = {
        "type": "map(string)" if several else "string",
        "description": f"{declared['description'].rstrip('.')}: the output {output} of {stack}.",
    }
    if output != "role_arns" or config.account_id is None:
        return variable
    arns = {
        f"{each.namespace}/{each.service_account}": config.role_arn(each)
        for each in config.workloads
    }
    return {**variable, "default": arns}


def _take_kubeconfig(config: ClusterConfig, content: dict[str, Any]) -> None:
    """Let anyone who runs Terraform name the kubeconfig."""
    configured = config.kubernetes.kubeconfig
    providers = content.get("provider", {}).get("kubernetes", ())
    if configured is None or not providers:
        return
    variable: dict[str, Any] = {
        "type": "list(string)",
        "description": "The kubeconfig files to look for the context in.",
    }
    if configured.startswith("~"):
        variable["default"] = [configured]
    content.setdefault("variable", {})["kubeconfig_paths"] = variable
    for provider in providers:
        provider["config_paths"] = "${var.kubeconfig_paths}"
