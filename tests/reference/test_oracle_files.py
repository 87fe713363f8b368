"""The oracle's own reading of weights files by key and of HDF5: right by name in any order, refused where unclear."""

import json
import struct
import zipfile

import h5py
import numpy as np
import pytest

import reference
from reference.errors import OracleError, WeightsError, WireError
from tests.wire_bytes import count, model, piece, shape

INPUT = 'input: "x" input_shape { dim: 1 dim: 2 }\n'
PRODUCT = (
    INPUT
    + """layer { name: "NAME" type: "InnerProduct" bottom: "x" top: "y"
    inner_product_param { num_output: 2 } }"""
)
WEIGHT, BIAS = np.float32([[1, 2], [3, 4]]), np.float32([10, 20])
ARRAYS = {"fc.bias": BIAS, "fc.weight": WEIGHT}
X = {"x": np.array([[5.0, 6.0]])}
RIGHT = [[5 + 12 + 10, 15 + 24 + 20]]


def safetensors(path, arrays, table=None):
    """A file in the format's plainest form; `table` replaces the entries' table."""
    words = {"float16": "F16", "float32": "F32", "float64": "F64", "int64": "I64"}
    entries, numbers = {"__metadata__": {"made": "by hand"}}, b""
    for key, array in arrays.items():
        begin, numbers = len(numbers), numbers + np.asarray(array).tobytes()
        offsets = [begin, len(numbers)]
        entries[key] = {"dtype": words[str(array.dtype)], "shape": list(array.shape), "data_offsets": offsets}
    head = (json.dumps(entries) if table is None else table).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + numbers)
    return path


def npz(path, arrays):
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return path


def plain(_, arrays):
    return arrays


def net(text, name="fc"):
    return reference.parse(text.replace("NAME", name))


MAKERS = {"safetensors": safetensors, "npz": npz, "dict": plain}


@pytest.fixture(params=MAKERS)
def make(request, tmp_path):
    """Arrays by key -> a weights file of each format, or the plain dict of a .pth."""
    return lambda arrays: MAKERS[request.param](tmp_path / "weights.bin", arrays)


def answer(text, weights, inputs=X, name="fc"):
    return reference.run(net(text, name), weights, inputs)["y"].tolist()


@pytest.mark.parametrize("order", [1, -1])
def test_blobs_meet_by_name_in_any_order(make, order):
    assert answer(PRODUCT, make(dict(list(ARRAYS.items())[::order]))) == RIGHT


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_floats_read(make, dtype):
    assert answer(PRODUCT, make({key: array.astype(dtype) for key, array in ARRAYS.items()})) == RIGHT


def test_blobs_may_bear_caffes_numbers(make):
    assert answer(PRODUCT, make({"fc.blob1": BIAS, "fc.blob0": WEIGHT})) == RIGHT


def test_an_array_in_columns_reads(tmp_path):
    assert answer(PRODUCT, npz(tmp_path / "w.npz", {**ARRAYS, "fc.weight": np.asfortranarray(WEIGHT)})) == RIGHT


def test_hdf5_reads_by_position(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["data/fc/1"], file["data/fc/0"] = BIAS, WEIGHT

    assert answer(PRODUCT, tmp_path / "w.h5") == RIGHT


def test_hdf5_names_may_hold_slashes_and_any_bytes(tmp_path):
    name = "a/b " + b"\xd6\xd0".decode("utf-8", "surrogateescape")
    with h5py.File(tmp_path / "w.h5", "w") as file:
        group = file.create_group(b"data/a/b \xd6\xd0")
        group["0"], group["1"] = WEIGHT, BIAS
        file["data/a/0"] = np.zeros(1)

    assert answer(PRODUCT, tmp_path / "w.h5", name=name) == RIGHT


SHARING = (
    INPUT
    + """
layer { name: "a" type: "InnerProduct" bottom: "x" top: "h" param { name: "w" }
  inner_product_param { num_output: 2 bias_term: false } }
layer { name: "b" type: "InnerProduct" bottom: "h" top: "y" param { name: "w" }
  inner_product_param { num_output: 2 } }"""
)


def test_hdf5_holds_a_shared_blob_with_its_owner_alone(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["data/a/0"], file["data/b/1"] = WEIGHT, BIAS

    # by hand: h is 17 and 39, y is 17 + 78 + 10 and 51 + 156 + 20
    assert answer(SHARING, tmp_path / "w.h5") == [[105, 227]]


def test_hdf5_that_lacks_a_blob_nobody_shares_is_refused(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["data/fc/1"] = BIAS

    with pytest.raises(WeightsError, match=r"layer 'fc'.*hold blobs 1; the layer has 2"):
        answer(PRODUCT, tmp_path / "w.h5")


def test_a_shared_blob_by_key_may_stand_once(make):
    assert answer(SHARING, make({"b.bias": BIAS, "b.weight": WEIGHT})) == [[105, 227]]


BATCH_NORM = 'input: "x" input_shape { dim: 1 dim: 2 } layer { name: "fc" type: "BatchNorm" bottom: "x" top: "y" }'


@pytest.mark.parametrize(
    "arrays",
    [
        {
            "fc.scale_factor": np.float32([8]),
            "fc.running_var": np.float32([4, 9]),
            "fc.running_mean": np.float32([1, 3]),
        },
        {"fc.variance": np.float32([32, 72]), "fc.scale_factor": np.float32([8]), "fc.mean": np.float32([8, 24])},
        {"fc.blob2": np.float32([8]), "fc.blob1": np.float32([32, 72]), "fc.blob0": np.float32([8, 24])},
    ],
    ids=["divided", "sums", "numbered"],
)
def test_batch_norms_statistics_are_divided_or_sums_as_their_names_say(make, arrays):
    np.testing.assert_allclose(answer(BATCH_NORM, make(arrays)), [[2, 1]], rtol=1e-5)


def test_nvidias_five_blobs_by_key_are_used_as_stored(make):
    arrays = {"fc.bias": BIAS, "fc.weight": np.float32([2, 3]), "fc.scale_factor": np.float32([8])}
    arrays |= {"fc.running_var": np.float32([4, 9]), "fc.running_mean": np.float32([1, 3])}

    np.testing.assert_allclose(answer(BATCH_NORM, make(arrays)), [[14, 23]], rtol=1e-5)


BN = """input: "x" input_shape { dim: 1 dim: 2 dim: 1 dim: 1 }
layer { name: "fc" type: "BN" bottom: "x" top: "y" bn_param { frozen: true } }"""


@pytest.mark.parametrize("blob_shape", [(2,), (1, 2, 1, 1)])
@pytest.mark.parametrize("words", [("running_mean", "running_var"), ("mean", "variance")])
def test_pspnets_bn_reads_in_any_order_and_either_shape(make, blob_shape, words):
    values = {words[1]: [4, 9], words[0]: [1, 3], "bias": [10, 20], "weight": [2, 3]}
    arrays = {f"fc.{word}": np.float32(value).reshape(blob_shape) for word, value in values.items()}

    y = np.array(answer(BN, make(arrays), {"x": np.reshape([5.0, 6.0], (1, 2, 1, 1))}))

    np.testing.assert_allclose(y.ravel(), [14, 23], rtol=1e-5)


PRELU = (
    INPUT
    + """layer { name: "fc" type: "PReLU" bottom: "x" top: "y"
    prelu_param { channel_shared: true } }"""
)


@pytest.mark.parametrize("blob_shape", [(), (1,)])
def test_a_shared_slope_is_one_number_in_either_shape(make, blob_shape):
    slope = np.full(blob_shape, 0.5, np.float32)

    assert answer(PRELU, make({"fc.weight": slope}), {"x": [[-4.0, 2.0]]}) == [[-2, 2]]


def test_a_slope_by_position_has_caffes_shape_exactly():
    with pytest.raises(WeightsError, match=r"shape \(1,\); the net wants \(\)"):
        answer(PRELU, {"fc": [np.ones(1)]})


@pytest.mark.parametrize(
    ("name", "front"),
    [
        ("training", "training_"), ("loss", "loss"), ("a.b", "a%2Eb"), ("50%", "50%25"), ('q"', "q%22"),
        ("back\\", "back%5C"), ("tab\t", "tab%09"), ("\udcd6\udcd0", "%D6%D0"), ("", "%00"), ("é x/y", "é x/y"),
        ("a_", "a__"),
    ],
)  # fmt: skip
def test_a_layers_name_stands_escaped_in_a_key(make, name, front):
    quoted = name.encode("utf-8", "surrogateescape").decode("latin-1")
    text = "".join(f"\\{ord(letter):03o}" for letter in quoted)

    assert answer(PRODUCT, make({f"{front}.bias": BIAS, f"{front}.weight": WEIGHT}), name=text) == RIGHT


TWO = (
    INPUT
    + """
layer { name: "loss" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 bias_term: false } }
layer { name: "loss_" type: "InnerProduct" bottom: "x" top: "z" inner_product_param { num_output: 1 bias_term: false } }
"""
)


@pytest.mark.parametrize("fronts", [("loss", "loss_"), ("loss_", "loss__"), ("loss", "loss__")])
@pytest.mark.parametrize("order", [1, -1])
def test_two_names_that_differ_by_an_underscore_are_told_apart_where_the_file_tells(make, fronts, order):
    values = {f"{fronts[0]}.weight": np.float32([[1, 0]]), f"{fronts[1]}.weight": np.float32([[0, 1]])}

    blobs = reference.run(net(TWO), make(dict([*values.items()][::order])), X)

    assert (blobs["y"].item(), blobs["z"].item()) == (5, 6)


def test_a_key_that_fits_two_layers_alike_is_refused(make):
    with pytest.raises(WeightsError, match=r"key 'loss_.weight' fits the layers 'loss' and 'loss_' alike"):
        reference.run(net(TWO), make({"loss_.weight": np.float32([[1, 0]])}), X)


RECTIFIED = PRODUCT.replace('top: "y"', 'top: "h"') + 'layer { name: "r" type: "ReLU" bottom: "h" top: "y" }'


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({**ARRAYS, "fc9.weight": WEIGHT}, "key 'fc9.weight' is of no layer of the net"),
        ({**ARRAYS, "r.weight": WEIGHT}, "key 'r.weight' is not of layer 'r' .ReLU., which has no such blobs"),
        ({**ARRAYS, "fc.scale": BIAS}, "key 'fc.scale' names none of its blobs; expected weight, bias"),
        ({"fc.bias": BIAS}, "there is no key 'fc.weight', but fc.bias"),
        ({"fc.weight": WEIGHT}, r"hold 1 blobs .weight., the layer has 2"),
        ({**ARRAYS, "fc.blob2": BIAS}, r"hold 3 blobs .weight, bias, blob2., the layer has 2"),
        ({**ARRAYS, "fc_.weight": WEIGHT}, "key 'fc_.weight' is not of layer 'fc'|key 'fc.* is not of layer 'fc'"),
        ({"fc.weight": WEIGHT.ravel(), "fc.bias": BIAS}, r"blob 0 has shape \(4,\); the net wants \(2, 2\)"),
    ],
)
def test_keys_that_are_not_the_nets_are_refused_with_layer_and_key(make, arrays, message):
    with pytest.raises(WeightsError, match=message):
        reference.run(net(RECTIFIED), make(arrays), X)


def test_a_layer_without_a_key_is_refused_even_where_it_has_a_filler(make):
    text = SHARING.replace('param { name: "w" }', "").replace(
        "bias_term: false", 'bias_term: false weight_filler { type: "constant" value: 1 }'
    )

    with pytest.raises(WeightsError, match=r"layer 'a'.*no key of blob 0, such as 'a.weight'"):
        reference.run(net(text), make({"b.bias": BIAS, "b.weight": WEIGHT}), X)


def test_files_with_commas_between_them_count_from_left_to_right(tmp_path):
    npz(tmp_path / "a.npz", ARRAYS)
    safetensors(tmp_path / "b.safetensors", {**ARRAYS, "fc.bias": np.float32([0, 0])})

    assert answer(PRODUCT, f"{tmp_path / 'b.safetensors'},{tmp_path / 'a.npz'}") == RIGHT
    assert answer(PRODUCT, f"{tmp_path / 'a.npz'},{tmp_path / 'b.safetensors'}") == [[17, 39]]


@pytest.mark.parametrize("maker", [safetensors, npz])
def test_a_file_cut_off_anywhere_is_refused(tmp_path, maker):
    whole = maker(tmp_path / "whole", ARRAYS).read_bytes()
    for length in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(OracleError, match="cut: "):
            answer(PRODUCT, tmp_path / "cut")


def test_hdf5_cut_off_anywhere_is_refused(tmp_path):
    with h5py.File(tmp_path / "whole", "w") as file:
        file["data/fc/0"], file["data/fc/1"] = WEIGHT, BIAS
    whole = (tmp_path / "whole").read_bytes()
    for length in range(0, len(whole), 61):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(OracleError, match="cut: "):
            answer(PRODUCT, tmp_path / "cut")


def entry(begin, stop, dims=(1,), dtype="F32"):
    return {"dtype": dtype, "shape": list(dims), "data_offsets": [begin, stop]}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"fc.weight": entry(0, 8, (2,)), "fc.bias": entry(4, 12, (2,))}, "lies in two tensors"),
        ({"fc.weight": entry(0, 4), "fc.bias": entry(8, 12)}, "or none"),
        ({"fc.weight": entry(0, 4)}, "end at byte 4 of 12"),
        ({"fc.weight": entry(0, 16, (4,))}, "does not fit the file"),
        ({"fc.weight": entry(0, 12, (2,))}, "does not fit the file"),
        ({"fc.weight": entry(0, 12, (-3,))}, "does not fit the file"),
        ({"fc.weight": entry(0, 12, (3.0,))}, "does not fit the file"),
        ({"fc.weight": entry(0, 12, (3,), "BF16")}, "expected F16, F32 or F64"),
        ({"fc.weight": [1]}, "does not fit the file"),
        ('{"a": 1, "a": 2}', "a key stands twice"),
        ("[]", "at byte|no JSON object"),
        ("{" * 100_000, "no JSON"),
    ],
)
def test_damaged_safetensors_are_refused(tmp_path, table, message):
    text = table if isinstance(table, str) else json.dumps(table)
    path = safetensors(tmp_path / "w", {"fc.weight": np.zeros(3, np.float32)}, text)

    with pytest.raises(WireError, match=message):
        answer(PRODUCT, path)


def test_an_empty_tensor_at_the_end_reads(tmp_path):
    path = safetensors(tmp_path / "w", {**ARRAYS, "fc.blob2": np.zeros((0, 3), np.float32)})

    with pytest.raises(WeightsError, match="hold 3 blobs"):
        answer(PRODUCT, path)


def npy(dims, dtype="<f4"):
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {dims}, }}"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + text.ljust(117).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy((1 << 40,)) + bytes(8), "holds 8 bytes, 4398046511104 by its header"),
        (npy((2,), "|O") + bytes(16), "Python objects"),
        (npy((3,)) + bytes(16), "holds 16 bytes, 12 by its header"),
        (b"\x93NUMPY\x07\x00", r"version \(7, 0\)"),
        (b"nothing", "is no archive of plain arrays"),
        (npy((50_000_000,)) + bytes(200_000_000), "would expand to 200000128 bytes"),
    ],
)
def test_damaged_or_greedy_npz_are_refused(tmp_path, content, message):
    with zipfile.ZipFile(tmp_path / "w.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fc.weight.npy", content)

    with pytest.raises(WireError, match=message):
        answer(PRODUCT, tmp_path / "w.npz")


def test_a_file_of_torch_is_named_as_such(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}.")

    with pytest.raises(WireError, match=r"file of torch\.save; give the oracle its plain dict of arrays"):
        answer(PRODUCT, tmp_path / "w.pth")


@pytest.mark.parametrize("link", [h5py.SoftLink("/fc"), h5py.ExternalLink("other.h5", "/fc")])
def test_hdf5_links_are_refused(tmp_path, link):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["fc/0"] = WEIGHT
        file.create_group("data")["fc"] = link

    with pytest.raises(WireError, match="is a link to elsewhere"):
        answer(PRODUCT, tmp_path / "w.h5")


def test_hdf5_that_would_expand_or_lie_elsewhere_is_refused(tmp_path):
    with h5py.File(tmp_path / "large.h5", "w") as file:
        file.create_dataset("data/fc/0", (100_000_000,), "<f4")
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        file.create_virtual_dataset("data/fc/0", h5py.VirtualLayout((2, 2), "<f4"))
    with h5py.File(tmp_path / "text.h5", "w") as file:
        file["data/fc/0"] = "words"
    with h5py.File(tmp_path / "bare.h5", "w") as file:
        file["fc/0"] = WEIGHT

    empty = "no plain array|does not hold all data"  # older h5py writes a layout without sources as a plain dataset
    for name, message in (("large", "expand"), ("virtual", empty), ("text", "no plain"), ("bare", "/data")):
        with pytest.raises(WireError, match=message):
            answer(PRODUCT, tmp_path / f"{name}.h5")


@pytest.mark.parametrize(("kind", "dtype"), [(0, "<f8"), (1, "<f4"), (2, "<f2")])
def test_nvidias_raw_data_reads_in_its_three_types(tmp_path, kind, dtype):
    blobs = [
        count(10, kind) + piece(12, array.astype(dtype).tobytes()) + shape(*array.shape) for array in (WEIGHT, BIAS)
    ]

    assert answer(PRODUCT, model(tmp_path / "w.caffemodel", *blobs, name="fc", kind="InnerProduct")) == RIGHT


def test_raw_data_stands_behind_data_and_needs_a_type(tmp_path):
    """NVIDIA's src/caffe/blob.cpp, FromProto: double_data, else data, else raw_data, with CHECK(has_raw_data_type)."""
    blobs = [piece(12, bytes(99)) + piece(5, array.astype("<f4").tobytes()) + shape(*array.shape)
             for array in (WEIGHT, BIAS)]  # fmt: skip
    assert answer(PRODUCT, model(tmp_path / "w.caffemodel", *blobs, name="fc", kind="InnerProduct")) == RIGHT

    untyped = piece(12, np.zeros(2).tobytes()) + shape(2)
    with pytest.raises(WireError, match="raw_data_type is -1"):
        answer(PRODUCT, model(tmp_path / "w.caffemodel", untyped, name="fc", kind="InnerProduct"))


@pytest.mark.parametrize(
    ("kind", "data", "message"), [(3, bytes(8), "raw_data_type is 3"), (1, bytes(7), "multiple of 4")]
)
def test_raw_data_that_does_not_read_is_refused(tmp_path, kind, data, message):
    path = model(tmp_path / "w.caffemodel", count(10, kind) + piece(12, data) + shape(2), name="fc")

    with pytest.raises(WireError, match=message):
        answer(PRODUCT, path)
