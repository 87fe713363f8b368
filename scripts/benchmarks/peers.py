"""What others do with a weights file, as whole programs: `python -m scripts.benchmarks.peers WAY FILES`."""

from __future__ import annotations

import sys


def protobuf(source: str, out: str) -> None:
    """Google's parser over the whole file, NumPy arrays of its lists of numbers, written by safetensors' own writer."""
    import numpy as np
    from safetensors.numpy import save_file

    from scripts.benchmarks.tasks.reading import parsed

    arrays = {}
    for layer in parsed(source).layer:
        for name, blob in zip(("weight", "bias"), layer.blobs, strict=False):
            arrays[f"{layer.name}.{name}"] = np.array(blob.data, np.float32).reshape(tuple(blob.shape.dim))
    save_file(arrays, out)


def opencv(prototxt: str, source: str) -> None:
    """OpenCV's reader; it writes nothing."""
    import cv2

    cv2.dnn.readNetFromCaffe(prototxt, source)


def sha256(source: str) -> None:
    """The digest alone, which no conversion that notes it can be faster than."""
    import hashlib
    import mmap

    digest, size = hashlib.sha256(), 1 << 24
    with open(source, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib would cost what is not asked for
        end = file.seek(0, 2)
        for start in range(0, end, size):
            with mmap.mmap(file.fileno(), min(size, end - start), access=mmap.ACCESS_READ, offset=start) as window:
                digest.update(window)


if __name__ == "__main__":
    {"protobuf": protobuf, "opencv": opencv, "sha256": sha256}[sys.argv[1]](*sys.argv[2:])
