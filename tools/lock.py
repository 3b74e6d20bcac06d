"""Write Pipfile.lock from Pipfile with uv's resolver.

`pipenv lock` backtracks for more than ten minutes over this set of packages; uv resolves the same
Pipfile in seconds. The result is a plain Pipfile.lock, which `pipenv sync` and `pipenv verify`
read, with hashes and without the address of a package index.

Run with `make lock`, in the environment of `tools/bootstrap.txt`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipenv.vendor.plette import Pipfile

PYTHON = "3.11"
_COMPILE = (
    "pip compile --quiet --universal --fork-strategy fewest --generate-hashes --no-emit-index-url "
    "--no-annotate --no-header --no-strip-extras"
).split()
PIN = re.compile(
    r"^(?P<name>[\w.-]+)(\[(?P<extras>[\w, -]+)\])?==(?P<version>[^\s;\\]+)"
    r"(\s*;\s*(?P<markers>[^\\]+?))?\s*(?P<hashes>(\\\n\s+--hash=\S+\s*)+)",
    re.MULTILINE,
)


def requirement(name: str, wanted: str | dict[str, Any]) -> str:
    """One Pipfile entry as a PEP 508 requirement."""
    if isinstance(wanted, str):
        wanted = {"version": wanted}
    extras = f"[{','.join(wanted['extras'])}]" if "extras" in wanted else ""
    version = wanted["version"]
    return f"{name}{extras}{'' if version == '*' else version}"


def resolve(requirements: list[str]) -> dict[str, dict[str, Any]]:
    """Every package that the requirements need, as Pipfile.lock's entries."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "requirements.in")
        source.write_text("\n".join(requirements) + "\n")
        pins = subprocess.run(
            [sys.executable, "-m", "uv", *_COMPILE, "--python-version", PYTHON, str(source)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    packages: dict[str, dict[str, Any]] = {}
    for match in PIN.finditer(pins):
        entry: dict[str, Any] = {
            "hashes": sorted(re.findall(r"--hash=(\S+)", match["hashes"])),
            "version": f"=={match['version']}",
        }
        if match["extras"]:
            entry["extras"] = match["extras"].split(", ")
        if match["markers"]:
            entry["markers"] = match["markers"].strip()
        packages[match["name"]] = entry
    if len(packages) != len(re.findall(r"^\S+.*==", pins, re.MULTILINE)):
        raise SystemExit("uv's answer has lines that are not understood here: nothing was written.")
    return packages


def main() -> None:
    """Resolve the Pipfile in the current folder and write Pipfile.lock beside it."""
    with Path("Pipfile").open() as source:
        pipfile = Pipfile.load(source)
    default = [requirement(*entry) for entry in pipfile._data["packages"].items()]
    develop = [requirement(*entry) for entry in pipfile._data["dev-packages"].items()]
    everything = resolve(default + develop)
    # The product's own packages take the versions that go with the development set.
    product = {name: everything[name] for name in resolve(default)}
    lock = {
        "_meta": {
            "hash": {"sha256": pipfile.get_hash().value},
            "pipfile-spec": 6,
            "requires": pipfile._data["requires"],
            "sources": [],
        },
        "default": product,
        "develop": {name: entry for name, entry in everything.items() if name not in product},
    }
    Path("Pipfile.lock").write_text(json.dumps(lock, indent=4, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
