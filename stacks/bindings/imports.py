"""The Python half: provider packages whose submodules load on first use.

The package bodies that jsii-pacmak generates for `cdktf_cdktf_provider_*` define nothing: they load
the assembly into the jsii kernel, then import every submodule so that its types are registered.
The finder here reads such a body, and if it is nothing but that list, gives the package a loader
that loads the assembly alone. Attributes import their submodule (PEP 562), and jsii is told which
module holds which types, so that it can import one for an object that the kernel returns.
"""

import importlib
import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType

from jsii import _reference_map

PREFIX = "cdktf_cdktf_provider_"

_BODY = re.compile(
    r"""
    \nfrom\ \._jsii\ import\ \*\n
    \n__all__\ =\ \[\n (?P<names> (?:\ {4}"\w+",\n)+ ) \]\n
    \npublication\.publish\(\)\n
    (?:\n\#.*)* \n
    (?P<imports> (?:from\ \.\ import\ \w+\n)+ )
    \Z""",
    re.VERBOSE,
)


def install() -> None:
    """Put the finder first on `sys.meta_path`, once."""
    if not any(isinstance(finder, _ProviderFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _ProviderFinder())


def submodules(source: str) -> tuple[str, ...] | None:
    """List the submodules that a provider package's `__init__` imports.

    Returns:
        Their names, or None where the source does anything else than jsii-pacmak's usual
        `__init__`, so that it has to be run.
    """
    body = _BODY.search(source)
    if body is None or "jsii_type=" in source:
        return None
    published = tuple(re.findall(r"\w+", body["names"]))
    imported = re.findall(r"import (\w+)", body["imports"])
    return published if set(imported) == set(published) else None


def jsii_name(submodule: str) -> str:
    """Give the name that jsii has for a submodule: `iam_role` is `iamRole`."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), submodule)


class _ProviderFinder(MetaPathFinder):
    """Answers for top-level provider packages of the usual form, and for nothing else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None or not fullname.startswith(PREFIX):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or _fqn_map() is None:
            return spec
        names = submodules(Path(spec.loader.path).read_text(encoding="utf-8"))
        if names is not None:
            spec.loader = _LazyPackage(fullname, spec.loader.path, names)
        return spec


class _LazyPackage(SourceFileLoader):
    """Loads a provider package without running its body."""

    def __init__(self, fullname: str, path: str, names: tuple[str, ...]) -> None:
        super().__init__(fullname, path)
        self._submodules = names

    def exec_module(self, module: ModuleType) -> None:
        def import_submodule(name: str) -> ModuleType:
            if name not in self._submodules:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return importlib.import_module(f"{module.__name__}.{name}")

        vars(module).update(
            __all__=list(self._submodules),
            __dir__=lambda: sorted({*vars(module), *self._submodules}),
            __getattr__=import_submodule,
        )
        assembly = importlib.import_module(f"{module.__name__}._jsii").__jsii_assembly__
        known = _fqn_map()
        if known is not None:
            for name in self._submodules:
                known[f"{assembly.name}.{jsii_name(name)}"] = f"{module.__name__}.{name}"


def _fqn_map() -> dict[str, str] | None:
    """Find jsii's own table of the modules to import for a type, or None if it has none."""
    return getattr(_reference_map, "_submodule_fqn_map", None)
