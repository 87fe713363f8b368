"""What NumPy and zipfile raise on a damaged array file or archive."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib

NPY_DAMAGE = (OSError, ValueError, TypeError, EOFError, SyntaxError, RuntimeError, MemoryError, OverflowError,
              tokenize.TokenError)  # fmt: skip
"""On a .npy: its header is a Python literal, which NumPy evaluates, tokenizes and sorts."""

NPZ_DAMAGE = (*NPY_DAMAGE, KeyError, struct.error, zlib.error, zipfile.BadZipFile, zipfile.LargeZipFile)
"""On an archive of them; RuntimeError holds what zipfile does not implement, too."""
