"""Pages of mapped weights that were packed elsewhere go back to the system, and lose nothing."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from converter.files.mapping import map_file, release

SIZE = 48 << 20


def resident() -> int:
    """Bytes of files that lie in this process's memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssFile"))


@pytest.mark.skipif(sys.platform != "linux", reason="the advice is Linux's")
def test_released_pages_leave_memory_and_come_back_as_they_were(tmp_path):
    path = tmp_path / "numbers"
    wanted = np.random.default_rng(1).integers(0, 1 << 31, SIZE // 4, np.int32)
    wanted.tofile(path)
    view = torch.from_numpy(map_file(path).view("<i4", 0, SIZE // 4))
    before = resident()
    view.sum()
    touched = resident()
    if touched - before < SIZE // 2:
        pytest.skip("this file system's pages do not count as files': tmpfs")
    view[:4] = 7
    release(view.numpy())
    left = resident()
    wanted[:4] = 7

    assert np.array_equal(view.numpy(), wanted)
    assert left - before < SIZE // 4


def test_arrays_in_ordinary_memory_are_left_alone():
    numbers = np.arange(1 << 20)
    release(numbers)
    assert np.array_equal(numbers, np.arange(1 << 20))
