"""`caffe.io`: images as arrays and back, resizing, crops, `Transformer`, and arrays as protobuf messages.

Source: python/caffe/io.py. Images are read with Pillow and resized here, as scikit-image did in Caffe's time: linear,
zeros beyond the border, no smoothing before shrinking.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from converter.data.images import FORMATS, check_pixels
from converter.pycaffe.proto import caffe_pb2
from converter.pycaffe.transformer import Transformer
from converter.pycaffe.warp import resize_image

__all__ = [
    "Transformer",
    "array_to_blobproto",
    "array_to_datum",
    "arraylist_to_blobprotovector_str",
    "blobproto_to_array",
    "blobprotovector_str_to_arraylist",
    "caffe_pb2",
    "datum_to_array",
    "load_image",
    "oversample",
    "resize_image",
]

Array = npt.NDArray[Any]
_GRAY = np.array([0.2125, 0.7154, 0.0721])
"""scikit-image's weights of red, green and blue in gray."""


def load_image(filename: str | os.PathLike[str] | IO[bytes], color: bool = True) -> Array:
    """An image as float32 (h, w, 3) R, G, B in 0 to 1, or (h, w, 1) where `color` is false.

    Args:
        filename: a path, or an open binary file.
        color: gray images are repeated three times, transparency is dropped; else colors become gray.

    Raises:
        OSError: the file is not there, or no image of a known kind.
        ImageError: it has more pixels than a file of its size can hold.
    """
    with Image.open(filename, formats=FORMATS) as image:
        if isinstance(filename, str | os.PathLike):
            check_pixels(image, Path(filename).stat().st_size, os.fspath(filename))
        pixels = _as_unit_range(np.asarray(image.convert("RGBA" if image.mode == "P" else _mode(image.mode))))
    if pixels.ndim == 2:
        return np.repeat(pixels[:, :, None], 3 if color else 1, axis=2).astype(np.float32)
    pixels = pixels[:, :, :3]
    return pixels.astype(np.float32) if color else (pixels @ _GRAY)[:, :, None].astype(np.float32)


def _mode(mode: str) -> str:
    """The mode to read an image in: gray stays gray, colors become R, G, B."""
    if mode in ("1", "LA"):
        return "L"
    return mode if mode in ("L", "RGB", "RGBA") or mode.startswith(("I", "F")) else "RGB"


def _as_unit_range(pixels: Array) -> Array:
    """Whole numbers as fractions of their type's largest; 32-bit grays are 16-bit ones to Pillow."""
    if pixels.dtype == np.uint8:
        return pixels / 255.0
    return pixels / 65535.0 if np.issubdtype(pixels.dtype, np.integer) else pixels


def oversample(images: Any, crop_dims: Any) -> Array:
    """The four corners and the center of each image, and their mirror images.

    Args:
        images: (h, w, k) arrays of one shape.
        crop_dims: height and width of a crop.

    Returns:
        (10 × images, crop height, crop width, k) float32: corners row by row, center, then the five mirrored.
    """
    height, width = np.asarray(images[0].shape[:2], dtype=int)
    rows, columns = (int(size) for size in crop_dims)
    starts = [(top, left) for top in (0, height - rows) for left in (0, width - columns)]
    starts.append((int(height / 2.0 - rows / 2.0), int(width / 2.0 - columns / 2.0)))
    crops = [[image[top : top + rows, left : left + columns] for top, left in starts] for image in images]
    both = [five + [crop[:, ::-1] for crop in five] for five in crops]
    return np.array([crop for ten in both for crop in ten], dtype=np.float32)


def blobproto_to_array(blob: Any, return_diff: bool = False) -> Array:
    """A BlobProto's numbers in its shape, of the older or the newer form; its diff where `return_diff`.

    Raises:
        ValueError: the numbers do not fit the shape.
    """
    data = np.array(blob.diff if return_diff else blob.data)
    legacy = any(blob.HasField(name) for name in ("num", "channels", "height", "width"))
    shape = (blob.num, blob.channels, blob.height, blob.width) if legacy else tuple(blob.shape.dim)
    return data.reshape(shape)


def array_to_blobproto(arr: Array, diff: Array | None = None) -> Any:
    """An array, and its diff of the same shape, as a BlobProto."""
    blob = caffe_pb2.BlobProto()
    blob.shape.dim.extend(arr.shape)
    blob.data.extend(arr.astype(float).flat)
    if diff is not None:
        blob.diff.extend(diff.astype(float).flat)
    return blob


def arraylist_to_blobprotovector_str(arraylist: Any) -> bytes:
    """Arrays as the bytes of a BlobProtoVector."""
    data: bytes = caffe_pb2.BlobProtoVector(
        blobs=[array_to_blobproto(array) for array in arraylist]
    ).SerializeToString()
    return data


def blobprotovector_str_to_arraylist(data: bytes) -> list[Array]:
    """The arrays in the bytes of a BlobProtoVector."""
    return [blobproto_to_array(blob) for blob in caffe_pb2.BlobProtoVector.FromString(data).blobs]


def array_to_datum(arr: Array, label: int | None = None) -> Any:
    """A (c, h, w) array as a Datum: uint8 as bytes, all else as floats.

    Raises:
        ValueError: another number of axes.
    """
    if arr.ndim != 3:
        raise ValueError(f"Incorrect array shape: {arr.shape}; expected (channels, height, width)")
    datum = caffe_pb2.Datum(channels=arr.shape[0], height=arr.shape[1], width=arr.shape[2])
    if arr.dtype == np.uint8:
        datum.data = arr.tobytes()
    else:
        datum.float_data.extend(arr.astype(float).flat)
    if label is not None:
        datum.label = label
    return datum


def datum_to_array(datum: Any) -> Array:
    """A Datum's numbers, (c, h, w): uint8 where it holds bytes, else float64.

    Raises:
        ValueError: the numbers do not fit the shape.
    """
    shape = (datum.channels, datum.height, datum.width)
    if len(datum.data):
        return np.frombuffer(datum.data, dtype=np.uint8).reshape(shape).copy()
    return np.array(datum.float_data).astype(float).reshape(shape)
