"""Every place that starts a process, or loads code by a name, is known and has a reason.

Nothing that is read from a cluster, AWS, a discovery document, a state, a plan or a git revision
may become a program, an argument or an environment. A new place needs a line here, and one in
docs/security.md.
"""

from __future__ import annotations

import re

from source_calls import ROOMS, calls

from federation.yaml.files import PROJECT

STARTS = re.compile(
    r"subprocess\.(run|Popen|call|check_call|check_output|getoutput|getstatusoutput)"
    r"|asyncio\.create_subprocess_(exec|shell)|.*\.subprocess_(exec|shell)"
    r"|os\.(system|popen|exec\w+|spawn\w+|posix_spawnp?|fork|forkpty|startfile)"
    r"|pty\.(spawn|fork)|multiprocessing\..*|(concurrent\.futures\.)?ProcessPoolExecutor"
    r"|webbrowser\..*|click\.(launch|edit|echo_via_pager)|.*\.open_url"
    r"|runpy\..*|importlib\.import_module|__import__|eval|exec|compile"
    r"|(pickle|marshal|shelve|dill)\..*|ctypes\..*"
    r"|deployment\.process\.(Command|capture|start_process)"
)

KNOWN = {
    ("bench/measure.py", "peak_mebibytes", "subprocess.Popen"): "main.py, to see its memory",
    ("bench/measure.py", "seconds", "subprocess.run"): "a way to synthesize, to see its time",
    ("bench/results.py", "machine", "subprocess.run"): "node --version",
    ("bench/ways.py", "install_peer", "subprocess.run"): "npm ci, from a lock file of this project",
    ("doctor/live/aws_cli.py", "run_aws_cli", "asyncio.create_subprocess_exec"): (
        "aws sts get-caller-identity, with nothing but the configured environment of a pod"
    ),
    ("sandbox/binaries.py", "_build", "subprocess.Popen"): "go build of pinned modules",
    ("sandbox/processes.py", "start", "subprocess.Popen"): "etcd, the API server, moto",
    (
        "stacks/bindings/__init__.py",
        "install",
        "importlib.import_module",
    ): "constructs",
    ("stacks/bindings/imports.py", "_LazyPackage.exec_module", "importlib.import_module"): (
        "a provider package that is installed"
    ),
    (
        "stacks/bindings/imports.py",
        "_LazyPackage.exec_module.import_submodule",
        "importlib.import_module",
    ): "a module that the provider package itself lists",
    ("tools/lock.py", "resolve", "subprocess.run"): "uv, for the packages that the Pipfile names",
    ("deployment/cdktf/project.py", "Project.command", "deployment.process.Command"): (
        "cdktf, Terraform and main.py: the only place that says how"
    ),
    (
        "deployment/cdktf/run.py",
        "CdktfRun.execute",
        "deployment.process.start_process",
    ): "what Project.command made",
    (
        "deployment/cdktf/planning.py",
        "_Planning._show_plan",
        "deployment.process.capture",
    ): "terraform show",
    (
        "deployment/cdktf/state.py",
        "pull_state",
        "deployment.process.capture",
    ): "terraform state pull",
    ("tools/words.py", "_tracked", "subprocess.run"): "git ls-files",
    ("wizard/cli/__init__.py", "_LazyGroup.get_command", "importlib.import_module"): (
        "one of the commands that are listed there"
    ),
    ("deployment/preflight.py", "node", "deployment.process.Command"): "node --version",
    ("deployment/preflight.py", "node", "deployment.process.capture"): "node --version",
    ("deployment/preflight.py", "terraform", "deployment.process.Command"): "terraform version",
    ("deployment/preflight.py", "terraform", "deployment.process.capture"): "terraform version",
    ("deployment/process.py", "capture", "subprocess.Popen"): "the gateway: each Command is above",
    ("deployment/process.py", "start_process", "asyncio.create_subprocess_exec"): (
        "the gateway: each Command is above"
    ),
    ("wizard/revisions.py", "_blob", "deployment.process.Command"): "git cat-file",
    ("wizard/revisions.py", "_blob", "deployment.process.capture"): "git cat-file",
    ("wizard/tui/live.py", "Live.terraform", "deployment.process.start_process"): "cdktf synth",
    ("wizard/tui/live.py", "_import", "importlib.import_module"): "modules of this project",
    ("wizard/tui/flow.py", "FlowApp.make_screen", "importlib.import_module"): (
        "screens of this project"
    ),
    ("wizard/tui/flow.py", "_import_needed_soon", "importlib.import_module"): (
        "screens of this project"
    ),
}
"""File, function and what it calls, with what that starts or loads."""


def test_each_start_of_a_process_is_known() -> None:
    assert sorted(calls(STARTS, (*ROOMS, "bench", "tools"))) == sorted(KNOWN)


def test_each_file_that_starts_a_process_is_in_the_documentation() -> None:
    page = (PROJECT / "docs" / "security.md").read_text()
    loads = ("importlib.import_module",)
    starting = {file for file, _, called in KNOWN if called not in loads}
    assert [file for file in sorted(starting) if f"`{file}`" not in page] == []
