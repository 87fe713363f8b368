"""A net as a list of oneDNN's kernels, called through the C interface of its own shared library, where that is there.

Torch holds oneDNN too, but lets nobody at its kernels except through torch's dispatcher or TorchScript, which take 10
to 30 µs a kernel: of a net whose kernels take a tenth of a millisecond each, that is felt.
"""

from converter.fast.onednn_library.binding import missing
from converter.fast.onednn_library.program import KernelProgram

__all__ = ["KernelProgram", "missing"]
