"""HDF5 weights: Caffe's files, ours, and files that point elsewhere or are broken."""

import io
import random
from pathlib import Path

import h5py
import numpy as np
import pytest

import converter
from converter.errors import CaffemodelError, ConversionError, OutputError
from converter.files.stream import as_stream
from converter.formats.weights.hdf5 import read_hdf5
from converter.formats.weights.hdf5_writer import write_hdf5
from converter.plan.stored_weights import arrays_of
from tests.places import GOLDENS, SHARED

MINI = GOLDENS / "nets" / "mini"


def test_caffes_hdf5_snapshot_equals_its_binary_one_bit_for_bit() -> None:
    binary = converter.read_weights(MINI / "dilation7_kitti_mini.caffemodel")
    hdf5 = converter.read_weights(MINI / "dilation7_kitti_mini.caffemodel.h5")
    assert set(binary) == set(hdf5)
    for name, blobs in binary.items():
        for ours, theirs in zip(hdf5[name], blobs, strict=True):
            np.testing.assert_array_equal(ours, theirs, strict=True)


def test_caffes_datasets_are_views_at_their_offsets() -> None:
    path = MINI / "dilation7_kitti_mini.caffemodel.h5"
    blob = next(layer for layer in read_hdf5(path).layers if layer.name == "conv1_1").stored[0]
    with h5py.File(path) as file:
        expected = file["data/conv1_1/0"][()]
    assert path.read_bytes()[blob.offset : blob.offset + expected.nbytes] == expected.tobytes()
    assert not blob.array.flags.owndata


def test_floats_of_another_exponent_are_converted_rather_than_mapped(tmp_path: Path) -> None:
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_ebias(134)  # float32's is 127: the same bits mean a 128th
    with h5py.File(tmp_path / "w.h5", "w") as file:
        group = file.create_group("data/fc")
        dataset = h5py.h5d.create(group.id, b"0", kind, h5py.h5s.create_simple((2,)))
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([1, 2.5], np.float32))
    blob = read_hdf5(tmp_path / "w.h5").layers[0].stored[0]

    assert np.array([128, 320], "<f4").tobytes() in (tmp_path / "w.h5").read_bytes()
    assert blob.array.tolist() == [1, 2.5]


def test_layers_without_blobs_are_layers_and_slashes_in_names_are_no_folders(tmp_path: Path) -> None:
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["data/inception/1x1/0"] = np.ones((2, 3), np.float32)
        file["data/inception/1x1/1"] = np.zeros(2, np.float32)
        file["data/inception/0"] = np.full(4, 7, np.float32)
        file.create_group("data/relu/1")
    net = read_hdf5(path)
    assert {layer.name: len(layer.stored) for layer in net.layers} == {"inception": 1, "inception/1x1": 2, "relu/1": 0}
    np.testing.assert_array_equal(arrays_of(net)["inception"][0], [7, 7, 7, 7])


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "<f4"}, {"dtype": "<f8"}, {"dtype": "<f2"}, {"dtype": ">f4"}, {"dtype": "<f4", "chunks": (1, 2)},
        {"dtype": "<f4", "compression": "gzip", "shuffle": True},
    ],
    ids=["float", "double", "half", "big-endian", "chunked", "compressed"],
)  # fmt: skip
def test_every_layout_of_floats_reads(tmp_path: Path, options: dict[str, object]) -> None:
    values = np.array([[1.5, -2], [0.25, 8]])
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_dataset("data/c/0", data=values.astype(str(options["dtype"])), **options)
    blob = converter.read_weights(tmp_path / "w.h5")["c"][0]
    assert blob.dtype.isnative
    np.testing.assert_array_equal(blob, values)


def test_a_shared_parameter_that_lies_with_its_owner_leaves_the_others_their_names(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["data/shares/1"] = np.array([1, 2], np.float32)
    assert read_hdf5(tmp_path / "w.h5").layers[0].names == ("blob1",)


def _soft(file: h5py.File) -> None:
    file["data/c/0"] = h5py.SoftLink("/elsewhere")
    file["elsewhere"] = np.zeros(1, np.float32)


def _external(file: h5py.File) -> None:
    file["data/c/0"] = h5py.ExternalLink("/etc/passwd", "/x")


def _stored_elsewhere(file: h5py.File) -> None:
    file.create_dataset("data/c/0", (4,), "<f4", external=[("/etc/hostname", 0, 16)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "<f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    file.create_virtual_dataset("data/c/0", layout)


def _integers(file: h5py.File) -> None:
    file["data/c/0"] = np.arange(4)


def _empty(file: h5py.File) -> None:
    file.create_dataset("data/c/0", (1 << 30,), "<f4")


def _bomb(file: h5py.File) -> None:
    file.create_dataset("data/c/0", (1 << 30,), "<f4", chunks=(1 << 20,), compression="gzip")[0] = 1


def _circle(file: h5py.File) -> None:
    file.create_group("data/a")
    file["data/a/b"] = file["data/a/c"] = file["data"]


def _no_data(file: h5py.File) -> None:
    file["history/0"] = np.zeros(1, np.float32)


@pytest.mark.parametrize(
    ("fill", "says"),
    [
        (_soft, "'/data/c/0' is a link to elsewhere"),
        (_external, "'/data/c/0' is a link to elsewhere"),
        (_stored_elsewhere, "'/data/c/0' lies in another file"),
        (_virtual, "'/data/c/0' lies in another file"),
        (_integers, "'/data/c/0' holds int64"),
        (_empty, "has shape .* and no data"),
        (_bomb, "no data, or not all of them"),
        (_circle, "lies in itself or too deep"),
        (_no_data, "has no group /data"),
    ],
)
def test_files_that_point_elsewhere_or_hold_no_weights_are_refused(tmp_path: Path, fill, says: str) -> None:
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        fill(file)
    with pytest.raises(CaffemodelError, match=says) as caught:
        converter.read_weights(path)
    assert caught.value.path == str(path)


def test_a_file_cut_anywhere_causes_no_other_error_than_ours(tmp_path: Path) -> None:
    data = (GOLDENS / "nets" / "solver" / "h5_sgd_fast_iter_3.caffemodel.h5").read_bytes()
    path = tmp_path / "cut.h5"
    for length in range(0, len(data), 61):
        path.write_bytes(data[:length])
        with pytest.raises(CaffemodelError):
            converter.read_weights(path)


def test_flipped_bits_cause_no_other_error_than_ours(tmp_path: Path) -> None:
    draw = random.Random(5)
    data = (GOLDENS / "nets" / "solver" / "h5_sgd_fast_iter_3.caffemodel.h5").read_bytes()
    path = tmp_path / "flipped.h5"
    refused = 0
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(draw.choice((1, 8, 64))):
            damaged[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            converter.read_weights(path)
        except ConversionError:
            refused += 1
    assert 20 < refused < 400


def test_what_we_write_h5py_reads_and_so_do_we(tmp_path: Path) -> None:
    layers = [
        ("b/1", [np.arange(6, dtype=np.float32).reshape(2, 3), np.float32([4])]),
        ("a", []),
        ("s", [np.array(2.5)]),
    ]
    write_hdf5(tmp_path / "w.h5", [(name, [as_stream(blob) for blob in blobs]) for name, blobs in layers], {"net": "n"})
    with h5py.File(tmp_path / "w.h5") as file:
        np.testing.assert_array_equal(file["data/b/1/0"][()], [[0, 1, 2], [3, 4, 5]])
        assert file["data/s/0"][()] == 2.5
        assert list(file["data/a"]) == []
    net = read_hdf5(tmp_path / "w.h5")
    assert net.name == "n"
    assert {layer.name: [blob.array.shape for blob in layer.stored] for layer in net.layers} == {
        "b/1": [(2, 3), (1,)], "a": [], "s": [()],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["", ".", "a/../b", "a//b", "a\0b"])
def test_a_layers_name_that_hdf5_cannot_hold_is_refused_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="a name that HDF5 cannot hold"):
        write_hdf5(tmp_path / "w.h5", [(name, [as_stream(np.zeros(1, np.float32))])])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.corpus
def test_real_hdf5_snapshots_read_with_the_counts_that_caffe_gave() -> None:
    folder = (
        SHARED / "corpus/models/GongCheng1919__Quantitative-and-ternary-caffe-for-network-compression/examples/cifar10"
    )
    for name, numbers in (("cifar10_full_iter_65000", 89_578), ("cifar10_quick_iter_5000", 145_578)):
        weights = converter.read_weights(folder / f"{name}.caffemodel.h5")
        assert sum(blob.size for blobs in weights.values() for blob in blobs) == numbers


@pytest.mark.parametrize("ending", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("last", [1, 3, 12])
def test_what_ends_a_write_is_told_also_at_the_files_end(tmp_path, monkeypatch, ending, last):
    """The twelfth write is HDF5's own at the end; of its failure the library makes a RuntimeError without a reason."""

    class Raw(io.FileIO):
        left = last

        def write(self, data):
            self.left -= 1
            if self.left == 0:
                raise ending
            return super().write(data)

    monkeypatch.setattr("converter.files.atomic.os.fdopen", lambda number, _mode: Raw(number, "w+"))
    layers = [(str(index), [np.zeros(100_000, np.float32)]) for index in range(9)]
    with pytest.raises(OutputError if isinstance(ending, OSError) else KeyboardInterrupt, match=r"No space|^$"):
        write_hdf5(tmp_path / "w.h5", layers)
    assert list(tmp_path.iterdir()) == []
