"""LMDB files written by the package lmdb, read page by page: what it reads, and what is damaged."""

import struct
from pathlib import Path

import pytest

from converter.data.lmdb_file import LmdbFile
from converter.errors import ConversionError, DatasetError

lmdb = pytest.importorskip("lmdb")

PAGE = 4096


def written(folder: Path, records: dict[bytes, bytes], *, deleted: int = 0, **options: object) -> Path:
    """A database's file; `deleted` records are taken out again in a second transaction."""
    path = folder / "db"
    with lmdb.open(str(path), map_size=1 << 26, **options) as env:
        with env.begin(write=True) as transaction:
            for key, value in records.items():
                transaction.put(key, value)
        with env.begin(write=True) as transaction:
            for key in list(records)[:deleted]:
                transaction.delete(key)
    return path


def values(path: Path) -> list[bytes]:
    return list(LmdbFile(str(path)).values())


@pytest.mark.parametrize("count", [1, 3, 300, 20_000])
@pytest.mark.parametrize("size", [0, 10, 1000, 2030, 2040, 5000])
def test_values_come_in_key_order(count: int, size: int, tmp_path: Path) -> None:
    count = min(count, 5_000_000 // (size + 100))
    records = {f"{7919 * at % 100_003:08}".encode(): bytes([at % 256]) * size for at in range(count)}
    path = written(tmp_path, records)
    assert LmdbFile(str(path)).entries == count
    assert values(path) == values(path / "data.mdb") == [value for _, value in sorted(records.items())]


def test_the_last_transaction_counts(tmp_path: Path) -> None:
    records = {f"{at:04}".encode(): bytes([at % 256]) * 300 for at in range(600)}
    path = written(tmp_path, records, deleted=200)
    assert values(path) == list(records.values())[200:]


def test_one_that_was_emptied_holds_nothing(tmp_path: Path) -> None:
    assert not values(written(tmp_path, {b"a": b"1"}, deleted=1))


def test_other_forms_are_refused(tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path / "db"), map_size=1 << 20, max_dbs=2) as env:
        named = env.open_db(b"inner", dupsort=True)
        with env.begin(write=True) as transaction:
            transaction.put(b"a", b"1", db=named)
    with pytest.raises(DatasetError, match="holds databases or several values a key"):
        values(tmp_path / "db")
    with pytest.raises(DatasetError, match="cannot be read"):
        values(tmp_path)


def damaged(folder: Path, place: int, form: str, number: int) -> Path:
    """A database of 300 records, with a number put into its file."""
    path = written(folder, {f"{at:04}".encode(): b"v" * 200 for at in range(300)})
    data = bytearray((path / "data.mdb").read_bytes())
    struct.pack_into(form, data, place, number)
    (folder / "x.mdb").write_bytes(data)
    return folder / "x.mdb"


HEAD = PAGE + 16  # the second head is the newer: the first transaction writes it
MAIN = HEAD + 24 + 48


@pytest.mark.parametrize(
    ("place", "form", "number", "words"),
    [
        (16, "<I", 1, "is no LMDB of 64 bits"),
        (20, "<I", 999, "is no LMDB of 64 bits"),
        (16 + 24, "<I", 4095, "is no LMDB of 64 bits"),
        (MAIN + 4, "<H", 4, "has several values a key"),
        (MAIN + 6, "<H", 33, "in 33 levels"),
        (MAIN + 6, "<H", 1, "is damaged"),
        (MAIN + 6, "<H", 3, "is damaged"),
        (MAIN + 32, "<Q", 2**60, "1152921504606846976 records"),
        (MAIN + 32, "<Q", 301, "holds 300 records; its head says 301"),
        (MAIN + 32, "<Q", 299, "holds more than the 299 records"),
        (MAIN + 40, "<Q", 2**40, "has no page 1099511627776"),
        (MAIN + 40, "<Q", 0, "page 0 is damaged"),
    ],
)
def test_a_damaged_head_is_refused(place: int, form: str, number: int, words: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=words):
        values(damaged(tmp_path, place, form, number))


def test_a_page_that_leads_to_itself_ends(tmp_path: Path) -> None:
    path = damaged(tmp_path, MAIN + 6, "<H", 32)
    data = bytearray(path.read_bytes())
    root = struct.unpack_from("<Q", data, MAIN + 40)[0]
    for place in struct.unpack_from("<2H", data, root * PAGE + 16):
        struct.pack_into("<HHH", data, root * PAGE + place, root, 0, 0)
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="is damaged"):
        values(path)


def test_files_cut_anywhere_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {f"{at:04}".encode(): b"v" * 3000 for at in range(30)}) / "data.mdb"
    data = path.read_bytes()
    for size in (0, 15, 152, PAGE, 2 * PAGE, len(data) // 2):
        (tmp_path / "cut.mdb").write_bytes(data[:size])
        with pytest.raises(ConversionError, match=r"cut short|is no LMDB|is empty|damaged"):
            values(tmp_path / "cut.mdb")
