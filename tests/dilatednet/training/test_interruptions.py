"""Runs as separate processes: killed, terminated, and side by side."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from converter.dilatednet.training.checkpoint import checkpoints
from tests.dilatednet.training.tiny_training import blobs, command, run, tiny, write_images
from tests.places import ROOT

PATIENCE = 120


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_images(tmp_path_factory.mktemp("images"))


def begun(arguments: list[str], group: bool = False, **environment: str) -> subprocess.Popen[bytes]:
    # The same number of threads as this process, so that sums are taken in the same order.
    import torch

    settings = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads()), **environment}
    program = [sys.executable, "-m", "converter", *arguments]
    return subprocess.Popen(
        program, cwd=ROOT, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=group
    )


def wait_for_lines(path: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.005)
    assert process.poll() is not None, f"no {count} lines in {path}"


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def killed(arguments: list[str], log: Path, after: int, delay: float) -> None:
    """Start a run and kill it a moment after it logged `after` more updates."""
    process = begun(arguments)
    wait_for_lines(log, lines(log) - lines(log) % 3 + after, process)
    time.sleep(delay)
    process.kill()
    process.communicate()


def iteration_of(folder: Path) -> int:
    """The updates behind a run's weights; 0 where it has none."""
    path = folder / "weights.safetensors"
    if not path.exists():
        return 0
    with safe_open(path, "np") as file:
        return int(file.metadata()["iteration"])


def assert_equal_weights(ours: Path, theirs: Path) -> None:
    for one, other in zip(blobs(ours), blobs(theirs), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_run_killed_five_times_at_random_moments_equals_an_unbroken_one(
    lists: tuple[Path, Path], tmp_path: Path
) -> None:
    whole = run(lists, tmp_path / "whole", tiny(iterations=40))
    folder = tmp_path / "broken"
    arguments = command(lists, folder, "--iterations", "40", "--resume")
    draws = random.Random(5)
    for _ in range(5):
        killed(arguments, folder / "log.jsonl", draws.randrange(1, 7), draws.uniform(0, 0.1))
    assert iteration_of(folder) < 40, "the run ended before it was killed"
    process = begun(arguments)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said.decode()
    assert whole.weights is not None
    assert_equal_weights(folder / "weights.safetensors", whole.weights)


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_process_group_saves_before_it_ends_the_run(
    lists: tuple[Path, Path], tmp_path: Path, number: signal.Signals, workers: str
) -> None:
    """As a terminal's Ctrl-C, which the loading processes get too."""
    arguments = command(lists, tmp_path, "--iterations", "5000", "--checkpoint-every", "4000", "--workers", workers)
    process = begun(arguments, group=True)
    wait_for_lines(tmp_path / "log.jsonl", 2, process)
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number, said.decode()
    assert b"saved; go on with --resume" in said
    (saved,) = checkpoints(tmp_path)
    stopped = int(saved.stem.rpartition("-")[2])
    assert 2 <= stopped < 5000
    assert stopped == lines(tmp_path / "log.jsonl")
    assert iteration_of(tmp_path) == stopped


def test_a_second_ctrl_c_ends_at_once() -> None:
    program = (
        "import os, signal, time\n"
        "from converter.dilatednet.training.interruption import stop_request\n"
        "with stop_request(lambda: None):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    print('went on', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(60)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, cwd=ROOT, capture_output=True, timeout=PATIENCE)
    assert done.stdout == b"went on\n"
    assert done.returncode == -signal.SIGINT


def test_two_processes_equal_one_with_twice_the_batch(lists: tuple[Path, Path], tmp_path: Path) -> None:
    whole = run(lists, tmp_path / "one", tiny(iterations=5, batch=4, dropout=0.0))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    arguments = command(lists, tmp_path / "two", "--iterations", "5", "--dropout", "0")
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    pair = [begun(arguments, RANK=str(rank), LOCAL_RANK=str(rank), **shared) for rank in range(2)]
    for process in pair:
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said.decode()
    for one, other in zip(blobs(tmp_path / "two" / "weights.safetensors"), blobs(whole.weights), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
