import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from converter.download.unpack import Limits, unpack
from converter.errors import DownloadError

BROKEN = r"a damaged archive|cannot be unpacked|ends early"


def tar_of(path: Path, members: Iterable[tarfile.TarInfo | tuple[str, bytes]], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            tar.addfile(info, io.BytesIO(member[1]))
    return path


def zip_of(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return path


def link(name: str, to: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(archive: Path, home: Path, match: str, limits: Limits | None = None) -> None:
    before = sorted(home.rglob("*"))
    with pytest.raises(DownloadError, match=match):
        unpack(archive, home / "out", limits)
    assert sorted(home.rglob("*")) == before


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_of_every_compression_unpacks_whole(home: Path, mode: str):
    archive = tar_of(home / "a.bin", [("VOC/a.txt", b"one"), ("./VOC/deep/b", b""), ("c", bytes(3_000_000))], mode)
    assert tree(unpack(archive, home / "new" / "out")) == {
        "VOC/a.txt": b"one",
        "VOC/deep/b": b"",
        "c": bytes(3_000_000),
    }
    assert [path.name for path in (home / "new").iterdir()] == ["out"]


def test_a_zip_unpacks_whole(home: Path):
    archive = zip_of(home / "a.zip", [("folder/", b""), ("folder/a", b"one"), ("b", b"two")])
    assert tree(unpack(archive, home / "out")) == {"folder/a": b"one", "b": b"two"}


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/tmp/x", "..", "..\\x", "C:\\x", "C:/x"])
def test_a_member_that_leads_out_is_refused(home: Path, name: str):
    refused(tar_of(home / "a.tar", [("good", b"1"), (name, b"2")]), home, "leads out of the folder")
    refused(zip_of(home / "a.zip", [("good", b"1"), (name, b"2")]), home, "leads out of the folder")


def test_a_file_without_a_name_is_refused(home: Path):
    refused(tar_of(home / "a.tar", [("good", b"1"), (".", b"2")]), home, "has no name")
    nameless = home / "a.zip"
    nameless.write_bytes(zip_of(home / "x.zip", [("?", b"1")]).read_bytes().replace(b"?", b"\0"))
    refused(nameless, home, "has no name")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("to", ["/etc/passwd", "../../etc/passwd", "..", ".", "nowhere", "folder/../../x"])
def test_a_link_out_is_refused(home: Path, kind: bytes, to: str):
    refused(
        tar_of(home / "a.tar", [("good", b"1"), link("folder/x", to, kind)]), home, "which is no file of the archive"
    )


def test_writing_through_a_link_is_refused(home: Path):
    members = [link("door", "/tmp", tarfile.SYMTYPE), ("door/x", b"out")]
    refused(tar_of(home / "a.tar", members), home, "link to '/tmp'")


def test_links_within_the_archive_become_copies(home: Path):
    members = [("d/a", b"one"), link("d/soft", "a", tarfile.SYMTYPE), link("hard", "d/a", tarfile.LNKTYPE)]
    out = unpack(tar_of(home / "a.tar", members), home / "out")
    assert tree(out) == {"d/a": b"one", "d/soft": b"one", "hard": b"one"}
    assert not (out / "d" / "soft").is_symlink()


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_or_pipe_is_refused(home: Path, kind: bytes):
    refused(tar_of(home / "a.tar", [link("null", "", kind)]), home, "is a device or pipe")


def test_a_link_in_a_zip_is_refused(home: Path):
    info = zipfile.ZipInfo("door")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(home / "a.zip", "w") as packed:
        packed.writestr(info, "/etc")
    refused(home / "a.zip", home, "is a link or device")


def test_a_bomb_is_refused_by_what_it_becomes_in_proportion(home: Path):
    limits = Limits(free_bytes=1 << 20, ratio=50)
    refused(zip_of(home / "a.zip", [("zeros", bytes(20 << 20))]), home, "refused as a bomb", limits)
    refused(tar_of(home / "a.tgz", [("zeros", bytes(20 << 20))]), home, "refused as a bomb", limits)


def test_many_small_members_that_add_up_to_a_bomb_are_refused(home: Path):
    members = [(f"zeros{i}", bytes(1 << 20)) for i in range(20)]
    refused(tar_of(home / "a.tgz", members), home, "refused as a bomb", Limits(free_bytes=4 << 20, ratio=50))


def test_more_members_than_allowed_are_refused(home: Path):
    refused(
        zip_of(home / "a.zip", [(f"{i}", b"") for i in range(11)]), home, "more than 10 members", Limits(members=10)
    )


def test_a_header_that_wants_gigabytes_of_memory_is_refused(home: Path):
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
    with gzip.open(home / "a.tgz", "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    refused(home / "a.tgz", home, "a header of 8,589,934,592 bytes")


@pytest.mark.parametrize(("mode", "step"), [("w:gz", 31), ("w", 512), ("w", 1777)])
def test_an_archive_cut_anywhere_is_refused_and_leaves_nothing(home: Path, mode: str, step: int):
    whole = tar_of(home / "whole", [(f"f{i}", bytes(range(256)) * i) for i in range(12)], mode).read_bytes()
    needed = len(whole.rstrip(b"\0")) if mode == "w" else len(whole) - 8
    for end in range(0, needed, step):
        (home / "cut.tgz").write_bytes(whole[:end])
        refused(home / "cut.tgz", home, BROKEN)


@pytest.mark.parametrize("content", [b"", b"<html>", bytes(10_000), b"PK\x03\x04rubbish", b"\x1f\x8brubbish"])
def test_what_is_no_archive_is_refused(home: Path, content: bytes):
    (home / "a.tar").write_bytes(content)
    refused(home / "a.tar", home, BROKEN)


def test_a_folder_that_is_there_is_left_alone(home: Path):
    (home / "out").mkdir()
    (home / "out" / "mine").write_bytes(b"1")
    refused(zip_of(home / "a.zip", [("a", b"")]), home, "is there already")


def test_an_archive_that_is_not_there_is_an_error(home: Path):
    refused(home / "nowhere.tar", home, "No such file")
