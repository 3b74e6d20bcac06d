"""The facts of a Terraform plan, anybody's: what `terraform show -json` prints of one.

Roles with their trust policies, attached and inline policies, OIDC providers, buckets, and what
Kubernetes resources show to everybody. What is sensitive, or known only after the apply, is not
a fact; if a role's trust policy is, that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from federation.errors import UserError
from federation.iam.policy_document import parse_policy
from federation.keys.certificates import Certificate, parse_pem
from federation.model.places import dotted, texts
from federation.secrets import kind_of_secret
from federation.strict_json import json_object
from formats.escaping import printable, quoted
from review.facts.estate import (
    AnonymousAccess,
    Attachment,
    Audiences,
    Chain,
    Estate,
    Fact,
    Permissions,
    PublicBucket,
    RoleTrust,
    Session,
    Setting,
    Thumbprints,
    Unbounded,
    Unreadable,
    Where,
    joined,
)
from review.facts.grants import grants, other_principals
from review.facts.permissions import allowances
from review.plan.reader import mapping
from review.plan.resources import SENSITIVE, Resource, resources

_ANONYMOUS = ("system:anonymous", "system:unauthenticated")
_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
_ACL_BLOCKS = ("block_public_acls", "ignore_public_acls")
"""The policy of a bucket is looked at by itself; ACLs of single objects stand in no plan."""
_DOCUMENTS = (".well-known/openid-configuration", "openid/v1/jwks")


def plan_facts(text: str, file: str) -> Estate:
    """The facts of a plan, as it would leave things.

    Args:
        text: What `terraform show -json PLANFILE` prints.
        file: How the file is called.

    Raises:
        UserError: it is not a plan.
    """
    found = resources(text, file)
    others = _roles_of_others(found)
    ours = (each for each in found if each.type not in _OF_A_ROLE or _role_name(each) not in others)
    trusts = (
        _trust(each, each.text("name") or each.address)
        for each in found
        if each.type == "aws_iam_role" and _role_name(each) in others
    )
    return _once(joined([*map(_resource_facts, ours), *trusts, *map(_setting_facts, found)]))


def _roles_of_others(found: Iterable[Resource]) -> frozenset[str | None]:
    """The names of roles that only services, people or other accounts assume.

    Of these only the trust policy is a fact: what they may do is for those who trust them.
    """
    return frozenset(
        each.text("name")
        for each in found
        if each.type == "aws_iam_role" and not _may_be_federated(each)
    ) - {None}


def _may_be_federated(role: Resource) -> bool:
    text = role.text("assume_role_policy")
    if text is None:
        return True
    try:
        policy = parse_policy(text)
        everybody = any(each.is_everybody for each in other_principals(policy))
        return everybody or bool(grants(policy))
    except UserError:
        return True


def _role_name(resource: Resource) -> str | None:
    return resource.text({"aws_iam_role": "name"}.get(resource.type, "role"))


def _once(estate: Estate) -> Estate:
    """The facts without policies that a role shows since a resource of their own attaches them."""
    attached = {(each.about, each.policy) for each in estate.attachments if not _of_role(each)}
    written = [(each.about, each.policy) for each in estate.permissions if not _of_role(each)]
    return replace(
        estate,
        attachments=tuple(
            each
            for each in estate.attachments
            if not (_of_role(each) and (each.about, each.policy) in attached)
        ),
        permissions=tuple(
            each
            for each in estate.permissions
            if not (_of_role(each) and (each.about, each.policy) in written)
        ),
    )


def _of_role(fact: Fact) -> bool:
    return fact.where.place.endswith((".managed_policy_arns", ".inline_policy"))


def _resource_facts(resource: Resource) -> Estate:
    read = _READERS.get(resource.type)
    return read(resource) if read else Estate()


def _setting_facts(resource: Resource) -> Estate:
    """The texts of a resource, which many can read."""
    parts = []
    if resource.type.startswith("aws_"):
        parts.append(_tags(resource))
    if resource.type.startswith("kubernetes_config_map"):
        parts.append(_config_map(resource))
    if resource.type.startswith("kubernetes_"):
        parts.append(Estate(settings=tuple(_environment(resource, resource.values))))
    parts.append(Estate(settings=tuple(_texts(resource))))
    return joined(parts)


def _texts(resource: Resource) -> Iterator[Setting]:
    """Every other text of a resource that looks like a secret, and is not marked as one."""
    others = {key: each for key, each in resource.values.items() if key not in _SETTINGS}
    for place, value in texts(others):
        if "env" not in place:
            called = next(each for each in reversed(place) if isinstance(each, str))
            if kind_of_secret(called, value):
                yield _setting(resource, _key_text(dotted(place)), called, value)


def _role(resource: Resource) -> Estate:
    about = resource.text("name") or resource.address
    session = resource.values.get("max_session_duration")
    bounded = resource.values.get("permissions_boundary")
    settings = Estate(
        sessions=(Session(resource.where("max_session_duration"), about, session),)
        if isinstance(session, int)
        else (),
        unbounded=() if bounded else (Unbounded(resource.where(), about),),
        attachments=tuple(
            Attachment(resource.where("managed_policy_arns"), about, arn)
            for arn in resource.texts("managed_policy_arns")
        ),
    )
    inline = (
        _permissions(resource.where("inline_policy"), about, block.get("policy"))
        for block in resource.blocks("inline_policy")
    )
    return joined([_trust(resource, about), settings, *inline])


def _trust(resource: Resource, about: str) -> Estate:
    where = resource.where("assume_role_policy")
    text = resource.text("assume_role_policy")
    if text is None:
        return Estate(trusts=(RoleTrust(where, about, None),))
    try:
        return Estate(trusts=(RoleTrust(where, about, parse_policy(text)),))
    except UserError as error:
        return Estate(unreadable=(Unreadable(where, about, str(error)),))


def _permissions(where: Where, about: str, text: Any) -> Estate:
    if not isinstance(text, str):
        return Estate()
    try:
        return Estate(permissions=(Permissions(where, about, json_object("The policy", text)),))
    except UserError as error:
        return Estate(unreadable=(Unreadable(where, about, str(error)),))


def _role_policy(resource: Resource) -> Estate:
    about = resource.text("role") or resource.address
    return _permissions(resource.where("policy"), about, resource.values.get("policy"))


def _policy(resource: Resource) -> Estate:
    about = resource.text("name") or resource.address
    return _permissions(resource.where("policy"), about, resource.values.get("policy"))


def _attachment(resource: Resource) -> Estate:
    policy = resource.text("policy_arn")
    about = resource.text("role") or resource.address
    if policy is None:
        return Estate()
    return Estate(attachments=(Attachment(resource.where("policy_arn"), about, policy),))


def _provider(resource: Resource) -> Estate:
    digests = tuple(digest.lower() for digest in resource.texts("thumbprint_list"))
    audiences = Audiences(resource.where("client_id_list"), "", resource.texts("client_id_list"))
    where = resource.where("thumbprint_list")
    return Estate(
        audiences=(audiences,),
        thumbprints=(Thumbprints(where, "", digests),) if digests else (),
    )


def _presented_chain(resource: Resource) -> Estate:
    """A chain as `tls_certificate` lists it: the top of what is presented first."""
    found: list[Certificate] = []
    for block in reversed(resource.blocks("certificates")):
        pem = block.get("cert_pem")
        if not isinstance(pem, str):
            return Estate()
        found += parse_pem(resource.address, pem)
    chain = Chain(resource.where("certificates"), "", tuple(found))
    return Estate(chains=(chain,) if found else ())


def _bucket_acl(resource: Resource) -> Estate:
    acl = resource.text("acl")
    if acl not in _PUBLIC_ACLS:
        return Estate()
    return Estate(buckets=(PublicBucket(resource.where("acl"), "", f"the ACL {acl!r}"),))


def _bucket_access(resource: Resource) -> Estate:
    # The provider's default of each is false.
    off = [name for name in _ACL_BLOCKS if resource.values.get(name) in (False, None)]
    if not off:
        return Estate()
    return Estate(buckets=(PublicBucket(resource.where(), "", f"{' and '.join(off)} off"),))


def _bucket_policy(resource: Resource) -> Estate:
    """The discovery documents are public by their nature; anything more is not."""
    text = resource.text("policy")
    if text is None:
        return Estate()
    where = resource.where("policy")
    try:
        allowed = list(allowances(json_object("The policy", text)))
    except UserError as error:
        return Estate(unreadable=(Unreadable(where, "", str(error)),))
    return Estate(
        buckets=tuple(
            PublicBucket(where, "", f"{quoted(action)} on {quoted(of)} for everybody")
            for each in allowed
            if each.everybody
            for action in each.actions
            for of in each.resources
            if action.lower() != "s3:getobject" or not of.endswith(_DOCUMENTS)
        )
    )


def _config_map(resource: Resource) -> Estate:
    return Estate(settings=tuple(_settings(resource, "data", resource.values.get("data"))))


def _service_account(resource: Resource) -> Estate:
    found = []
    for block in resource.blocks("metadata"):
        name, namespace = block.get("name"), block.get("namespace") or "default"
        if isinstance(name, str) and isinstance(namespace, str):
            found.append(f"{namespace}/{name}")
    return Estate(service_accounts=tuple(found))


def _binding(resource: Resource) -> Estate:
    subjects = [block.get("name") for block in resource.blocks("subject")]
    roles = [block.get("name") for block in resource.blocks("role_ref")]
    if not any(subject in _ANONYMOUS for subject in subjects):
        return Estate()
    return Estate(
        anonymous=tuple(
            AnonymousAccess(resource.where("role_ref"), "", role)
            for role in roles
            if isinstance(role, str)
        )
    )


def _tags(resource: Resource) -> Estate:
    # The marks of the tags are missing from tags_all, which holds the provider's own too.
    tags = {**mapping(resource.values.get("tags_all")), **mapping(resource.values.get("tags"))}
    return Estate(settings=tuple(_settings(resource, "tags", tags)))


def _settings(resource: Resource, argument: str, values: Any) -> Iterator[Setting]:
    """The texts of a map, the sensitive ones without their values."""
    for key, value in mapping(values).items():
        if isinstance(value, str) or value is SENSITIVE:
            yield _setting(resource, f"{argument}.{_key_text(key)}", key, value)


def _setting(resource: Resource, place: str, name: str, value: Any) -> Setting:
    text = value if isinstance(value, str) else ""
    return Setting(resource.where(place), "", name, text, sensitive=value is SENSITIVE)


def _environment(resource: Resource, value: Any) -> Iterator[Setting]:
    """The environment variables of containers, wherever in a resource they are."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "env" and isinstance(inner, list):
                yield from _variables(resource, inner)
            else:
                yield from _environment(resource, inner)
    elif isinstance(value, list):
        for each in value:
            yield from _environment(resource, each)


def _variables(resource: Resource, variables: Iterable[Any]) -> Iterator[Setting]:
    for each in variables:
        name = each.get("name") if isinstance(each, Mapping) else None
        value = each.get("value") if isinstance(each, Mapping) else None
        if isinstance(name, str) and (isinstance(value, str) or value is SENSITIVE):
            yield _setting(resource, f"env.{_key_text(name)}", name, value)


def _key_text(key: str) -> str:
    return printable(key) if len(key) <= _LONGEST_KEY else quoted(key)


_LONGEST_KEY = 128
_SETTINGS = ("data", "tags", "tags_all")
"""Maps that people fill: they are judged one by one."""
_OF_A_ROLE = ("aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policy_attachment")
_READERS: Mapping[str, Callable[[Resource], Estate]] = {
    "aws_iam_openid_connect_provider": _provider,
    "aws_iam_policy": _policy,
    "aws_iam_role": _role,
    "aws_iam_role_policy": _role_policy,
    "aws_iam_role_policy_attachment": _attachment,
    "aws_s3_bucket": _bucket_acl,
    "aws_s3_bucket_acl": _bucket_acl,
    "aws_s3_bucket_policy": _bucket_policy,
    "aws_s3_bucket_public_access_block": _bucket_access,
    "kubernetes_cluster_role_binding": _binding,
    "kubernetes_cluster_role_binding_v1": _binding,
    "kubernetes_role_binding": _binding,
    "kubernetes_role_binding_v1": _binding,
    "kubernetes_service_account": _service_account,
    "kubernetes_service_account_v1": _service_account,
    "tls_certificate": _presented_chain,
}
