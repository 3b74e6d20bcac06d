"""A project for the tests of `deployment.cdktf`: an app without jsii, with built-in resources.

Its `main.py` copies what a test wrote into `stacks.json` to where the CDKTF CLI and Terraform look
for a synthesized app, so that both can be run for real without any provider.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deployment.cdktf.project import Project
from federation.yaml.files import PROJECT

_MAIN = """
import json, os, pathlib
out = pathlib.Path(os.environ["CDKTF_OUTDIR"])
stacks = json.loads(pathlib.Path("stacks.json").read_text())
manifest = {"version": "0.21.0", "stacks": {}}
for name, stack in stacks.items():
    folder = out / "stacks" / name
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {output: output for output in stack["configuration"].get("output", {})}
    about = {"metadata": {"version": "0.21.0"}, "outputs": {name: outputs}}
    (folder / "cdk.tf.json").write_text(json.dumps({"//": about, **stack["configuration"]}))
    manifest["stacks"][name] = {
        "name": name, "constructPath": name, "dependencies": stack["dependencies"],
        "workingDirectory": f"stacks/{name}", "annotations": [],
        "synthesizedStackPath": f"stacks/{name}/cdk.tf.json",
        "stackMetadataPath": f"stacks/{name}/metadata.json",
    }
(out / "manifest.json").write_text(json.dumps(manifest))
"""


def project_of(folder: Path, stacks: dict[str, dict[str, Any]], **environment: str) -> Project:
    """A project of these stacks (name to Terraform JSON); each depends on those before it."""
    app = {
        name: {"configuration": configuration, "dependencies": list(stacks)[:at]}
        for at, (name, configuration) in enumerate(stacks.items())
    }
    (folder / "stacks.json").write_text(json.dumps(app))
    (folder / "main.py").write_text(_MAIN)
    (folder / "cdktf.json").write_text('{"language": "python", "app": "python3 main.py"}')
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(PROJECT / "node_modules")
    return Project(folder, tuple(stacks), environment)


def stack(name: str, **parts: Any) -> dict[str, Any]:
    """A stack with a local state, as the real ones have it."""
    return {
        "terraform": {"backend": {"local": {"path": f"../../../state/{name}.tfstate"}}},
        **parts,
    }
