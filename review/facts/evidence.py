"""What files tell about a cluster and about roles that are not ours: read, and made facts of.

Each function takes a file's text and how the file is called; `wizard.cli.lint` reads the files.
Messages quote nothing of a file but names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from federation.errors import UserError
from federation.iam.policy_document import parse_policy
from federation.keys.certificates import parse_pem
from federation.strict_json import json_object
from federation.yaml.documents import DocumentError, objects
from review.facts.estate import Audiences, Chain, Estate, Trust, Where

_API_SERVER = "kube-apiserver"
_API_AUDIENCES = "--api-audiences"


def service_accounts(text: str, file: str) -> Estate:
    """The service accounts in what `kubectl get serviceaccounts -A -o json` (or yaml) prints.

    Raises:
        UserError: it is no such list.
    """
    document = _object(text, file)
    found = []
    for item in _list(document.get("items", [document])):
        metadata = item.get("metadata") if isinstance(item, Mapping) else None
        if isinstance(metadata, Mapping) and item.get("kind", "") == "ServiceAccount":
            found.append(f"{metadata.get('namespace', 'default')}/{metadata.get('name')}")
    if not found:
        raise UserError(
            f"{file} lists no service accounts: write it with "
            "'kubectl get serviceaccounts -A -o json'."
        )
    return Estate(service_accounts=tuple(sorted(set(found))))


def trust_policy_file(text: str, file: str) -> Estate:
    """The trust policy of a role: by itself, or in what `aws iam get-role` prints.

    Raises:
        UserError: it is none that IAM would take.
    """
    try:
        role = json_object("The policy", text).get("Role")
        written = role.get("AssumeRolePolicyDocument") if isinstance(role, Mapping) else None
        policy = parse_policy(text if written is None else json.dumps(written))
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    about = role.get("RoleName") if isinstance(role, Mapping) else None
    return Estate(trusts=(Trust(Where(file), str(about or PurePath(file).stem), policy),))


def api_server(text: str, file: str) -> Estate:
    """What the manifest of an API server's static pod says about the tokens that it takes.

    Raises:
        UserError: it is no manifest with a kube-apiserver in it.
    """
    flags = _flags(_object(text, file))
    if flags is None:
        raise UserError(
            f"{file} is no manifest of a kube-apiserver (on a kubeadm node: "
            "/etc/kubernetes/manifests/kube-apiserver.yaml)."
        )
    values = [flag.partition("=")[2] for flag in flags if flag.startswith(f"{_API_AUDIENCES}=")]
    # The last one counts, and holds a list (kube-apiserver reference).
    audiences = tuple(sorted(filter(None, values[-1].split(",")))) if values else ()
    where = Where(file, _API_AUDIENCES)
    return Estate(audiences=(Audiences(where, "", audiences, of_api_server=True),))


def chain_file(text: str, file: str) -> Estate:
    """The certificates of the issuer in PEM, its own first, as `openssl s_client -showcerts` does.

    Raises:
        UserError: there is none in it.
    """
    return Estate(chains=(Chain(Where(file), "", parse_pem(file, text)),))


def _object(text: str, file: str) -> Mapping[str, Any]:
    """An object of Kubernetes, in JSON or YAML."""
    try:
        found = objects(text)
    except DocumentError as error:
        raise UserError(f"{file}:{error.line}: {error}") from None
    if len(found) != 1 or not isinstance(found[0], Mapping):
        raise UserError(f"{file} is not an object of Kubernetes.")
    return found[0]


def _flags(manifest: Mapping[str, Any]) -> list[str] | None:
    spec = manifest.get("spec")
    for container in _list(spec.get("containers") if isinstance(spec, Mapping) else None):
        if not isinstance(container, Mapping):
            continue
        words = [*_list(container.get("command")), *_list(container.get("args"))]
        if words and PurePath(str(words[0])).name == _API_SERVER:
            return _joined([str(word) for word in words[1:]])
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _joined(words: list[str]) -> list[str]:
    """Flags as `--name=value`, also where the value is a word of its own."""
    flags: list[str] = []
    for word in words:
        if flags and not word.startswith("-") and "=" not in flags[-1]:
            flags[-1] += f"={word}"
        else:
            flags.append(word)
    return flags
