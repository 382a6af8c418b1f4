"""Files of answers and photos go out beside the database's backup and come back by what is in them."""

import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from data.backup_files import backup_files, files_beside, restore_files
from data.stores.photos import PhotoFolder
from geo.errors import NeedleError

CONTENTS = [b"a signature", b"a photo" * 5000, b""]


def silent(_label: str, done: int, total: int) -> None:
    assert 0 <= done <= total


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with files of answers, a photo, a key, and what an interrupted write left."""
    home = tmp_path / "home"
    for content in CONTENTS:
        PhotoFolder(home / "attachments", "").keep(sha256(content).hexdigest(), content)
    PhotoFolder(home / "photos").keep(sha256(b"street").hexdigest(), b"street")
    (home / "secrets").mkdir()
    (home / "secrets" / "links.key").write_bytes(b"secret")
    (home / "photos" / "ab").mkdir(exist_ok=True)
    (home / "photos" / "ab" / "tmp1234").write_bytes(b"half")
    return home


def kept(home: Path) -> dict[str, bytes]:
    return {
        file.relative_to(home).as_posix(): file.read_bytes()
        for folder in ("attachments", "photos")
        for file in (home / folder).rglob("*")
        if file.is_file() and not file.name.startswith("tmp")
    }


def test_files_come_back_and_keys_never_leave(home: Path, tmp_path: Path) -> None:
    dump = tmp_path / "needle.dump"
    assert backup_files(home, dump, silent) == 4
    with zipfile.ZipFile(files_beside(dump)) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"attachments", "photos"}
    other = tmp_path / "other"
    PhotoFolder(other / "photos").keep(sha256(b"street").hexdigest(), b"street")
    assert restore_files(other, dump, silent) == 3
    assert kept(other) == kept(home)
    assert restore_files(other, dump, silent) == 0


def test_a_backup_without_files_restores_none(tmp_path: Path) -> None:
    assert restore_files(tmp_path / "home", tmp_path / "old.dump", silent) == 0


@pytest.mark.parametrize(
    "name", ["../../evil", "secrets/ab/" + "c" * 62, "attachments/ab/" + "c" * 62, "attachments/x"]
)
def test_what_is_no_file_of_ours_is_refused(name: str, tmp_path: Path) -> None:
    """Outside of the folders, or of other content than its name says."""
    dump = tmp_path / "needle.dump"
    with zipfile.ZipFile(files_beside(dump), "w") as archive:
        archive.writestr(name, b"something else")
    with pytest.raises(NeedleError) as refused:
        restore_files(tmp_path / "home", dump, silent)
    assert refused.value.code == "backup.unreadable"
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [files_beside(dump)]


def test_a_damaged_archive_is_told(home: Path, tmp_path: Path) -> None:
    dump = tmp_path / "needle.dump"
    backup_files(home, dump, silent)
    whole = files_beside(dump).read_bytes()
    files_beside(dump).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NeedleError) as refused:
        restore_files(tmp_path / "other", dump, silent)
    assert refused.value.code == "backup.unreadable"
