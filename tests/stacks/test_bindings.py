"""Provider imports are fast and change nothing."""

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import typing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from stacks import bindings
from stacks.bindings import imports, node, type_checks

PROJECT = Path(__file__).parents[2]
# jsii's own, filled once, instead of one in each test's home.
PACKAGE_CACHE = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
PROVIDERS = ["aws", "kubernetes", "tls"]

INSTALL = "from stacks import bindings; bindings.install()\n"
TLS_APP = """
import sys
from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_tls.private_key import PrivateKey
from cdktf_cdktf_provider_tls.provider import TlsProvider

app = App(outdir=sys.argv[1])
stack = TerraformStack(app, "tls")
LocalBackend(stack, path="state")  # by default it is where the program runs
TlsProvider(stack, "tls")
PrivateKey(stack, "key", algorithm="ED25519")
app.synth()
"""

# Has each node process write down, when it ends, which submodules of the tls provider it has
# loaded, and has the one that is the kernel print something.
WITNESS = """
if (require("worker_threads").isMainThread) process.on("exit", () => {
  const files = Object.keys(require.cache);
  const loaded = files.flatMap((file) => {
    const match = /provider-tls[\\\\/]lib[\\\\/]([\\w-]+)[\\\\/]index\\.js$/.exec(file);
    return match ? [match[1]] : [];
  });
  const line = JSON.stringify(loaded.sort()) + "\\n";
  require("fs").writeFileSync(process.env.WITNESS, line, { flag: "a" });
  if (files.some((file) => file.endsWith("program.js"))) {
    console.log("Grüße");
    process.stderr.write("to stderr");
  }
});
"""
USED = ["private-key", "provider"]
ALL = [
    "cert-request",
    "data-tls-certificate",
    "data-tls-public-key",
    "locally-signed-cert",
    *USED,
    "self-signed-cert",
]


@pytest.fixture(scope="module", params=PROVIDERS)
def package(request: pytest.FixtureRequest) -> Path:
    """Where a provider's Python package is installed."""
    spec = find_spec(imports.PREFIX + request.param)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@pytest.fixture(scope="module")
def submodules(package: Path) -> tuple[str, ...]:
    """The submodules that a provider's package imports."""
    names = imports.submodules((package / "__init__.py").read_text())
    assert names is not None, f"{package.name} no longer has the form that stacks.bindings knows"
    return names


@pytest.fixture(scope="module")
def javascript(package: Path) -> str:
    """The JavaScript index that a provider's package brings."""
    (tarball,) = (package / "_jsii").glob("*.jsii.tgz")
    with tarfile.open(tarball, "r|gz") as archive:
        source = next(
            archive.extractfile(member)
            for member in archive
            if member.name == "package/lib/index.js"
        )
        assert source is not None
        return source.read().decode()


def test_python_packages_import_the_submodules_that_they_have(
    package: Path, submodules: tuple[str, ...]
) -> None:
    folders = {path.parent.name for path in package.glob("*/__init__.py")} - {"_jsii"}
    assert set(submodules) == folders


def test_every_line_of_the_javascript_index_has_the_known_form(
    javascript: str, submodules: tuple[str, ...]
) -> None:
    known = re.compile(
        r""" "use\ strict"; | Object\.defineProperty\(exports,\ "__esModule",\ {\ value:\ true\ }\);
        | /\*\* | \ \*.* | //.*
        | (exports\.\w+\ =\ )+void\ 0;
        | exports\.(?P<name>\w+)\ =\ require\("\./[\w-]+"\);
        """,
        re.VERBOSE,
    )
    lines = [(line, known.fullmatch(line)) for line in javascript.splitlines()]
    assert [line[:200] for line, match in lines if match is None] == []
    exported = [match["name"] for _, match in lines if match and match["name"]]
    assert sorted(exported) == sorted(map(imports.jsii_name, submodules))


def test_the_javascript_index_loads_no_submodule_by_itself(
    javascript: str, submodules: tuple[str, ...], tmp_path: Path
) -> None:
    # The index lies there alone, so that node fails at a submodule which it loads.
    index = javascript_package(tmp_path, {"index.js": javascript})
    assert loaded_by_node(index) == sorted(map(imports.jsii_name, submodules))


def test_a_javascript_index_of_another_form_is_loaded_as_it_is(tmp_path: Path) -> None:
    other = 'exports.a = require("./a");\nObject.assign(exports, require("./b"));\n'
    files = {"index.js": other, "a.js": "globalThis.early = true;", "b.js": "exports.b = early;"}
    assert loaded_by_node(javascript_package(tmp_path, files)) == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ("from . import provider\n", "from . import provider\nanswer = 42\n"),
        ("from . import provider\n", "from . import provider as other\n"),
        ("from . import provider\n", ""),
        ('    "provider",\n', ""),
        ("\n__all__", '\nclass Root(jsii_type="x.Root"):\n    pass\n\n__all__'),
        ("publication.publish()\n", ""),
    ],
)
def test_a_python_package_of_another_form_is_not_taken(package: Path, change: str, by: str) -> None:
    source = (package / "__init__.py").read_text()
    assert source.count(change) == 1
    assert imports.submodules(source.replace(change, by)) is None


def test_a_python_package_of_another_form_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{imports.PREFIX}other.py").write_text("answer = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    bindings.install()
    assert import_module(f"{imports.PREFIX}other").answer == 42


def test_the_types_that_a_constructor_checks_are_evaluated_once() -> None:
    constructor = import_module("cdktf_cdktf_provider_tls.private_key").PrivateKeyConfig.__init__
    pattern = r"= typing\.get_type_hints\((_typecheckingstub__\w+)\)\n"
    (stub,) = re.findall(pattern, inspect.getsource(constructor))
    function = constructor.__globals__[stub]
    first = typing.get_type_hints(function)
    assert first["algorithm"] is str
    assert typing.get_type_hints(function) is first


def test_types_of_other_functions_are_evaluated_each_time() -> None:
    def function(argument: int) -> None: ...

    first = typing.get_type_hints(function, include_extras=True)
    function.__annotations__["argument"] = str
    assert [first, typing.get_type_hints(function)] == [
        {"argument": int, "return": type(None)},
        {"argument": str, "return": type(None)},
    ]


def test_node_options_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--no-warnings")
    with node.options(Path('/with "quotes" and \\.js')):
        assert os.environ["NODE_OPTIONS"] == (
            r'--no-warnings --require "/with \"quotes\" and \\.js" --preserve-symlinks'
        )
    assert os.environ["NODE_OPTIONS"] == "--no-warnings"
    monkeypatch.delenv("NODE_OPTIONS")
    with node.options(Path("/a.js"), Path("/b.js")):
        assert os.environ["NODE_OPTIONS"] == (
            '--require "/a.js" --require "/b.js" --preserve-symlinks'
        )
    assert "NODE_OPTIONS" not in os.environ


class Local(str):
    """A type that only this module can name."""


def test_arguments_are_accepted_and_refused_as_typeguard_does() -> None:
    values = [None, True, 1, 1.5, "text", Local("text"), [], ["text"], [1], {"key": "text"}, {1: 2}]
    types = [
        *(type(None), bool, int, float, str, Local, typing.Any, "Local"),
        *(typing.Optional[str], typing.Union[bool, "Local"], typing.Sequence[str]),  # noqa: UP045
        typing.Optional[typing.Mapping[str, typing.Optional[str]]],  # noqa: UP045
    ]

    def told(check: typing.Any) -> list[str | None]:
        return [refusal(check, value, expected) for value in values for expected in types]

    def refusal(check: typing.Any, value: object, expected: object) -> str | None:
        try:
            check(argname="argument id", value=value, expected_type=expected)
        except TypeError as error:
            return str(error)
        return None

    answers = told(type_checks._check_type)
    assert answers == told(type_checks._compare)
    assert answers.count(None) not in (0, len(answers))


def nodes() -> list[str]:
    """Each node on PATH, and those that OIDC_IAM_TEST_NODES names."""
    folders = os.environ["PATH"].split(os.pathsep)
    found = [shutil.which("node", path=folder) for folder in folders]
    named = os.environ.get("OIDC_IAM_TEST_NODES", "").split(os.pathsep)
    return sorted({str(Path(path).resolve()) for path in [*found, *named] if path})


@pytest.mark.parametrize("executable", nodes())
def test_each_node_loads_what_is_used_from_a_path_with_spaces(
    executable: str, tmp_path: Path
) -> None:
    project = tmp_path / "a project"
    shutil.copytree(PROJECT / "stacks" / "bindings", project / "stacks" / "bindings")
    env = {"JSII_NODE": executable, "PYTHONPATH": str(project)}
    left = "import os; assert 'lazy_index' not in os.environ['NODE_OPTIONS']\n"
    once = run(INSTALL + left + TLS_APP, tmp_path / "once", **env)
    assert (once.said, once.errors, once.loaded) == ("Grüße\n", "to stderr", [USED])
    assert run(INSTALL * 2 + TLS_APP, tmp_path / "twice", **env) == once


@pytest.fixture(scope="module")
def tls_output(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the small app writes with fast imports."""
    return run(INSTALL + TLS_APP, tmp_path_factory.mktemp("tls") / "fast").written


@pytest.mark.parametrize(
    ("before", "env"),
    [
        ("", {}),
        (INSTALL, {bindings.PLAIN: "1"}),
        ("import cdktf; " + INSTALL, {}),
        ("import cdktf_cdktf_provider_tls; " + INSTALL, {}),
    ],
    ids=["never", "switched off", "after the kernel's start", "after the provider's import"],
)
def test_installed_late_or_never_all_is_loaded_with_the_same_output(
    before: str, env: dict[str, str], tls_output: dict[str, bytes], tmp_path: Path
) -> None:
    # jsii's own two processes: the kernel's ends first, then the one that passes messages on.
    assert run(before + TLS_APP, tmp_path / "slow", **env) == Run(
        tls_output, "Grüße\n", "to stderr", [ALL, []]
    )


def test_a_runtime_that_starts_its_kernel_in_another_way_is_run_as_it_is(tmp_path: Path) -> None:
    runtime = tmp_path / "bin" / "jsii-runtime.js"
    runtime.parent.mkdir()
    runtime.write_text('console.log("as it is");')
    command = ["node", "--require", str(node.ONE_PROCESS), str(runtime)]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"as it is\n"


@pytest.mark.parametrize(
    "env",
    [{"JSII_RUNTIME_PACKAGE_CACHE_ROOT": "/dev/null/cache"}, {"JSII_NODE": "/nowhere/node"}],
    ids=["load", "start"],
)
def test_a_kernel_that_fails_is_told_as_jsii_tells_it(env: dict[str, str], tmp_path: Path) -> None:
    source = """
try:
    from stacks import bindings
    bindings.install()
    import cdktf
    cdktf.App()
except Exception as error:
    print(type(error), error, type(error.__cause__))
"""
    fast = run(source, tmp_path / "fast", **env)
    assert fast.said.strip()
    assert fast.said == run(source, tmp_path / "plain", **env, **{bindings.PLAIN: "1"}).said


MANY_KEYS = """
for number in range(200):  # more than the pipe between Python and node holds
    PrivateKey(stack, f"key-{number}", algorithm="ED25519", ecdsa_curve="x" * number)
"""


def test_resources_whose_answers_are_not_waited_for_are_those_of_plain_imports(
    tmp_path: Path,
) -> None:
    source = INSTALL + TLS_APP.replace("app.synth()", MANY_KEYS + "app.synth()")
    fast = run(source, tmp_path / "fast")
    assert fast.written == run(source, tmp_path / "plain", **{bindings.PLAIN: "1"}).written


@pytest.mark.parametrize(
    ("then", "told"),
    [
        (
            'PrivateKey(stack, "key", algorithm="ED25519")',
            "RuntimeError: There is already a Construct with name 'key' in TerraformStack [tls]",
        ),
        (
            "jsii._runtime.kernel.provider._process._next_object += 1\n"
            'PrivateKey(stack, "other", algorithm="ED25519")',
            "JSIIError: jsii numbers its objects differently: "
            "@cdktf/provider-tls.privateKey.PrivateKey@NUMBER, "
            "not @cdktf/provider-tls.privateKey.PrivateKey@NUMBER. "
            "OIDC_IAM_PLAIN_BINDINGS=1 does without the numbers.",
        ),
    ],
    ids=["the constructor's", "another number"],
)
def test_an_error_in_an_answer_that_was_not_waited_for_is_raised_before_anything_is_written(
    then: str, told: str, tmp_path: Path
) -> None:
    tried = """
print("constructed")
try:
    app.synth()
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""
    source = INSTALL + "import jsii\n" + TLS_APP.replace("app.synth()", then + tried)
    ran = run(source, tmp_path / "out")
    said = re.sub(r"@\d+", "@NUMBER", ran.said)
    assert (said, ran.written) == (f"constructed\n{told}\nGrüße\n", {})


@pytest.mark.breadth
def test_output_and_behaviour_are_those_of_plain_imports(tmp_path: Path) -> None:
    # One process for all: plain imports take as long as all other tests of this folder.
    source = INSTALL + Path(__file__).with_name("bindings_program.py").read_text()
    folders = [Path(__file__).with_name("configurations"), PROJECT / "clusters"]
    configurations = [str(path) for folder in folders for path in sorted(folder.glob("*.yaml"))]
    fast = run(source, tmp_path / "fast", *configurations)
    plain = run(source, tmp_path / "plain", *configurations, **{bindings.PLAIN: "1"})
    folders_written = {name.partition("/")[0] for name in fast.written}
    assert folders_written == {"probe", "seen.json", *(Path(name).stem for name in configurations)}
    assert fast.written == plain.written


class Run(NamedTuple):
    """What a Python program did."""

    written: dict[str, bytes]
    """The files that it wrote, by path."""
    said: str
    """What it printed."""
    errors: str
    """What it printed to stderr."""
    loaded: list[list[str]]
    """The tls provider's submodules that node loaded for it, in each of its node processes."""


def run(source: str, out: Path, *arguments: str, **env: str) -> Run:
    """Run a Python program that writes into the folder `out`, its first argument."""
    witness = out.with_suffix(".js")
    witness.write_text(WITNESS)
    told = out.with_suffix(".loaded")
    env = {
        "PYTHONPATH": str(PROJECT),
        "NODE_OPTIONS": f'--require "{witness}"',
        "WITNESS": str(told),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(PACKAGE_CACHE),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20,22,24",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
    } | env
    program = out.with_suffix(".py")
    program.write_text(source)
    command = [sys.executable, str(program), str(out), *arguments]
    ended = subprocess.run(
        command, cwd=out.parent, env=os.environ | env, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return Run(
        {str(path.relative_to(out)): path.read_bytes() for path in files},
        ended.stdout,
        ended.stderr,
        [json.loads(line) for line in told.read_text().splitlines()] if told.exists() else [],
    )


def javascript_package(folder: Path, files: dict[str, str]) -> Path:
    """Lay out a provider's JavaScript package, and give its index."""
    lib = folder / "node_modules" / "@cdktf" / "provider-any" / "lib"
    lib.mkdir(parents=True)
    for name, source in files.items():
        (lib / name).write_text(source)
    return lib / "index.js"


def loaded_by_node(index: Path) -> list[str]:
    """The names that a JavaScript file exports, with the hook in place."""
    script = "console.log(JSON.stringify(Object.keys(require(process.argv[1])).sort()))"
    command = ["node", "--require", str(node.LAZY_INDEX), "-e", script, str(index)]
    names: list[str] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return names
