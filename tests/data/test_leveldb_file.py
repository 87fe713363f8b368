"""LevelDB folders: sound ones, and every kind of damage that a disk or a copy does."""

from pathlib import Path

import pytest

from converter.data.database import open_database
from converter.data.leveldb_file import LevelDbFile
from converter.errors import DatasetError

plyvel = pytest.importorskip("plyvel")

COUNT, SIZE = 40, 500


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Records in a table, and one more in the log."""
    path = tmp_path / "db"
    opened = plyvel.DB(str(path), create_if_missing=True, compression=None)
    for number in range(COUNT):
        opened.put(f"{number:08d}".encode(), bytes([number]) * SIZE)
    opened.compact_range()
    opened.put(b"9", b"last")
    opened.close()
    return path


def the(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def refusal(folder: Path) -> str:
    """What is said of a damaged one, before a record is given."""
    with pytest.raises(DatasetError) as caught:
        open_database(str(folder), "LEVELDB")
    assert str(caught.value).startswith(str(folder))
    assert "b'" not in str(caught.value)
    return str(caught.value)


def test_records_of_tables_and_log_in_order_and_again(folder: Path) -> None:
    data = open_database(str(folder), "LEVELDB")
    assert data.count == COUNT + 1
    assert [data.value(place) for place in (0, 1, COUNT, COUNT + 1)] == [
        bytes(SIZE),
        b"\1" * SIZE,
        b"last",
        bytes(SIZE),
    ]


@pytest.mark.parametrize("place", [3, SIZE * 7, -60])
def test_a_changed_byte_of_a_table_is_noticed(folder: Path, place: int) -> None:
    """Among the records, and in the index behind them."""
    path = the(folder, "*.ldb")
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert "checksum mismatch" in refusal(folder)
    assert "copy this LevelDB whole, or make it again" in refusal(folder)


def test_a_table_that_was_cut_is_refused(folder: Path) -> None:
    path = the(folder, "*.ldb")
    path.write_bytes(path.read_bytes()[: SIZE * 9])
    assert f"a record cannot be read: IO error: {path}" in refusal(folder)


def test_a_changed_byte_of_a_later_block_is_noticed_when_it_is_come_to(folder: Path) -> None:
    """`plyvel`'s own iterator ends there without a word."""
    path = the(folder, "*.ldb")
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 4] ^= 1
    path.write_bytes(data)
    assert "a record cannot be read: Corruption: block checksum mismatch" in refusal(folder)


@pytest.mark.parametrize("handle", [b"\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x00\xff\xff\xff\xff\x0f"])
def test_a_footer_that_names_more_than_there_is_does_not_end_the_process(folder: Path, handle: bytes) -> None:
    path = the(folder, "*.ldb")
    data = path.read_bytes()
    path.write_bytes(data[:-48] + handle + data[-48 + len(handle) :])
    assert "copy this LevelDB whole, or make it again" in refusal(folder)


def test_a_table_that_is_left_over_is_nobodys(folder: Path) -> None:
    """As an interrupted compaction leaves one; LevelDB deletes it, and what only has such a name."""
    (folder / "000099.ldb").write_bytes(b"begun")
    (folder / "000098.ldb").symlink_to(folder / "nowhere")
    (folder / "folder.ldb").mkdir()
    assert open_database(str(folder), "LEVELDB").count == COUNT + 1


def test_a_table_that_is_not_there_is_refused(folder: Path) -> None:
    the(folder, "*.ldb").unlink()
    assert "missing files" in refusal(folder)


def test_a_changed_byte_of_the_log_is_noticed(folder: Path) -> None:
    path = the(folder, "*.log")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert "cannot be opened as LevelDB: Corruption: checksum mismatch; copy this LevelDB whole" in refusal(folder)


def test_what_holds_no_leveldb_or_is_open_elsewhere_is_told_as_such(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert refusal(tmp_path / "other").endswith("; name its folder")
    opened = plyvel.DB(str(folder))
    assert refusal(folder).endswith("; close what has it open")
    opened.close()
    assert open_database(str(folder), "LEVELDB").count == COUNT + 1


def test_names_that_the_folder_holds_are_escaped(folder: Path) -> None:
    (folder / "CURRENT").write_bytes(b"MANIFEST-\x1b[31m\xff\n")
    said = refusal(folder)
    assert "\\x1b[31m\\xff" in said
    assert "\x1b" not in said


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def with_checksum(block: bytes) -> bytes:
    """A block that is not compressed, with its trailer: the masked CRC-32C of doc/table_format.md."""
    crc = 0xFFFFFFFF
    for byte in block + b"\0":
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    return block + b"\0" + masked.to_bytes(4, "little")


def with_index(data: bytes, offset: int, size: int) -> bytes:
    """A table of the same length whose index, rightly summed, names one block of this place and size."""
    handle = varint(offset) + varint(size)
    entry = varint(0) + varint(1) + varint(len(handle)) + b"~" + handle
    index = with_checksum(entry + (0).to_bytes(4, "little") + (1).to_bytes(4, "little"))
    place = len(data) - 48 - len(index)
    footer = varint(0) + varint(0) + varint(place) + varint(len(index) - 5)
    return data[:place] + index + footer.ljust(40, b"\0") + data[-8:]


def test_an_index_of_right_checksum_and_wrong_sizes_is_refused(folder: Path) -> None:
    """LevelDB asks for a block's memory before it looks for its bytes, and has no answer to a refusal but to end."""
    path = the(folder, "*.ldb")
    data = path.read_bytes()
    path.write_bytes(with_index(data, 0, 2**62))
    assert "LevelDB's own code ended with" in refusal(folder)
    path.write_bytes(with_index(data, 2**40, 4096))
    assert "a record cannot be read" in refusal(folder)


def test_a_reader_that_stops_early_unlocks_the_folder(tmp_path: Path) -> None:
    """Its process waits, with more than a pipe holds, until it is not wanted any more."""
    opened = plyvel.DB(str(tmp_path), create_if_missing=True)
    for key in (b"0", b"1", b"2"):
        opened.put(key, bytes(4 << 20))
    opened.close()
    values = LevelDbFile(str(tmp_path)).values()
    assert next(values) == bytes(4 << 20)
    assert refusal(tmp_path).endswith("; close what has it open")
    values.close()
    data = open_database(str(tmp_path), "LEVELDB")
    assert [len(data.value(place)) for place in (1, 0, 2, 5)] == [4 << 20] * 4
