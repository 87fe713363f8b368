"""Caffe's own data layers on files made here: order, epochs, crops, means, labels, by hand values."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from converter.data.caffe_images import read_bgr, resize_linear
from converter.data.caffe_layers import LayerReader, layer_data, unstated_shapes
from converter.errors import (
    ConversionError,
    DatasetError,
    ImageError,
    MemoryLimitError,
    ShapeError,
    UnsupportedParameterError,
)
from converter.files.memory import memory_limit
from converter.formats.protobuf.schema import message_class
from converter.net.reading import read_net


def reader(folder: Path, layer: str, phase: str = "test", seed: int = 0) -> LayerReader:
    (folder / "net.prototxt").write_text(layer)
    return layer_data(read_net(folder / "net.prototxt", phase).layers[0], seed)


def hdf5(folder: Path, name: str, rows: list[float], **more: object) -> None:
    with h5py.File(folder / name, "w") as file:
        file["x"] = np.array([[row, -row] for row in rows])
        file["y"] = np.array(rows, dtype=np.int32)
        for key, value in more.items():
            file[key] = value


HDF5 = """layer {{ name: "d" type: "HDF5Data" top: "x" top: "y"
  hdf5_data_param {{ source: "{source}" batch_size: {batch} shuffle: {shuffle} }} }}"""


def hdf5_layer(folder: Path, batch: int, shuffle: str = "false") -> str:
    hdf5(folder, "a.h5", [0, 1, 2])
    hdf5(folder, "b.h5", [3, 4])
    (folder / "list.txt").write_text("a.h5\nb.h5\n")
    return HDF5.format(source=folder / "list.txt", batch=batch, shuffle=shuffle)


def test_hdf5_rows_go_on_in_the_next_file_and_from_the_beginning_again(tmp_path: Path) -> None:
    rows = reader(tmp_path, hdf5_layer(tmp_path, 4))
    assert rows.shapes() == {"x": (4, 2), "y": (4,)}
    first, second = rows.inputs(0), rows.inputs(1)
    assert first["y"].tolist() == [0, 1, 2, 3] and second["y"].tolist() == [4, 0, 1, 2]
    assert first["x"].dtype == np.float32 and first["x"][3].tolist() == [3, -3]


def test_shuffled_hdf5_rows_come_once_an_epoch(tmp_path: Path) -> None:
    rows = reader(tmp_path, hdf5_layer(tmp_path, 5, "true"))
    epochs = [rows.inputs(number)["y"].tolist() for number in range(6)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs) and len(set(map(tuple, epochs))) > 1


def test_a_batch_of_many_epochs_is_gathered_a_file_at_a_time(tmp_path: Path) -> None:
    large, small = reader(tmp_path, hdf5_layer(tmp_path, 20_000)), reader(tmp_path, hdf5_layer(tmp_path, 5))
    batch = large.inputs(1)
    assert (batch["y"].reshape(-1, 5) == [0, 1, 2, 3, 4]).all() and (batch["x"][:, 1] == -batch["y"]).all()
    shuffled, alone = (reader(tmp_path, hdf5_layer(tmp_path, size, "true")) for size in (40, 5))
    rows = np.concatenate([alone.inputs(number)["y"] for number in range(8)])
    assert shuffled.inputs(0)["y"].tolist() == rows.tolist() and small.inputs(7)["y"].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(DatasetError, match="batch_size 50001 is 10000 times the 5 rows that there are"):
        reader(tmp_path, hdf5_layer(tmp_path, 50_001)).inputs(0)


def test_hdf5_without_a_tops_data_set_is_refused(tmp_path: Path) -> None:
    text = hdf5_layer(tmp_path, 2).replace('top: "y"', 'top: "labels"')
    with pytest.raises(DatasetError, match="no data set 'labels'; it has x, y"):
        reader(tmp_path, text)


def test_hdf5_does_not_transform(tmp_path: Path) -> None:
    text = hdf5_layer(tmp_path, 2).replace("hdf5_data_param", "transform_param { scale: 2 } hdf5_data_param")
    with pytest.raises(UnsupportedParameterError, match="transform_param"):
        reader(tmp_path, text)


def image(folder: Path, name: str, value: int, size: tuple[int, int] = (4, 6)) -> None:
    """R = value, G = row, B = column."""
    rows, columns = np.indices(size)
    pixels = np.stack([np.full(size, value), rows, columns], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(folder / name)


def image_layer(folder: Path, more: str = "", transform: str = "") -> str:
    for number, name in enumerate(("a b.png", "c.png", "d.png")):
        image(folder, name, 10 * (number + 1))
    (folder / "list.txt").write_text("a b.png 7\nc.png 8\nd.png 9\n")
    return f"""layer {{ name: "d" type: "ImageData" top: "x" top: "y" transform_param {{ {transform} }}
      image_data_param {{ source: "{folder}/list.txt" root_folder: "{folder}/" batch_size: 2 {more} }} }}"""


def test_images_come_as_bgr_with_the_label_behind_the_last_blank(tmp_path: Path) -> None:
    images = reader(tmp_path, image_layer(tmp_path))
    first, second = images.inputs(0), images.inputs(1)
    assert first["x"].shape == (2, 3, 4, 6) and first["y"].tolist() == [7, 8] and second["y"].tolist() == [9, 7]
    assert first["x"][1, :, 3, 5].tolist() == [5, 3, 20]


def test_images_are_cropped_at_the_center_minus_the_mean_times_the_scale(tmp_path: Path) -> None:
    transform = "crop_size: 2 scale: 0.5 mean_value: 1 mean_value: 2 mean_value: 3"
    values = reader(tmp_path, image_layer(tmp_path, transform=transform)).inputs(0)["x"][0]
    assert values[0].tolist() == [[0.5, 1.0], [0.5, 1.0]]  # columns 2 and 3, minus 1, halved
    assert values[1].tolist() == [[-0.5, -0.5], [0, 0]]  # rows 1 and 2, minus 2, halved
    assert (values[2] == 3.5).all()


def test_training_crops_and_mirrors_differ_and_repeat_by_the_seed(tmp_path: Path) -> None:
    text = image_layer(tmp_path, "rand_skip: 0", "crop_size: 2 mirror: true")
    images = reader(tmp_path, text, "train")
    columns = {tuple(images.inputs(number)["x"][0, 0, 0]) for number in range(40)}
    assert columns > {(0, 1), (1, 0)} and len(columns) == 10  # five places, each both ways
    assert np.array_equal(images.inputs(3)["x"], reader(tmp_path, text, "train").inputs(3)["x"])


def test_gray_images_and_new_sizes(tmp_path: Path) -> None:
    images = reader(tmp_path, image_layer(tmp_path, "is_color: false new_height: 8 new_width: 3"))
    assert images.shapes() == {"x": (2, 1, 8, 3), "y": (2,)}


def test_images_of_two_sizes_in_one_batch_are_refused(tmp_path: Path) -> None:
    text = image_layer(tmp_path)
    image(tmp_path, "c.png", 1, (5, 6))
    with pytest.raises(DatasetError, match="new_height"):
        reader(tmp_path, text).inputs(0)


@pytest.mark.parametrize(
    ("lines", "error"), [("a.png\n", DatasetError), ("", DatasetError), ("nowhere.png 1\n", ImageError)]
)
def test_lists_that_do_not_read_are_refused(tmp_path: Path, lines: str, error: type[ConversionError]) -> None:
    text = image_layer(tmp_path)
    (tmp_path / "list.txt").write_text(lines)
    with pytest.raises(error):
        reader(tmp_path, text).inputs(0)


@pytest.mark.parametrize("size", [(5, 3), (20, 31), (7, 11), (1, 1), (13, 40)])
def test_linear_resizing_is_opencvs(tmp_path: Path, size: tuple[int, int]) -> None:
    cv2 = pytest.importorskip("cv2")
    pixels = np.random.default_rng(1).integers(0, 256, (13, 17, 3), dtype=np.uint8)
    wanted = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_LINEAR)
    assert np.abs(resize_linear(pixels.transpose(2, 0, 1), size).transpose(1, 2, 0).astype(int) - wanted).max() <= 1
    Image.fromarray(pixels).save(tmp_path / "x.png")
    assert np.array_equal(read_bgr(str(tmp_path / "x.png")).transpose(1, 2, 0), cv2.imread(str(tmp_path / "x.png")))


def test_memory_goes_round_from_the_arrays_beginning(tmp_path: Path) -> None:
    text = """layer { name: "d" type: "MemoryData" top: "x" top: "y"
      memory_data_param { batch_size: 2 channels: 1 height: 1 width: 3 } }"""
    memory = reader(tmp_path, text)
    assert memory.shapes() == {"x": (2, 1, 1, 3), "y": (2,)}
    with pytest.raises(DatasetError, match="set_input_arrays"):
        memory.inputs(0)
    data = np.arange(12, dtype=np.float32).reshape(4, 1, 1, 3)
    memory.set_arrays(data, np.arange(4, dtype=np.float32))
    assert [memory.inputs(n)["y"].ravel().tolist() for n in (5, 6, 7)] == [[0, 1], [2, 3], [0, 1]]
    assert memory.inputs(6)["x"].ravel().tolist() == [6, 7, 8, 9, 10, 11]
    with pytest.raises(DatasetError, match="multiple of the batch size"):
        memory.set_arrays(data[:3], np.zeros(3, np.float32))
    with pytest.raises(DatasetError, match="float64"):
        memory.set_arrays(data.astype(float), np.zeros(4, np.float32))


def lmdb_layer(folder: Path, more: str = "", transform: str = "") -> str:
    lmdb = pytest.importorskip("lmdb")
    env = lmdb.open(str(folder / "db"), map_size=1 << 20)
    with env.begin(write=True) as transaction:
        for number in (2, 0, 1):  # keys are read in order, however they were written
            datum = message_class("Datum")(channels=1, height=2, width=2, label=number)
            datum.data = bytes([number, 50, 100, 200])
            transaction.put(f"{number:08d}".encode(), datum.SerializeToString())
    env.close()
    return f"""layer {{ name: "d" type: "Data" top: "x" top: "y" transform_param {{ {transform} }}
      data_param {{ source: "{folder}/db" batch_size: 2 backend: LMDB {more} }} }}"""


def test_lmdb_records_come_in_key_order_and_round_again(tmp_path: Path) -> None:
    data = reader(tmp_path, lmdb_layer(tmp_path, transform="scale: 0.5 mean_value: 50"))
    assert data.inputs(0)["y"].tolist() == [0, 1] and data.inputs(1)["y"].tolist() == [2, 0]
    assert data.inputs(1)["x"].tolist() == [[[[-24, 0], [25, 75]]], [[[-25, 0], [25, 75]]]]
    assert data.inputs(0)["y"].tolist() == [0, 1]


def test_encoded_lmdb_records_are_decoded_to_bgr(tmp_path: Path) -> None:
    lmdb = pytest.importorskip("lmdb")
    image(tmp_path, "x.png", 90)
    env = lmdb.open(str(tmp_path / "db"), map_size=1 << 20)
    with env.begin(write=True) as transaction:
        datum = message_class("Datum")(encoded=True, data=(tmp_path / "x.png").read_bytes(), label=3)
        transaction.put(b"0", datum.SerializeToString())
    env.close()
    text = f"""layer {{ name: "d" type: "Data" top: "x"
      data_param {{ source: "{tmp_path}/db" batch_size: 1 backend: LMDB }} }}"""
    batch = reader(tmp_path, text).inputs(0)
    assert list(batch) == ["x"] and batch["x"][0, :, 2, 4].tolist() == [4, 2, 90]


def test_a_database_that_is_not_there_is_refused(tmp_path: Path) -> None:
    text = 'layer { name: "d" type: "Data" top: "x" data_param { source: "nowhere" batch_size: 1 backend: LMDB } }'
    with pytest.raises(DatasetError, match="no such LMDB"):
        reader(tmp_path, text)


def test_leveldb_without_plyvel_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "plyvel", None)
    text = f'layer {{ name: "d" type: "Data" top: "x" data_param {{ source: "{tmp_path}" batch_size: 1 }} }}'
    with pytest.raises(DatasetError, match=r"needs the package plyvel.*or convert it to LMDB"):
        reader(tmp_path, text)


WINDOWS = """# 0
{folder}/a.png
3 4 6
2
5 0.9 1 1 2 2
5 0.1 0 0 5 3
# 1
{folder}/b.png
3 4 6
1
2 0.7 0 0 1 1
"""


def window_layer(folder: Path, more: str = "", transform: str = "") -> str:
    image(folder, "a.png", 10)
    image(folder, "b.png", 20)
    (folder / "windows.txt").write_text(WINDOWS.format(folder=folder))
    return f"""layer {{ name: "d" type: "WindowData" top: "x" top: "y" transform_param {{ crop_size: 2 {transform} }}
      window_data_param {{ source: "{folder}/windows.txt" batch_size: 8 {more} }} }}"""


def test_windows_come_background_first_with_label_0(tmp_path: Path) -> None:
    windows = reader(tmp_path, window_layer(tmp_path, "fg_fraction: 0.5"))
    batch = windows.inputs(0)
    assert windows.shapes() == {"x": (8, 3, 2, 2), "y": (8,)}
    assert batch["y"][:4].tolist() == [0] * 4 and set(batch["y"][4:].tolist()) <= {2, 5}
    red = {5: 10, 2: 20}
    for label, window in zip(batch["y"][4:], batch["x"][4:], strict=True):
        start = 1 if label == 5 else 0
        assert window[2, 0, 0] == red[int(label)]
        assert window[0].tolist() == [[start, start + 1]] * 2  # the window is as large as the crop: not resized


def test_context_beyond_the_image_is_zero(tmp_path: Path) -> None:
    text = window_layer(tmp_path, "fg_fraction: 1 context_pad: 1", "mean_value: 5").replace(
        "crop_size: 2", "crop_size: 6"
    )
    for window, label in zip(*reader(tmp_path, text).inputs(0).values(), strict=True):
        beyond = window[:, 0, 0]
        assert (beyond == 0).all() if label == 2 else (beyond[2] == 10 - 5)


def test_a_window_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    text = window_layer(tmp_path)
    (tmp_path / "windows.txt").write_text("# 0\nx.png\n3 4 6\n2\n1 0.5 1 1")
    with pytest.raises(DatasetError, match="breaks off"):
        reader(tmp_path, text)


def test_shapes_that_only_the_data_tell_are_read(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(hdf5_layer(tmp_path, 3))
    assert unstated_shapes(read_net(tmp_path / "net.prototxt")) == {"x": (3, 2), "y": (3,)}


def leveldb_layer(folder: Path) -> str:
    plyvel = pytest.importorskip("plyvel")
    store = plyvel.DB(str(folder / "db"), create_if_missing=True)
    for number in (2, 0, 1):  # keys are read in order, however they were written
        datum = message_class("Datum")(channels=1, height=1, width=2, label=number, data=bytes([number, 200]))
        store.put(f"{number:08d}".encode(), datum.SerializeToString())
    store.close()
    return f'layer {{ name: "d" type: "Data" top: "x" top: "y" data_param {{ source: "{folder}/db" batch_size: 2 }} }}'


def test_leveldb_records_come_in_key_order_and_round_again(tmp_path: Path) -> None:
    """LevelDB is the backend where none is named (caffe.proto, DataParameter)."""
    data = reader(tmp_path, leveldb_layer(tmp_path))
    assert data.inputs(0)["y"].tolist() == [0, 1] and data.inputs(1)["y"].tolist() == [2, 0]
    assert data.inputs(1)["x"].tolist() == [[[[2, 200]]], [[[0, 200]]]]


def test_a_folder_that_is_no_leveldb_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("plyvel")
    text = f'layer {{ name: "d" type: "Data" top: "x" data_param {{ source: "{tmp_path}" batch_size: 1 }} }}'
    with pytest.raises(DatasetError, match="cannot be opened as LevelDB"):
        reader(tmp_path, text)


def batch_layer(kind: str, folder: Path, batch: int) -> str:
    """A layer of a kind whose batches are of any size."""
    make = {"HDF5Data": lambda: hdf5_layer(folder, 9), "ImageData": lambda: image_layer(folder)}
    text = make.get(kind, lambda: window_layer(folder))()
    return re.sub(r"batch_size: \d+", f"batch_size: {batch}", text)


@pytest.mark.parametrize("kind", ["HDF5Data", "ImageData", "WindowData"])
def test_a_batch_that_nothing_holds_is_refused_before_it_is_gathered(kind: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedParameterError, match="batch_size must be more than 0"):
        reader(tmp_path, batch_layer(kind, tmp_path, 0))
    with pytest.raises(ShapeError, match=r"the batch of 2000000000×.* a blob holds at most 2147483647"):
        reader(tmp_path, batch_layer(kind, tmp_path, 2_000_000_000)).inputs(0)
    with memory_limit(10**6), pytest.raises(MemoryLimitError, match="a batch of 100000 items"):
        reader(tmp_path, batch_layer(kind, tmp_path, 100_000)).inputs(0)


def test_a_size_that_no_memory_holds_is_refused_before_it_is_made() -> None:
    with memory_limit(10**9), pytest.raises(MemoryLimitError, match="an image of 100000×100000 pixels"):
        resize_linear(np.zeros((3, 4, 4), np.uint8), (100_000, 100_000))
