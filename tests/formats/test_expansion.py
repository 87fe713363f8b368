"""Files that would expand: refused by both programs before memory is taken, with the member that asks for it."""

import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

import converter
from converter.cli import main
from converter.data.caffe_images import decode_bgr, read_bgr
from converter.data.database_data import _parse
from converter.data.hdf5_data import _read
from converter.data.images import read_image
from converter.data.labels import read_labels
from converter.errors import (
    CaffemodelError,
    ComparisonError,
    ConversionError,
    DatasetError,
    DownloadError,
    ImageError,
    MemoryLimitError,
)
from converter.files.memory import memory_limit
from converter.formats.hdf5_dataset import text_attributes
from converter.formats.mean import read_mean
from converter.formats.solver_state import read_solverstate
from converter.formats.weights.pth import read_state_dict
from converter.pycaffe.io import load_image
from converter.verify.stored_blobs import read_blobs
from reference.errors import WireError
from reference.files import read_file

MEGABYTE = 2**20


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """No test here takes more than 100 MiB, whatever the files promise."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * MEGABYTE


def packed(path: Path, name: str, size: int, method: int) -> Path:
    """An npz of one float32 array of zeros, `size` bytes, compressed."""
    with zipfile.ZipFile(path, "w", method) as archive, archive.open(f"{name}.npy", "w") as member:
        header = {"descr": "<f4", "fortran_order": False, "shape": (size // 4,)}
        np.lib.format.write_array_header_1_0(member, header)
        for _ in range(size // MEGABYTE):
            member.write(bytes(MEGABYTE))
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_python_unpacks_whole_is_refused(tmp_path, method):
    path = packed(tmp_path / "w.npz", "fc.weight", 40 * MEGABYTE, method)

    with pytest.raises(CaffemodelError, match=r"'fc\.weight\.npy' is compressed as NumPy never does"):
        converter.read_weights(path)
    with pytest.raises(WireError, match="neither stored nor deflated"):
        read_file(str(path))
    with pytest.raises(ComparisonError, match="compressed as NumPy never does"):
        read_blobs(path)
    with pytest.raises(DownloadError, match="neither stored nor deflated"):
        unpack_into(tmp_path, path)


def unpack_into(folder: Path, archive: Path) -> None:
    from converter.download.unpack import unpack

    unpack(archive, folder / "out")


def test_an_archive_that_expands_a_thousandfold_is_refused_by_both(tmp_path):
    path = packed(tmp_path / "w.npz", "fc.weight", 80 * MEGABYTE, zipfile.ZIP_DEFLATED)

    with pytest.raises(CaffemodelError, match="would expand to 83886"):
        converter.read_weights(path)
    with pytest.raises(WireError, match=r"would expand to 83886\d+ bytes at 'fc\.weight\.npy'"):
        read_file(str(path))


def test_an_archive_that_does_not_fit_names_its_largest_member_and_what_to_do(tmp_path, capsys):
    path = packed(tmp_path / "w.npz", "fc.weight", 40 * MEGABYTE, zipfile.ZIP_DEFLATED)

    with memory_limit(30 * MEGABYTE), pytest.raises(MemoryLimitError) as caught:
        converter.read_weights(path)
    assert caught.value.path == str(path)
    assert "with 'fc.weight' the arrays would take 40.0 MiB of memory; 30.0 MiB may be taken" in str(caught.value)
    assert main(["convert", str(path), str(tmp_path / "o.pth"), "--max-memory", "30M"]) == 2
    assert "allow more (--max-memory)" in capsys.readouterr().err
    assert not (tmp_path / "o.pth").exists()
    with memory_limit(30 * MEGABYTE), pytest.raises(MemoryLimitError, match=r"with 'fc\.weight' the arrays"):
        read_blobs(path)


def _large_chunk(group: h5py.Group) -> None:
    group.create_dataset("0", data=np.zeros(10, "<f4"), maxshape=(None,), chunks=(1 << 26,), compression="gzip")


def _few_chunks(group: h5py.Group) -> None:
    group.create_dataset("0", (1 << 22,), "<f4", chunks=(16,))[:16] = 1


def _many_names(group: h5py.Group) -> None:
    group.create_dataset("0", data=np.zeros(1 << 19, "<f4"), chunks=(1 << 19,), compression="gzip")
    for number in range(1, 1000):
        group[str(number)] = group["0"]


HDF5 = pytest.mark.parametrize(
    ("fill", "ours", "oracles"),
    [
        (_large_chunk, "would expand to 268435", "would expand to 268435"),
        (_few_chunks, "no data, or not all of them", "does not hold all data"),
        (_many_names, "would expand to", "would expand to"),
    ],
)


@HDF5
def test_hdf5_that_promises_more_than_it_holds_is_refused_by_both(tmp_path, fill: Callable, ours: str, oracles: str):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        fill(file.create_group("data/fc"))
        file.create_group("history")

    with pytest.raises(CaffemodelError, match=ours):
        converter.read_weights(tmp_path / "w.h5")
    with pytest.raises(WireError, match=oracles):
        read_file(str(tmp_path / "w.h5"))


@HDF5
def test_a_solver_state_of_hdf5_too(tmp_path, fill: Callable, ours: str, oracles: str):
    del oracles
    with h5py.File(tmp_path / "s.solverstate.h5", "w") as file:
        file["iter"] = np.array([3], "<i4")
        fill(file.create_group("history"))

    with pytest.raises(CaffemodelError, match=ours):
        read_solverstate(tmp_path / "s.solverstate.h5")


def test_attributes_of_hdf5_that_point_at_one_text_do_not_expand(tmp_path):
    """A text of variable length lies in the file once, however many attributes point at it."""
    with h5py.File(tmp_path / "w.h5", "w") as file:
        for number in range(65):
            file.attrs[f"a{number:02}"] = "x" * 20
        file.attrs.create("shapes", np.zeros(8, "<f4"))
        assert len(text_attributes(file, 65 * (20 + 3), ValueError)) == 65
        with pytest.raises(ValueError, match="attributes that would expand"):
            text_attributes(file, 65 * (20 + 3) - 1, ValueError)


def test_rows_of_hdf5_data_that_do_not_fit_or_lie_elsewhere_are_refused(tmp_path):
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file.create_dataset("x", data=np.zeros((1000, 1000), np.uint8), compression="gzip")
        file.create_dataset("holes", (1 << 22,), "<f4", chunks=(16,))[:16] = 1
        file.create_dataset("there", (4,), "<f4", external=[("/etc/hostname", 0, 16)])
        file["link"] = h5py.ExternalLink("/etc/hostname", "/x")
    path = str(tmp_path / "d.h5")

    assert _read(path, ("x",))["x"].shape == (1000, 1000)
    with memory_limit(3 * MEGABYTE), pytest.raises(MemoryLimitError, match=r"with '/x' the data would take 3\.8"):
        _read(path, ("x",))
    for top, says in (("holes", "not all of them"), ("there", "in another file"), ("link", "no data set 'link'")):
        with pytest.raises(DatasetError, match=says):
            _read(path, (top,))


def test_a_pth_is_not_unpacked(tmp_path):
    torch.save({"fc.weight": torch.zeros(1 << 20)}, tmp_path / "w.pth")
    with zipfile.ZipFile(tmp_path / "w.pth") as stored, zipfile.ZipFile(tmp_path / "p.pth", "w", 8) as deflated:
        for name in stored.namelist():
            deflated.writestr(name, stored.read(name))

    with pytest.raises(CaffemodelError, match=r"compresses its member '.*', which torch\.save never does"):
        converter.read_weights(tmp_path / "p.pth")
    with memory_limit(MEGABYTE), pytest.raises(MemoryLimitError, match="the tensors would take 4"):
        read_state_dict(tmp_path / "w.pth")
    assert converter.read_weights(tmp_path / "w.pth")["fc"][0].size == 1 << 20


def png(width: int, height: int) -> bytes:
    """A gray picture's header and the data of its first rows."""
    chunks = [(b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00")]
    chunks += [(b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    parts = [len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
             for kind, body in chunks]  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("read", [read_bgr, read_labels, load_image])
def test_a_picture_of_more_pixels_than_its_bytes_hold_is_refused(tmp_path, read):
    """9,000 x 9,000 gray pixels in 74 bytes; Pillow itself refuses from 178,956,970 pixels on."""
    (tmp_path / "p.png").write_bytes(png(9000, 9000))

    with pytest.raises(ImageError, match="9000×9000 pixels in 74 bytes"):
        read(str(tmp_path / "p.png"))


def test_a_picture_that_does_not_fit_into_memory_is_refused(tmp_path):
    colors = np.zeros((1000, 1000, 3), np.uint8)
    from PIL import Image

    Image.fromarray(colors).save(tmp_path / "p.png")
    with (
        memory_limit(MEGABYTE),
        pytest.raises(MemoryLimitError, match=r"1000×1000 pixels would take 11\.5"),
    ):
        read_image(tmp_path / "p.png")
    with memory_limit(MEGABYTE), pytest.raises(MemoryLimitError, match="an image of 1000×1000"):
        decode_bgr((tmp_path / "p.png").read_bytes(), "record 3", color=None)
    assert read_image(tmp_path / "p.png").shape == (1000, 1000, 3)


def test_a_mean_and_a_record_go_through_the_gate(tmp_path):
    np.save(tmp_path / "m.npy", np.zeros((3, 1000, 1000), np.int8))

    with memory_limit(10 * MEGABYTE), pytest.raises(MemoryLimitError, match=r"the mean would take 14\.3 MiB"):
        read_mean(tmp_path / "m.npy")
    with memory_limit(MEGABYTE), pytest.raises(MemoryLimitError, match="the record"):
        _parse(bytes(MEGABYTE), "db, record 0")


def test_a_limit_holds_within_its_block_alone(tmp_path):
    path = packed(tmp_path / "w.npz", "fc.weight", 2 * MEGABYTE, zipfile.ZIP_DEFLATED)
    with memory_limit(MEGABYTE), memory_limit(None), pytest.raises(ConversionError):
        converter.read_weights(path)
    assert converter.read_weights(path)["fc"][0].nbytes == 2 * MEGABYTE
