"""NumPy archives: as NumPy writes them, and refused where they say other things than they hold."""

import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

import converter
from converter.errors import CaffemodelError
from converter.formats.weights.npz import read_npz

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)


def archive(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", compression) as file:
        warnings.simplefilter("ignore")  # of two members by one name
        for name, data in members.items():
            file.writestr(name.rstrip("!"), data)
    return path


def array(shape: str, data: bytes, descr: str = "<f4") -> bytes:
    """An array's file whose header says what is given, true or not."""
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + data


def test_an_uncompressed_array_is_a_view_at_its_place_in_the_file(tmp_path):
    np.savez(tmp_path / "w.npz", **{"fc.bias": np.float32([1, 2]), "fc.weight": VALUES})
    layer = read_npz(tmp_path / "w.npz").layers[0]
    blob = layer.stored[layer.names.index("weight")]
    assert not blob.array.flags.owndata
    assert (tmp_path / "w.npz").read_bytes()[blob.offset :][: VALUES.nbytes] == VALUES.tobytes()
    np.testing.assert_array_equal(blob.array, VALUES, strict=True)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "values",
    [VALUES, np.asfortranarray(VALUES), VALUES.astype(">f4"), VALUES.astype("<f2"), VALUES.astype("<f8"), VALUES[0, 0],
     np.zeros((0, 3), np.float32), VALUES.T[::2]],
    ids=["float", "fortran", "big-endian", "half", "double", "scalar", "empty", "strided"],
)  # fmt: skip
def test_every_layout_of_floats_reads(save, values, tmp_path):
    save(tmp_path / "w.npz", **{"fc.weight": values})
    (blob,) = converter.read_weights(tmp_path / "w.npz")["fc"]
    assert blob.dtype == values.dtype.newbyteorder("<")
    np.testing.assert_array_equal(blob, values)
    converter.convert(tmp_path / "w.npz", tmp_path / "out.safetensors")
    np.testing.assert_array_equal(converter.read_weights(tmp_path / "out.safetensors")["fc"][0], values)


def test_writing_to_a_view_leaves_the_file_as_it_is(tmp_path):
    np.savez(tmp_path / "w.npz", **{"fc.weight": VALUES})
    before = (tmp_path / "w.npz").read_bytes()
    converter.read_weights(tmp_path / "w.npz")["fc"][0][:] = 7
    assert (tmp_path / "w.npz").read_bytes() == before


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"a.weight.npy": array(f"({1 << 45},)", bytes(8))}, "needs 140737488355328 bytes, it has 8"),
        ({"a.weight.npy": array("(3,)", bytes(8))}, "needs 12 bytes, it has 8"),
        ({"a.weight.npy": array("(1,)", bytes(8))}, "needs 4 bytes, it has 8"),
        ({"a.weight.npy": array("(-2,)", bytes(8))}, "needs -8 bytes"),
        ({"a.weight.npy": array("(1,) * 40", bytes(4))}, "no archive that reads"),
        ({"a.weight.npy": array(f"({'1, ' * 40})", bytes(4))}, "shape"),
        ({"a.weight.npy": array("(2,)", bytes(16), "<c8")}, "holds complex64, not floats"),
        ({"a.weight.npy": array("(2,)", bytes(8), "|O")}, "holds object, not floats"),
        ({"a.weight.npy": array("(2,)", bytes(8), "nonsense")}, "no archive that reads"),
        ({"a.weight.npy": b"\x93NUMPY\x09\x00" + bytes(20)}, "format"),
        ({"a.weight.npy": b"no array"}, "no archive that reads"),
        ({"a.weight.npy": array("(2,)", bytes(8)), "a.weight.npy!": array("(2,)", bytes(8))}, "is there twice"),
    ],
)  # fmt: skip
def test_an_array_that_lies_is_refused_before_memory_is_taken(members, says, compression, tmp_path):
    with pytest.raises(CaffemodelError, match=says):
        converter.read_weights(archive(tmp_path / "w.npz", members, compression))


def test_a_member_whose_place_is_wrong_is_refused(tmp_path):
    path = archive(
        tmp_path / "w.npz", {"a.weight.npy": array("(2,)", bytes(8)), "b.weight.npy": array("(2,)", bytes(8))}
    )
    data = bytearray(path.read_bytes())
    central = data.rindex(b"PK\x01\x02")
    for place in (1, len(data) - 20, 0xFFFFFFF0):
        data[central + 42 : central + 46] = place.to_bytes(4, "little")
        path.write_bytes(data)
        with pytest.raises(CaffemodelError):
            converter.read_weights(path)


def test_zeros_compress_a_thousandfold_and_still_read_while_they_are_small(tmp_path):
    np.savez_compressed(tmp_path / "w.npz", **{"fc.weight": np.zeros((1000, 1000), np.float32)})
    assert (tmp_path / "w.npz").stat().st_size < 5000
    assert converter.read_weights(tmp_path / "w.npz")["fc"][0].shape == (1000, 1000)


def test_an_archive_without_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "w.npz")
    with pytest.raises(CaffemodelError, match="holds no blobs"):
        converter.convert(tmp_path / "w.npz", tmp_path / "out.caffemodel")


def test_any_damage_causes_no_other_error_than_ours(tmp_path):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{"fc.weight": VALUES, "fc.bias": VALUES[0, :2]})
    data = buffer.getvalue()
    refused = 0
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x55
        (tmp_path / "w.npz").write_bytes(damaged)
        try:
            converter.read_weights(tmp_path / "w.npz")
        except converter.ConversionError:
            refused += 1
    assert 50 < refused < len(data)
