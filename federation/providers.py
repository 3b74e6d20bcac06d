"""The Terraform providers of the stacks, and the versions with which they work.

The stacks put the ranges into Terraform, and the sandbox looks for mirrors that hold such versions.
"""

from __future__ import annotations

from dataclasses import dataclass

Version = tuple[int, int]
"""Major and minor."""


@dataclass(frozen=True)
class VersionRange:
    """Versions of a provider.

    Attributes:
        first: The oldest one that works.
        end: The first one that is not known to work.
    """

    first: Version
    end: Version

    @property
    def constraint(self) -> str:
        """As Terraform reads it."""
        return f">= {_dotted(self.first)}, < {_dotted(self.end)}"

    def has(self, version: Version) -> bool:
        """Whether a version is one of them."""
        return self.first <= version < self.end


PROVIDERS = {
    "aws": VersionRange((5, 81), (7, 0)),
    "kubernetes": VersionRange((2, 20), (4, 0)),
    "tls": VersionRange((4, 0), (5, 0)),
}
"""The providers of `hashicorp/`; the bindings of cdktf alone would pin one version each."""


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
