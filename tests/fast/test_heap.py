"""Freed memory is kept: the pages of a small net's blobs are not asked for again at every call."""

import platform
import subprocess
import sys

import pytest

from tests.places import ROOT

FAULTS = """
import resource, sys, torch
from converter.fast.heap import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(1 << 18)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

torch.set_num_threads(1)
unkept = faults()
keep_freed_memory()
faults()
print(unkept, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator learns")
def test_blobs_of_a_megabyte_are_fresh_pages_once():
    """256 pages of 4 kB each time, ten times over; `MALLOC_` settings of the machine's own would change both."""
    run = subprocess.run([sys.executable, "-c", FAULTS], cwd=ROOT, capture_output=True, text=True, check=True)
    unkept, kept = map(int, run.stdout.split())
    assert unkept >= 256
    assert kept <= 25
