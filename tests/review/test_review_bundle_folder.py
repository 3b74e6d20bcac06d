"""Where a bundle may be written, and what becomes of what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation.errors import UserError
from formats.escaping import quoted
from review import bundle_folder
from review.bundle_folder import is_archived_otherwise, refuse_foreign, write
from review.sealing.seal import CHECKSUMS, checksum


def texts(**files: str) -> dict[str, str]:
    """A bundle of these files, in a folder of their own."""
    named = {f"terraform/{name}.tf": text for name, text in files.items()}
    sums = "".join(f"{checksum(text.encode())}  {name}\n" for name, text in named.items())
    return {**named, CHECKSUMS: sums}


def found(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refusal(folder: Path, *, zipped: bool = False) -> str:
    with pytest.raises(UserError) as caught:
        refuse_foreign(folder, zipped)
    return str(caught.value).replace(str(folder.parent), "...")


def test_a_new_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    write(texts(a="1"), tmp_path / "one" / "two", None)
    assert found(tmp_path / "one" / "two") == texts(a="1")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["two"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write(texts(a="1"), tmp_path / "out", None)
    assert found(tmp_path / "out") == texts(a="1")


def test_nothing_of_an_earlier_run_stays(tmp_path: Path) -> None:
    write(texts(a="1", b="2"), tmp_path / "out", "prod-review")
    write(texts(a="3"), tmp_path / "out", "prod-review")
    assert found(tmp_path / "out") == texts(a="3")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.zip"]


def test_a_name_that_no_folder_can_have_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / ("a" * 300)) == (
        f"--output: {quoted(str(tmp_path / ('a' * 300)))} cannot be looked at: File name too long. "
        "Name another folder."
    )


def test_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "theirs").touch()
    assert refusal(tmp_path / "out") == (
        ".../out is not empty, and holds no review of an earlier run: name a new folder with "
        "--output."
    )


def test_a_folder_of_others_is_refused_although_it_holds_nothing_but_folders(
    tmp_path: Path,
) -> None:
    (tmp_path / "out" / "theirs").mkdir(parents=True)
    assert refusal(tmp_path / "out") == (
        ".../out is not empty, and holds no review of an earlier run: name a new folder with "
        "--output."
    )
    (tmp_path / "out" / "theirs").rmdir()
    write(texts(a="1"), tmp_path / "out", None)
    (tmp_path / "out" / "theirs").mkdir()
    assert refusal(tmp_path / "out") == (
        ".../out holds what is not of an earlier run, or was changed since: theirs. Move it away, "
        "or name a new folder with --output."
    )


def test_what_was_put_into_an_earlier_review_is_refused(tmp_path: Path) -> None:
    write(texts(a="1"), tmp_path / "out", None)
    for name in ("terraform.tfstate", "4", "5", "\udcff"):
        (tmp_path / "out" / "terraform" / name).touch()
    assert refusal(tmp_path / "out") == (
        ".../out holds what is not of an earlier run, or was changed since: terraform/4, "
        "terraform/5, terraform/terraform.tfstate and 1 more. Move it away, or name a new folder "
        "with --output."
    )


def test_an_earlier_review_that_somebody_changed_is_refused(tmp_path: Path) -> None:
    write(texts(a="1"), tmp_path / "out", None)
    (tmp_path / "out" / "terraform" / "a.tf").write_text("signed")
    assert refusal(tmp_path / "out") == (
        ".../out holds what is not of an earlier run, or was changed since: terraform/a.tf. "
        "Move it away, or name a new folder with --output."
    )
    with pytest.raises(UserError):
        write(texts(a="2"), tmp_path / "out", None)
    assert (tmp_path / "out" / "terraform" / "a.tf").read_text() == "signed"


def test_a_link_among_the_files_is_refused(tmp_path: Path) -> None:
    write(texts(a="1"), tmp_path / "out", None)
    file = tmp_path / "out" / "terraform" / "a.tf"
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out" / "folder").symlink_to(tmp_path)
    assert refusal(tmp_path / "out") == (
        ".../out holds what is not of an earlier run, or was changed since: folder, "
        "terraform/a.tf. Move it away, or name a new folder with --output."
    )


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    assert refusal(tmp_path / "out") == ".../out is a file: name another folder with --output."
    with pytest.raises(UserError, match=r"/out is a file: name another folder"):
        refuse_foreign(tmp_path / "out" / "below" / "it", False)


def test_an_archive_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.zip").write_text("theirs")
    assert refusal(tmp_path / "out", zipped=True) == (
        ".../out.zip is not the archive of a review: move it away."
    )
    refuse_foreign(tmp_path / "out", False)


def test_an_archive_that_is_of_another_bundle_is_known(tmp_path: Path) -> None:
    write(texts(a="1"), tmp_path / "out", "prod-review")
    assert not is_archived_otherwise(texts(a="1"), tmp_path / "out", "prod-review")
    assert is_archived_otherwise(texts(a="2"), tmp_path / "out", "prod-review")
    assert not is_archived_otherwise(texts(a="2"), tmp_path / "elsewhere", "prod-review")


def test_where_a_link_points_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    write(texts(a="1"), tmp_path / "real", None)
    (tmp_path / "out").symlink_to(tmp_path / "real")
    write(texts(a="2"), tmp_path / "out", "prod-review")
    assert (tmp_path / "out").is_symlink()
    assert found(tmp_path / "real") == texts(a="2")
    assert (tmp_path / "real.zip").exists()


def test_what_cannot_be_written_leaves_the_earlier_review(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(texts(a="1"), tmp_path / "out", None)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle_folder, "_write_files", full)
    with pytest.raises(UserError, match="No space left on device"):
        write(texts(a="2"), tmp_path / "out", None)
    assert found(tmp_path) == {f"out/{name}": text for name, text in texts(a="1").items()}


def test_a_swap_that_fails_half_way_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(texts(a="1"), tmp_path / "out", None)
    monkeypatch.setattr(bundle_folder, "_write_files", lambda *_: None)
    with pytest.raises(UserError, match="No such file or directory"):
        write(texts(a="2"), tmp_path / "out", None)
    assert found(tmp_path) == {f"out/{name}": text for name, text in texts(a="1").items()}
