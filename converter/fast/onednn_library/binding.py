"""oneDNN's shared library: where it lies, whether it is one that serves, and the functions that are called.

Source: oneDNN's oneapi/dnnl/dnnl.h and dnnl_common.h, version 3, whose C interface stays as it is within the version.
"""

from __future__ import annotations

import ctypes
import sysconfig
import weakref
from ctypes import POINTER, c_char_p, c_float, c_int, c_int32, c_int64, c_size_t, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

import torch  # noqa: F401 - loads the OpenMP library that oneDNN then shares, and with it torch's threads

_FILE = "libdnnl.so.3"
_OLDEST = (3, 2)
_OPENMP = 2
"""dnnl_version_t's number for a library whose kernels share their work out by OpenMP, as torch does."""

_CPU = 1
"""dnnl_engine_kind_t's number for the processor."""

Dims = c_int64 * 12
"""dnnl_dims_t."""

_HANDLE, _OUT = c_void_p, POINTER(c_void_p)
_FUNCTIONS: dict[str, list[Any]] = {
    "dnnl_engine_create": [_OUT, c_int, c_size_t],
    "dnnl_engine_destroy": [_HANDLE],
    "dnnl_stream_create": [_OUT, _HANDLE, c_int],
    "dnnl_stream_destroy": [_HANDLE],
    "dnnl_memory_desc_create_with_tag": [_OUT, c_int, Dims, c_int, c_int],
    "dnnl_memory_desc_create_with_strides": [_OUT, c_int, Dims, c_int, Dims],
    "dnnl_memory_desc_destroy": [_HANDLE],
    "dnnl_memory_create": [_OUT, _HANDLE, _HANDLE, _HANDLE],
    "dnnl_memory_set_data_handle": [_HANDLE, _HANDLE],
    "dnnl_memory_destroy": [_HANDLE],
    "dnnl_post_ops_create": [_OUT],
    "dnnl_post_ops_append_sum": [_HANDLE, c_float, c_int32, c_int],
    "dnnl_post_ops_append_eltwise": [_HANDLE, c_int, c_float, c_float],
    "dnnl_post_ops_append_prelu": [_HANDLE, c_int],
    "dnnl_post_ops_destroy": [_HANDLE],
    "dnnl_primitive_attr_create": [_OUT],
    "dnnl_primitive_attr_set_post_ops": [_HANDLE, _HANDLE],
    "dnnl_primitive_attr_set_scratchpad_mode": [_HANDLE, c_int],
    "dnnl_primitive_attr_destroy": [_HANDLE],
    "dnnl_convolution_forward_primitive_desc_create": [
        _OUT, _HANDLE, c_int, c_int, _HANDLE, _HANDLE, _HANDLE, _HANDLE, Dims, Dims, Dims, Dims, _HANDLE,
    ],
    "dnnl_pooling_forward_primitive_desc_create": [
        _OUT, _HANDLE, c_int, c_int, _HANDLE, _HANDLE, Dims, Dims, Dims, Dims, Dims, _HANDLE,
    ],
    "dnnl_matmul_primitive_desc_create": [_OUT, _HANDLE, _HANDLE, _HANDLE, _HANDLE, _HANDLE, _HANDLE],
    "dnnl_lrn_forward_primitive_desc_create": [
        _OUT, _HANDLE, c_int, c_int, _HANDLE, _HANDLE, c_int64, c_float, c_float, c_float, _HANDLE,
    ],
    "dnnl_softmax_forward_primitive_desc_create": [_OUT, _HANDLE, c_int, c_int, _HANDLE, _HANDLE, c_int, _HANDLE],
    "dnnl_concat_primitive_desc_create": [_OUT, _HANDLE, _HANDLE, c_int, c_int, _OUT, _HANDLE],
    "dnnl_reorder_primitive_desc_create": [_OUT, _HANDLE, _HANDLE, _HANDLE, _HANDLE, _HANDLE],
    "dnnl_primitive_desc_query": [_HANDLE, c_int, c_int, POINTER(c_char_p)],
    "dnnl_primitive_desc_destroy": [_HANDLE],
    "dnnl_primitive_create": [_OUT, _HANDLE],
    "dnnl_primitive_execute": [_HANDLE, _HANDLE, c_int, c_void_p],
    "dnnl_primitive_destroy": [_HANDLE],
}  # fmt: skip
"""The functions that give a status, and their arguments."""

_STATUS = ("success", "out of memory", "invalid arguments", "unimplemented", "no implementation left", "runtime error")


class _Version(ctypes.Structure):
    """dnnl_version_t."""

    _fields_ = (
        ("major", c_int), ("minor", c_int), ("patch", c_int), ("hash", c_char_p),
        ("cpu_runtime", ctypes.c_uint), ("gpu_runtime", ctypes.c_uint),
    )  # fmt: skip


class Handle:
    """An object of oneDNN's, which is freed with this one; it may stand among a function's arguments."""

    __slots__ = ("__weakref__", "_as_parameter_", "value")

    def __init__(self, destroyer: str, creator: str, *arguments: Any) -> None:
        made = c_void_p()
        call(creator, ctypes.byref(made), *arguments)
        self.value = self._as_parameter_ = made.value
        weakref.finalize(self, getattr(load(), destroyer), made.value)


@cache
def missing() -> str:
    """Why the library does not serve; "" where it does."""
    try:
        load()
    except RuntimeError as error:
        return str(error)
    return ""


@cache
def load() -> ctypes.CDLL:
    """The library, its functions declared: this Python's, the user's, or the system's.

    Raises:
        RuntimeError: it is not there, or not one of this version, or computes in threads of its own.
    """
    schemes = sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")
    places = [Path(sysconfig.get_path("data", scheme)) / "lib" / _FILE for scheme in schemes]
    path = next((str(place) for place in places if place.exists()), _FILE)
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise RuntimeError(f"{error}; the extra [onednn] brings the library") from error
    library.dnnl_version.restype = POINTER(_Version)
    version = library.dnnl_version().contents
    if not _OLDEST <= (version.major, version.minor) < (_OLDEST[0] + 1, 0) or version.cpu_runtime != _OPENMP:
        found = f"{version.major}.{version.minor}, threads of kind {version.cpu_runtime}"
        oldest = ".".join(map(str, _OLDEST))
        raise RuntimeError(f"{path}: not oneDNN {oldest} or a later {_OLDEST[0]} with OpenMP, but {found}")
    for name, arguments in _FUNCTIONS.items():
        getattr(library, name).argtypes = arguments
    library.dnnl_primitive_desc_query_md.argtypes = [_HANDLE, c_int, c_int]
    library.dnnl_primitive_desc_query_md.restype = c_void_p
    library.dnnl_memory_desc_get_size.argtypes = [_HANDLE]
    library.dnnl_memory_desc_get_size.restype = c_size_t
    return library


def call(name: str, *arguments: Any) -> None:
    """A function of the library.

    Raises:
        RuntimeError: it gave another status than success.
    """
    raise_for(getattr(load(), name)(*arguments), name)


def raise_for(status: int, name: str = "a kernel") -> None:
    """Nothing, for success.

    Raises:
        RuntimeError: the status of a function of the library is another.
    """
    if status:
        said = _STATUS[status] if 0 <= status < len(_STATUS) else f"status {status}"
        raise RuntimeError(f"oneDNN says of {name}: {said}")


@cache
def engine() -> Handle:
    """The processor as oneDNN knows it; one for the whole process."""
    return Handle("dnnl_engine_destroy", "dnnl_engine_create", _CPU, 0)
