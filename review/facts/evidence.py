"""What files tell about a cluster and about roles that are not ours: read, and made facts of.

Each function takes a file's text and how the file is called; `wizard.cli.lint` reads the files.
Messages quote nothing of a file but names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from apiserver.flags import AUDIENCES
from apiserver.reading import readings_in
from federation.errors import UserError
from federation.iam.policy_document import parse_policy
from federation.keys.certificates import parse_pem
from federation.strict_json import json_object
from federation.yaml.documents import DocumentError, objects
from review.facts.estate import Audiences, Chain, Estate, RoleTrust, Where


def service_accounts(text: str, file: str) -> Estate:
    """The service accounts in what `kubectl get serviceaccounts -A -o json` (or yaml) prints.

    Raises:
        UserError: it is not such a list.
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
        UserError: IAM does not accept it.
    """
    try:
        role = json_object("The policy", text).get("Role")
        written = role.get("AssumeRolePolicyDocument") if isinstance(role, Mapping) else None
        policy = parse_policy(text if written is None else json.dumps(written))
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    about = role.get("RoleName") if isinstance(role, Mapping) else None
    return Estate(trusts=(RoleTrust(Where(file), str(about or PurePath(file).stem), policy),))


def api_server(text: str, file: str) -> Estate:
    """The audiences of API servers: of a manifest, or of whatever else `apiserver --from` takes.

    Raises:
        UserError: it does not say how an API server runs.
    """
    where = Where(file, f"--{AUDIENCES}")
    accepted = dict.fromkeys(each.settings.accepted_audiences for each in readings_in(text, file))
    return Estate(
        audiences=tuple(
            Audiences(where, "", tuple(sorted(audiences)), of_api_server=True)
            for audiences in accepted
        )
    )


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


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
