"""Where the two discovery documents are served, and who can read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from apiserver.authentication import authentication_configuration
from apiserver.distributions import distribution_of, may_use_kubeadm
from federation.discovery_bucket import refuses_without_tls
from federation.model.config import ANONYMOUS_PATHS_MINOR, Bucket
from federation.model.names import DISCOVERY_BINDING, DISCOVERY_ROLE
from review.report.material import Material
from review.report.model import (
    Block,
    Code,
    Listing,
    Paragraph,
    Section,
    Strong,
    Table,
    prose,
    yaml,
)


def discovery(material: Material) -> Section:
    """The documents, and what shows them to AWS."""
    config = material.config
    blocks: list[Block] = [
        Paragraph(
            prose(
                "AWS reads two documents over the internet, without credentials, and so can "
                "anyone who reaches them. They hold the issuer's name and its public keys: "
                "nothing in them is secret, but anyone who can change them, or answer in their "
                "place, can obtain every role."
            )
        ),
        Table(
            "The documents",
            ("Document", "Address"),
            (
                ((("discovery document",),), ((Code(config.openid_configuration_url),),)),
                ((("public keys (JWKS)",),), ((Code(config.jwks_uri),),)),
            ),
        ),
    ]
    if config.discovery.s3:
        blocks += _bucket(material, config.discovery.s3)
    if config.discovery.hosting == "apiserver":
        blocks += _EXPOSURES[config.discovery.exposure](material)
    elif config.discovery.exposure != "none":
        blocks.append(_BESIDES)
    return Section("Discovery documents", tuple(blocks))


_BESIDES = Paragraph(
    prose(
        "The ClusterRoleBinding `oidc-reviewer` also lets requests without credentials read the "
        "API server's own two documents. AWS does not read those: `discovery.exposure: none` "
        "removes the binding."
    )
)


def _bucket(material: Material, settings: Bucket) -> Iterator[Block]:
    config = material.config
    if settings.acm_certificate_arn:
        yield Paragraph(
            prose(
                "CloudFront serves them for {} with the certificate {}, from the private bucket "
                "{}: public access is blocked, and the bucket's policy lets this one distribution "
                "read the two objects.",
                config.issuer_host,
                settings.acm_certificate_arn,
                settings.bucket,
            )
        )
    else:
        yield Paragraph(
            prose(
                "The bucket {} serves them. Its policy lets anyone read these two objects, and "
                "nothing else; for that, the bucket does not block public policies. ACLs stay "
                "blocked and ownership is enforced. Nobody may list or write.",
                settings.bucket,
            )
        )
    without_tls = "are denied" if refuses_without_tls(config) else ("are admitted by this emulator")
    yield Paragraph(
        prose(
            f"Requests without TLS {without_tls}, and old versions of the objects are kept. The "
            "API server itself needs no address on the internet. {} any identity of the account "
            "with `s3:PutObject` on the bucket can publish a key of its own, and obtain every "
            "role.",
            Strong("Anyone who can write the objects controls every role:"),
        )
    )
    if material.keys:
        yield Table(
            "Public keys that will be published",
            ("Key id", "Type", "Algorithm", "File"),
            tuple(
                (
                    ((Code(key.kid),),),
                    ((key.jwk["kty"],),),
                    ((key.jwk["alg"],),),
                    ((Code(_named(key.source)),),),
                )
                for key in material.keys
            ),
        )
        yield Paragraph(
            prose(
                "A key ID is the unpadded base64url of the SHA-256 of the public key (DER), so "
                "it identifies the key. They must be exactly the API server's keys."
            )
        )


def _binding(material: Material) -> Iterator[Block]:
    yield _bound()
    yield Paragraph(
        prose(
            "{} For AWS to get in, the API server must accept anonymous requests on every path, "
            "and only RBAC decides what they see: these two documents, and by default "
            "`/version`, `/livez`, `/readyz` and `/healthz`; on kubeadm clusters also the "
            "ConfigMap `cluster-info` of `kube-public`; and anything else that is bound to {} "
            "or {}. CIS Kubernetes Benchmark 1.2.1 requires `--anonymous-auth=false`, and this "
            "does not satisfy it.",
            Strong("The trade-off."),
            "system:unauthenticated",
            "system:anonymous",
        )
    )
    yield Paragraph(prose(_narrower(material)))
    yield from _reach(material)
    yield from _off_by_default(material)


def _narrower(material: Material) -> str:
    minor = material.config.kubernetes.minor
    remedy = (
        "`discovery.exposure: authentication-config` restricts it: the API server then accepts "
        "anonymous requests only for a list of exact paths (KEP-4633), which CIS 1.2.1 accepts."
    )
    if minor is None:
        return (
            f"{remedy} It needs Kubernetes 1.{ANONYMOUS_PATHS_MINOR} or newer (alpha in 1.31, beta "
            "in 1.32, stable in 1.34); the configuration has no version."
        )
    if minor < ANONYMOUS_PATHS_MINOR:
        return (
            f"The narrower form, a list of paths (KEP-4633), came with 1.{ANONYMOUS_PATHS_MINOR}; "
            f"this cluster has 1.{minor}."
        )
    stage = "an alpha feature" if minor == 31 else "beta" if minor < 34 else "stable"
    return f"{remedy} In this cluster's version, 1.{minor}, it is {stage}."


def _allowlist(material: Material) -> Iterator[Block]:
    config = material.config
    document = authentication_configuration(
        config.kubernetes.minor, uses_kubeadm=may_use_kubeadm(config)
    )
    yield _bound()
    yield Paragraph(
        prose(
            "In addition, each API server restricts anonymous requests to a list of exact paths "
            "(KEP-4633): others get 401 before RBAC is asked, no matter what is bound to "
            "`system:unauthenticated`. CIS Kubernetes Benchmark 1.2.1 accepts such a list. {} "
            "the cluster's owner puts its file on each API server; `python -m wizard doctor` "
            "shows whether it works.",
            Strong("A deployment does not set it:"),
        )
    )
    yield Listing("The file for --authentication-config", "yaml", yaml([document]))
    yield from _reach(material)


def _nothing(material: Material) -> Iterator[Block]:
    yield Paragraph(
        prose(
            "This configuration does not serve the documents: something outside it, such as a "
            "proxy or a web server, must. {} Anyone who can write what it serves controls every "
            "role, and is not part of this document.",
            Strong("Ask its operator."),
        )
    )


def _bound() -> Block:
    return Paragraph(
        prose(
            "The API server serves them. The ClusterRoleBinding {} gives requests without "
            "credentials (the group {}) the built-in ClusterRole {}, which allows `get` on these "
            "two documents and nothing else.",
            DISCOVERY_BINDING,
            "system:unauthenticated",
            DISCOVERY_ROLE,
        )
    )


def _reach(material: Material) -> Iterator[Block]:
    path = material.config.issuer_key.removeprefix(material.config.issuer_host)
    if path:
        yield Paragraph(
            prose(
                "The API server serves them at its root, and the issuer has the path {}: a "
                "proxy must answer for it below that path. {} Anyone who can change what the "
                "proxy answers controls every role.",
                path,
                Strong("Ask its operator."),
            )
        )
    yield Paragraph(
        prose(
            "AWS must reach the API server, or a proxy in front of it, on port 443. If that is "
            "the API server itself, its login is on the internet too; `discovery.hosting: s3` "
            "avoids that."
        )
    )


def _off_by_default(material: Material) -> Iterator[Block]:
    distribution = distribution_of(material.config)
    if not distribution.anonymous:
        yield Paragraph(
            prose(
                "{} rejects anonymous requests by default, which must be changed on the control "
                "plane: review that change too.",
                distribution.title,
            )
        )


_EXPOSURES = {
    "binding": _binding,
    "authentication-config": _allowlist,
    "none": _nothing,
}


def _named(source: str) -> str:
    """A file without the folders of one machine."""
    return PurePosixPath(source).name if source.startswith("/") else source
