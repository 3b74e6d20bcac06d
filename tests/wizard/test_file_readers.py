"""Every place that opens a file, or parses JSON or YAML, is known and has a reason.

What a person names goes through `federation.named_files`, what others wrote through
`federation.yaml.documents` and `federation.strict_json`. A new place needs a line here, and a
reason.
"""

from __future__ import annotations

import re

from source_calls import calls

READS = re.compile(
    r"open|io\.open|os\.(open|fdopen)|codecs\.open|click\.(open_file|File)|.*\.open"
    r"|(?!wizard\.cli\.options\.).*\.(read_text|read_bytes)|(mmap|linecache|fileinput)\..*"
    r"|json\.loads?|.*\.model_validate_json"
    r"|ruamel\.yaml\.YAML|yaml\.\w*([Ll]oad|[Cc]ompose|[Pp]arse|[Ss]can)\w*|tomllib\.loads?|configparser\..*|plistlib\..*"
    r"|zipfile\.ZipFile|tarfile\..*|ssl\.create_default_context|.*\.load_verify_locations"
)

_OURS = "what this program made itself, in memory"
_WRITTEN = "a file that this program, or a program that it started, wrote below the project"
_SHIPPED = "a file of an installed package"
_REVIEW = "a review: regular files alone, no links, with limits of its own (review.sealing.sealed)"
_SANDBOX = "the sandbox's own folder, or a request of its own tests"

KNOWN = {
    (
        "doctor/checks/tls.py",
        "_context",
        "ssl.create_default_context",
    ): "certifi's authorities; others are read by named_files before",
    (
        "doctor/checks/tls.py",
        "_of_file",
        "ssl.create_default_context",
    ): "certifi's authorities; others are read by named_files before",
    ("federation/yaml/editing.py", "_block", "ruamel.yaml.YAML"): _OURS,
    ("federation/yaml/editing.py", "_brief", "json.loads"): _OURS,
    ("federation/yaml/editing.py", "_is_plain", "ruamel.yaml.YAML"): _OURS,
    ("federation/yaml/editing.py", "_plain", "json.loads"): _OURS,
    (
        "federation/yaml/editing.py",
        "edited",
        "ruamel.yaml.YAML",
    ): "a configuration that documents has read before",
    ("federation/yaml/files.py", "_opened", "os.open"): "writes",
    ("federation/yaml/files.py", "_write_to_open", "os.fdopen"): "writes",
    ("federation/yaml/files.py", "write", "os.fdopen"): "writes",
    ("federation/manifests.py", "binding", "ruamel.yaml.YAML"): _OURS,
    ("federation/manifests.py", "objects", "ruamel.yaml.YAML"): _OURS,
    ("federation/manifests.py", "objects", "yaml.load_all"): _OURS,
    ("federation/named_files.py", "_of_file", "os.open"): "the one reader of files",
    ("federation/model/regions.py", "_endpoint_data", "json.loads"): _SHIPPED,
    (
        "federation/model/regions.py",
        "_endpoint_data",
        "pathlib.Path().with_name().joinpath().read_bytes",
    ): _SHIPPED,
    (
        "federation/secrets.py",
        "_json_in",
        "json.loads",
    ): "a text in memory; too deep counts as text",
    (
        "federation/secrets.py",
        "_masked_json.string",
        "json.loads",
    ): "one string of a JSON text that was read",
    ("federation/strict_json.py", "json_value", "json.loads"): "the one reader of JSON",
    ("federation/yaml/nodes.py", "", "yaml.SafeLoader"): "the one reader of YAML",
    ("review/plan/changes.py", "_mask_value", "json.loads"): _OURS,
    ("review/facts/aws_managed.py", "_policies", "json.loads"): _SHIPPED,
    ("review/facts/aws_managed.py", "_policies", "path.read_text"): _SHIPPED,
    ("review/breaks.py", "json_in", "json.loads"): _OURS,
    ("review/bundle.py", "archive", "zipfile.ZipFile"): "writes",
    (
        "review/bundle_folder.py",
        "_is_archive_of_ours",
        "zipfile.ZipFile",
    ): "bytes that named_files has read; only the names in it are asked",
    (
        "federation/keys/certificates.py",
        "_public_authorities",
        "pathlib.Path().read_bytes",
    ): _SHIPPED,
    ("review/comparison.py", "_settings", "json.loads"): _OURS,
    ("review/facts/grants.py", "_admitted", "json.loads"): _OURS,
    ("review/plan/words.py", "name", "json.loads"): _OURS,
    ("review/report/model.py", "yaml", "ruamel.yaml.YAML"): _OURS,
    ("review/report/signing.py", "canonical", "json.loads"): _OURS,
    ("review/sealing/sealed.py", "_open", "os.fdopen"): _REVIEW,
    ("review/sealing/sealed.py", "_open", "os.open"): _REVIEW,
    ("review/sealing/archive.py", "_content", "archive.open"): _REVIEW,
    ("review/sealing/archive.py", "read", "zipfile.ZipFile"): _REVIEW,
    ("review/terraform/folder.py", "_readable", "json.loads"): _OURS,
    ("review/terraform/portable.py", "_with_inputs", "json.loads"): _OURS,
    ("sandbox/aws.py", "Front.__call__", "json.loads"): _SANDBOX,
    ("sandbox/binaries.py", "build", "path.open"): _SANDBOX,
    ("sandbox/binaries.py", "module_cache", "path.read_bytes"): _SANDBOX,
    ("sandbox/certificates.py", "sign", "key_file.read_bytes"): _SANDBOX,
    ("sandbox/certificates.py", "sign", "key_file.read_text"): _SANDBOX,
    ("sandbox/issuer.py", "_json", "json.loads"): _SANDBOX,
    ("sandbox/issuer.py", "_trust", "context.load_verify_locations"): _SANDBOX,
    ("sandbox/ports.py", "_lost_a_port", "log.read_bytes"): _SANDBOX,
    ("sandbox/processes.py", "last_words", "log.read_text"): _SANDBOX,
    ("sandbox/processes.py", "start", "log.open"): _SANDBOX,
    ("sandbox/sandbox.py", "Sandbox._administrator", "json.loads"): _SANDBOX,
    ("sandbox/sandbox.py", "Sandbox._administrator", "self.kubeconfig.read_text"): _SANDBOX,
    ("sandbox/sandbox.py", "Sandbox._exclusively", "path.open"): _SANDBOX,
    ("sandbox/sandbox.py", "_read", "_state_file().read_text"): _SANDBOX,
    ("sandbox/sandbox.py", "_read", "json.loads"): _SANDBOX,
    (
        "stacks/bindings/imports.py",
        "_ProviderFinder.find_spec",
        "pathlib.Path().read_text",
    ): _SHIPPED,
    ("wizard/__main__.py", "_open_what_is_closed", "pathlib.Path().open"): "/dev/null",
    ("deployment/cdktf/retries.py", "_read_from", "path.open"): _WRITTEN,
    ("deployment/cdktf/planning.py", "_Planning._copy", "json.loads"): _WRITTEN,
    ("deployment/cdktf/planning.py", "_Planning._copy", "path.read_text"): _WRITTEN,
    ("deployment/cdktf/planning.py", "_Planning._hand_over", "json.loads"): _WRITTEN,
    ("deployment/cdktf/planning.py", "_Planning._hand_over", "place.read_text"): _WRITTEN,
    ("deployment/cdktf/state.py", "backend_of", "json.loads"): _WRITTEN,
    ("deployment/cdktf/state.py", "backend_of", "path.read_text"): _WRITTEN,
    ("deployment/cdktf/handover.py", "changing_hands", "json.loads"): _WRITTEN,
    ("deployment/cdktf/handover.py", "changing_hands", "place.read_text"): _WRITTEN,
    ("deployment/cdktf/outputs.py", "_has_outputs", "json.loads"): _WRITTEN,
    ("deployment/cdktf/outputs.py", "_has_outputs", "place.read_text"): _WRITTEN,
    ("deployment/cdktf/outputs.py", "read_outputs", "json.loads"): _WRITTEN,
    ("deployment/cdktf/outputs.py", "read_outputs", "place.read_text"): _WRITTEN,
    ("wizard/cli/migrating.py", "_save", "ruamel.yaml.YAML"): "writes",
    ("wizard/cli/review.py", "_synthesized", "json.loads"): _WRITTEN,
    ("wizard/cli/review.py", "_synthesized", "path.read_text"): _WRITTEN,
    ("wizard/errors.py", "guarded", "os.open"): "writes",
    ("deployment/logs.py", "keep_traceback", "path.open"): "writes",
    ("deployment/preflight.py", "_package_version", "json.loads"): _SHIPPED,
    ("deployment/preflight.py", "_package_version", "package.read_text"): _SHIPPED,
    ("deployment/process.py", "Log.__init__", "os.fdopen"): "writes",
    ("deployment/process.py", "Log.__init__", "os.open"): "writes",
    ("wizard/questions.py", "answers", "json.loads"): _OURS,
    (
        "deployment/surroundings.py",
        "_region",
        "configparser.ConfigParser",
    ): "text that named_files has read",
    ("wizard/tui/live.py", "_read_hcl", "path.read_text"): _WRITTEN,
    ("wizard/tui/terminal.py", "let_go", "os.open"): "/dev/null",
}
"""File, function and what it calls, with what is read there."""


def test_each_place_that_reads_a_file_or_a_document_is_known() -> None:
    assert sorted(calls(READS)) == sorted(KNOWN)
