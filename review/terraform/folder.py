"""The folder `terraform/` of a bundle: a folder for each stack, laid out as people do.

`versions.tf` says what is needed and what kind of place the state has, `providers.tf` where things
are made, and `main.tf` what, each thing after those that it needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from federation.model.config import ClusterConfig
from federation.templates import render
from review.terraform.expressions import as_templates, of_literal
from review.terraform.hcl import Block, body, settings, text
from review.terraform.portable import Json, Stack, portable

_PARTS = frozenset({"//", "data", "output", "provider", "resource", "terraform", "variable"})
_SETTINGS = frozenset({"required_providers"})
_VERSIONS = ">= 1.5"
_VERSIONS_WITH_LOCKS_IN_S3 = ">= 1.10"
_ADDRESS = re.compile(r"(?:data\.)?[a-z0-9_]+\.[A-Za-z0-9_-]+")
_COMMENTS = {
    "data.aws_iam_openid_connect_provider": "Something else manages it; here its ARN is read.",
    "data.tls_certificate": "The certificates that the issuer presents, the top one first.",
    "aws_iam_openid_connect_provider": "AWS takes tokens of this issuer for these audiences.",
    "aws_iam_role": "The condition says which tokens are taken: 'aud' is whom a token is for, and "
    "'sub' whose it is.",
    "aws_iam_role_policy_attachment": "What the role may do.",
    "aws_s3_object": "Served on one line; the files have more for anyone who reads them.",
    "kubernetes_cluster_role_binding_v1": "Lets anyone, and so AWS, read the two discovery "
    "documents and nothing else.",
    "kubernetes_config_map_v1": "What the AWS SDKs look for in the environment of a pod.",
    "kubernetes_pod_v1": "To try the role from inside the cluster.",
}
"""Said of the first of each type in a folder."""
_GUARD = (
    "Managed elsewhere. This creates nothing; it keeps Terraform from destroying one in its state."
)
_INDENTATION = re.compile(r"\n *")


def terraform(config: ClusterConfig, synthesized: Mapping[str, Json]) -> dict[str, str]:
    """The texts of the files, by their paths in the folder.

    Args:
        config: The configuration.
        synthesized: Each of its stacks as `cdk.tf.json` has it, by its name.
    """
    stacks = [portable(config, name, synthesized) for name in config.stacks]
    readme = render(
        "review/terraform.md.j2",
        config=config,
        stacks=stacks,
        purposes={config.stack(kind): purpose for kind, purpose in _purposes(config).items()},
        needed={name: each for stack in stacks for name, each in stack.needed.items()},
    )
    return {"README.md": readme} | {
        f"{stack.name}/{name}": written for stack in stacks for name, written in _files(stack)
    }


def _purposes(config: ClusterConfig) -> dict[str, str]:
    return {
        "discovery": "Who may read the two discovery documents of the cluster."
        if config.discovery.s3 is None
        else "The bucket that serves the two discovery documents of the cluster.",
        "identity": "The OIDC provider that AWS trusts, and a role for each service account.",
        "workloads": "What the pods of a namespace need to find their role.",
    }


def _files(stack: Stack) -> Iterator[tuple[str, str]]:
    if unknown := (set(stack.content) - _PARTS) | (set(stack.content["terraform"]) - _SETTINGS):
        raise AssertionError(f"{stack.name} holds {unknown}, which nobody would review")
    content, documents = _with_documents(stack.content)
    files = {
        "versions.tf": [_versions(stack)],
        "providers.tf": [
            body(each, ("provider", name))
            for name, several in content.get("provider", {}).items()
            for each in several
            if each
        ],
        "variables.tf": [
            # The type is an expression, although the JSON form has it as a text.
            body({**as_templates(values), "type": f"${{{values['type']}}}"}, ("variable", name))
            for name, values in content.get("variable", {}).items()
        ],
        "main.tf": list(_resources(content)),
        "outputs.tf": [
            body({**values, "description": as_templates(values["description"])}, ("output", name))
            for name, values in content.get("output", {}).items()
        ],
    }
    yield from ((name, text(blocks)) for name, blocks in files.items() if blocks)
    if stack.state_file:
        yield stack.state_file, settings(stack.state)
    yield from documents.items()


def _versions(stack: Stack) -> Block:
    terraform = stack.content["terraform"]
    required = {
        name: of_literal({**each, "source": _full(each["source"])})
        for name, each in terraform.get("required_providers", {}).items()
    }
    locks = stack.state.get("use_lockfile")
    versions = {"required_version": of_literal(_VERSIONS_WITH_LOCKS_IN_S3 if locks else _VERSIONS)}
    place = (
        body(stack.state, ("cloud",))
        if stack.backend == "cloud"
        else Block(("backend", stack.backend))
    )
    providers = (Block(("required_providers",), required),) if required else ()
    return Block(("terraform",), versions, (*providers, place))


def _full(source: str) -> str:
    return source if "/" in source else f"hashicorp/{source}"


def _resources(content: Json) -> Iterator[Block]:
    """Data and resources, each after those that it refers to, and a workload's own together."""
    found = {".".join(address): (head, values) for head, address, values in _declarations(content)}
    done: set[str] = set()
    comments = dict(_COMMENTS)

    def with_needs(address: str) -> Iterator[Block]:
        if address in done:
            return
        done.add(address)
        head, values = found[address]
        for other in sorted(set(_ADDRESS.findall(json.dumps(values))) & set(found), key=_place):
            yield from with_needs(other)
        guards = values.get("count") == 0
        yield body(values, head, _GUARD if guards else comments.pop(address.rpartition(".")[0], ""))

    for address in sorted(found, key=_place):
        yield from with_needs(address)


def _declarations(content: Json) -> Iterator[tuple[tuple[str, str, str], tuple[str, ...], Json]]:
    for kind, prefix in (("data", ("data",)), ("resource", ())):
        for resource_type, named in content.get(kind, {}).items():
            for name, values in named.items():
                yield (kind, resource_type, name), (*prefix, resource_type, name), values


def _place(address: str) -> tuple[str, str, str]:
    resource_type, name = address.rsplit(".", 1)
    return name.partition("__")[0], name, resource_type


def _with_documents(content: Json) -> tuple[Json, dict[str, str]]:
    """The content with the texts of a bucket's objects in files of their own, and these files.

    The texts are served on one line each; a reader has a line for each member.
    """
    objects = content.get("resource", {}).get("aws_s3_object", {})
    files = {f"documents/{name}.json": _readable(each["content"]) for name, each in objects.items()}
    reading = {
        name: {**each, "content": _on_one_line(f"documents/{name}.json")}
        for name, each in objects.items()
    }
    if not objects:
        return content, {}
    return {**content, "resource": {**content["resource"], "aws_s3_object": reading}}, files


def _on_one_line(path: str) -> str:
    return f'${{replace(file("${{path.module}}/{path}"), "/\\n */", "")}}'


def _readable(content: str) -> str:
    served = content.replace("$${", "${").replace("%%{", "%{")
    indented = json.dumps(json.loads(served), indent=2, separators=(",", ":"), ensure_ascii=False)
    if _INDENTATION.sub("", indented) != served:
        raise AssertionError("an object is not served as it would be read")
    return f"{indented}\n"
