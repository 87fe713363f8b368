"""Seeds that no golden holds: small sound files of every other format."""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import h5py
import numpy as np

from converter import __version__

_WEIGHTS = {"fc.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "fc.bias": np.ones(2, np.float32)}


def _solver(more: str) -> bytes:
    return (
        f'net: "net.prototxt"\nbase_lr: 0.1\nlr_policy: "step"\nstepsize: 3\ngamma: 0.5\nmax_iter: 9\n{more}'.encode()
    )


@cache
def solvers() -> list[bytes]:
    """Solver files of several types."""
    test = "test_iter: 2 test_interval: 4 test_state { stage: 'a' level: 1 }"
    inner = 'train_net_param { layer { name: "x" type: "Input" top: "x" } }'
    return [_solver('momentum: 0.9 weight_decay: 1e-4 type: "SGD"'), _solver(test), _solver("solver_type: ADAM"),
            _solver('regularization_type: "L1" iter_size: 2 snapshot: 5 snapshot_prefix: "s" snapshot_format: HDF5'),
            _solver(inner).partition(b"\n")[2]]  # fmt: skip


@cache
def safetensors() -> list[bytes]:
    """Files of one and of two layers, with metadata and without."""
    from safetensors.numpy import save

    types = {"blob_order": '{"fc": ["weight", "bias"]}', "layer_types": '{"fc": "InnerProduct"}'}
    half = {"a.weight": np.ones((2, 1, 3, 3), np.float16), "b": np.zeros((0, 2), np.float64)}
    return [save(_WEIGHTS), save(_WEIGHTS, types), save({**_WEIGHTS, **half})]


@cache
def npz() -> list[bytes]:
    """Archives that are compressed and that are not."""
    found = []
    for save in (np.savez, np.savez_compressed):
        raw = io.BytesIO()
        save(raw, **_WEIGHTS)  # type: ignore[arg-type]
        found.append(raw.getvalue())
    raw = io.BytesIO()
    np.savez(raw, **{"data": np.asfortranarray(np.ones((3, 2))), "in:x": np.ones(2), "shape:y": np.array([3])})  # type: ignore[arg-type]
    return [*found, raw.getvalue()]


@cache
def pth() -> list[bytes]:
    """State dicts in today's archive and in the form before it."""
    import torch

    state = {key: torch.from_numpy(value) for key, value in _WEIGHTS.items()}
    found = []
    for value, new in ((state, True), (state, False), ({"net": state, "epoch": 3}, True)):
        raw = io.BytesIO()
        torch.save(value, raw, _use_new_zipfile_serialization=new)
        found.append(raw.getvalue())
    return found


@cache
def means() -> list[bytes]:
    """BlobProtos: legacy sizes, a shape, doubles, raw halves."""
    from scripts.fuzzing.wire import Field, serialize

    def blob(*fields: tuple[int, int, int | bytes]) -> bytes:
        return b"".join(serialize(Field(*field)) for field in fields)

    numbers = np.arange(12)
    floats, doubles, halves = (numbers.astype(kind).tobytes() for kind in ("<f4", "<f8", "<f2"))
    legacy = ((1, 0, 1), (2, 0, 3), (3, 0, 2), (4, 0, 2))
    shape = (7, 2, bytes((0x0A, 3, 3, 2, 2)))
    return [blob(*legacy, (5, 2, floats)), blob(shape, (8, 2, doubles)), blob(shape, (10, 0, 2), (12, 2, halves))]


@cache
def npy() -> list[bytes]:
    """Arrays of numbers."""
    found = []
    for values in (np.ones((3, 2, 2), np.float32), np.arange(3), np.asfortranarray(np.ones((2, 2)))):
        raw = io.BytesIO()
        np.save(raw, values)
        found.append(raw.getvalue())
    return found


@cache
def images() -> list[bytes]:
    """One small picture in each format that is read, gray and in color."""
    from PIL import Image

    pixels = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
    found = []
    for kind in ("PNG", "JPEG", "BMP", "PPM", "TIFF", "WEBP", "GIF"):
        for image in (Image.fromarray(pixels), Image.fromarray(pixels[..., 0])):
            raw = io.BytesIO()
            image.save(raw, kind)
            found.append(raw.getvalue())
    return found


@cache
def datums() -> list[bytes]:
    """Datums of bytes, of floats, and of an encoded picture."""
    from converter.formats.protobuf.schema import message_class

    datum = message_class("Datum")
    return [
        datum(channels=3, height=2, width=2, data=bytes(range(12)), label=5).SerializeToString(),
        datum(channels=1, height=2, width=2, float_data=[1, 2, 3, 4]).SerializeToString(),
        datum(encoded=True, data=images()[0], label=-1).SerializeToString(),
    ]


@cache
def databases() -> list[bytes]:
    """LMDBs of one record, of two levels, and of records on pages of their own."""
    import lmdb

    found = []
    for count, size in ((1, 10), (200, 150), (5, 9000)):
        with tempfile.TemporaryDirectory() as folder:
            with lmdb.open(folder, map_size=2**20) as env, env.begin(write=True) as transaction:
                for at in range(count):
                    transaction.put(f"{at:08}".encode(), bytes([at % 256]) * size)
            found.append((Path(folder) / "data.mdb").read_bytes())
    return found


@cache
def leveldbs() -> list[dict[str, bytes]]:
    """LevelDBs of one table each, of one record and of several blocks: the files by name."""
    import plyvel

    found = []
    for count, size in ((1, 10), (40, 500)):
        with tempfile.TemporaryDirectory() as folder:
            opened = plyvel.DB(folder, create_if_missing=True)
            for at in range(count):
                opened.put(f"{at:08}".encode(), bytes([at % 256]) * size)
            opened.compact_range()
            opened.close()
            found.append({path.name: path.read_bytes() for path in Path(folder).iterdir()})
    return found


def tables() -> list[bytes]:
    """The tables of `leveldbs`."""
    return [data for files in leveldbs() for name, data in files.items() if name.endswith(".ldb")]


@cache
def lists() -> list[bytes]:
    """Lists of pictures, and of windows."""
    return [b"a.png 0\nb c.png 12\n", b"# 0\na.png\n3\n5\n4\n2\n1 0.9 0 0 3 3\n0 0.1 1 1 2 2\n"]


@cache
def classes() -> list[bytes]:
    """Names, a palette, and both."""
    return [b"sky\nroad\n", b"0 0 0\n128 64 0\n", b"# CamVid\n64 128 64 animal\n192 0 128 archway\n"]


@cache
def settings() -> list[bytes]:
    """JSON as it stands in our own folders and weights files."""
    from converter.dilatednet.trained import describe
    from converter.dilatednet.zoo import find

    config = {"model_type": "caffe", "inputs": {"data": [1, 3, 8, 8]}, "outputs": ["prob"]}
    images = {"mean": [1.5, 2, 3], "scale": 0.5, "size": [8, 9], "crop": [8, 8], "color": "bgr"}
    result = {"name": "a", "status": "failed", "error": "x", "formats": {"onnx": {"a.onnx": "0"}}, "parity": {"p": 0.1}}
    tables = [
        {**config, **images},
        {"evaluation": {"classes": 3, "weights": "w"}, "features": {}},
        {"x": {"sha256": "00", "address": "https://a/b", "size": 3}},
        {"version": __version__, "results": [result]},
    ]
    return [*(json.dumps(table).encode() for table in tables), describe(find("camvid"), "joint")["dilatednet"].encode()]


@cache
def rows() -> list[bytes]:
    """HDF5 data with the datasets x and y."""
    raw = io.BytesIO()
    with h5py.File(raw, "w") as file:
        file["x"], file["y"] = np.ones((4, 3), np.float32), np.arange(4)
    return [raw.getvalue()]


@cache
def archives() -> list[bytes]:
    """A zip and tars of a folder with two files."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a/b.txt", "x" * 100)
        packed.writestr("c.txt", "y")
    found = [raw.getvalue()]
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode=mode) as tar:  # type: ignore[call-overload]
            for name, body in (("a/b.txt", b"x" * 100), ("c.txt", b"y")):
                info = tarfile.TarInfo(name)
                info.size = len(body)
                tar.addfile(info, io.BytesIO(body))
        found.append(raw.getvalue())
    return found
