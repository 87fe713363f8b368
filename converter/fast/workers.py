"""Threads that each compute alone: one barrier for many small products, where every product by all cores has its own.

A barrier waits for the slowest core. Where another process takes turns on a core, hundreds of barriers cost seconds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import torch


def run_in_parallel(work: Callable[[int, int], None]) -> None:
    """Call `work(index, count)` for every index below `count`, the number of torch's threads, and wait for all.

    Each call runs in a thread whose torch operators use one core. Errors are raised here.
    """
    count = torch.get_num_threads()
    if count == 1:
        work(0, 1)
        return
    inference = torch.is_inference_mode_enabled()

    def run(index: int) -> None:
        with torch.inference_mode(inference), torch.no_grad():
            work(index, count)

    list(_pool(os.getpid(), count).map(run, range(count)))


@lru_cache(maxsize=2)
def _pool(_process: int, count: int) -> ThreadPoolExecutor:
    """`count` threads; a forked process, to which threads do not pass, makes its own."""
    pool = ThreadPoolExecutor(count, "products")
    together = threading.Barrier(count)

    def prepare(_index: int) -> None:
        torch.get_num_threads()  # makes the thread take torch's number now, which would replace the one set here
        torch.set_num_threads(1)
        together.wait()  # every thread takes one of these

    list(pool.map(prepare, range(count)))
    torch.set_num_threads(count)  # what threads that are started later begin with
    return pool
