"""Errors of pycaffe's calls: of the converter's tree, and RuntimeErrors too, which is what old scripts catch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from converter.errors import ConversionError


class CaffeError(ConversionError, RuntimeError):
    """What genuine pycaffe raises as RuntimeError, or ends the process for."""


@contextmanager
def as_caffe_errors() -> Iterator[None]:
    """Raise the converter's errors as CaffeError, with their text and place.

    Raises:
        CaffeError: the body raised a ConversionError.
    """
    try:
        yield
    except CaffeError:
        raise
    except ConversionError as error:
        raise CaffeError(
            error.message, path=error.path, line=error.line, layer=error.layer, field=error.field
        ) from error
