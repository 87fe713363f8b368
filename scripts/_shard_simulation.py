"""Evaluates a made data set in shards whose workers are killed on the way, merges them, and compares with one run.

Shards, journals, results and their sum are those of `dilatednet evaluate`; only the net is a stand-in, and images are
small. A worker is a process of its own; it is killed by SIGKILL in the middle of an image, with a torn line in its
journal, and its shard is begun again by another one.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # processes that fork have no other threads

import numpy as np
from PIL import Image

from converter.data.datasets.own import OwnFiles, OwnTruth, open_own
from converter.data.datasets.split import Split
from converter.data.label_sets import numbered_classes
from converter.dilatednet.evaluation.evaluate import evaluate
from converter.dilatednet.evaluation.journal import Journal
from converter.dilatednet.evaluation.metrics import Matrix
from converter.dilatednet.evaluation.results import Result, write_json

CLASSES = 21
ABOUT = {"model": "stand-in", "classes": CLASSES}
FILES = 97
"""Image files; samples share them, so that a million images take no room."""


@dataclass(frozen=True)
class Settings:
    """`killed`: share of workers that die, whichever attempt it is; `together`: workers at a time."""

    shards: int = 1000
    images: int = 4
    killed: float = 0.05
    together: int = 2
    seed: int = 0


@dataclass(frozen=True)
class Report:
    """What a run of shards came to: the summed confusion, workers, those killed, images that the journals saved."""

    matrix: Matrix
    workers: int
    killed: int
    saved: int


def make_data(folder: Path, settings: Settings) -> Split:
    """A split of shards × images samples over a few small image files."""
    random = np.random.default_rng(settings.seed)
    for name, values in (("images", 256), ("labels", CLASSES)):
        (folder / name).mkdir(parents=True)
        for number in range(FILES):
            shape = (6, 8, 3) if name == "images" else (6, 8)
            Image.fromarray(random.integers(0, values, shape).astype(np.uint8)).save(folder / name / f"{number:02}.png")
    files = OwnFiles(images=str(folder / "images"), labels_dir=str(folder / "labels"))
    split = open_own(files, numbered_classes(CLASSES), OwnTruth(CLASSES))
    count = settings.shards * settings.images
    samples = tuple(replace(split.samples[n % FILES], name=f"image{n:07}") for n in range(count))
    return replace(split, samples=samples)


def label(images: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The stand-in for a net: labels that depend on the pixels alone."""
    return [(image[..., 0] // 13).astype(np.uint8) for image in images]


def shard_of(split: Split, number: int, images: int) -> Split:
    """Shard `number`: so many consecutive images."""
    return replace(split, samples=split.samples[number * images : (number + 1) * images])


def work(split: Split, folder: Path, dies_at: int | None) -> None:
    """A worker: evaluates a shard as `evaluate --resume FOLDER --json FOLDER/result.json` does, or dies at an image."""
    done = 0

    def labelled(images: Sequence[np.ndarray]) -> list[np.ndarray]:
        nonlocal done
        if done == dies_at:
            with (folder / "images-0.jsonl").open("a") as file:
                file.write('{"image": "torn", "counts": [[0, 0')
            os.kill(os.getpid(), signal.SIGKILL)
        done += len(images)
        return label(images)

    with Journal(folder, ABOUT) as journal:
        counts = evaluate(split, labelled, journal=journal)
    write_json(folder / "result.json", Result(split, counts, None, ABOUT))


def _finished(folder: Path) -> int:
    """Images that a dead worker's journal holds."""
    if not folder.exists():
        return 0
    with Journal(folder, ABOUT) as journal:
        return len(journal.read_all())


def run_shards(split: Split, folder: Path, settings: Settings) -> Report:
    """Every shard in a worker of its own; a shard whose worker died is queued again, until all have a result."""
    random = np.random.default_rng(settings.seed + 1)
    queue, running = list(range(settings.shards)), dict[int, int]()
    workers = killed = saved = 0
    while queue or running:
        while queue and len(running) < settings.together:
            number = queue.pop(0)
            place = folder / f"shard-{number:05}"
            saved += _finished(place)
            dies_at = int(random.integers(settings.images)) if random.random() < settings.killed else None
            workers += 1
            shard = shard_of(split, number, settings.images)
            running[_start(lambda shard=shard, place=place, at=dies_at: work(shard, place, at))] = number
        process, status = os.wait()
        number = running.pop(process)
        if os.WIFSIGNALED(status):
            killed += 1
            queue.append(number)
        elif status:
            raise SystemExit(f"the worker of shard {number} failed by itself")
    return Report(merge(folder, settings), workers, killed, saved)


def _start(job: Callable[[], None]) -> int:
    """The id of a child that does a job and ends."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        job()
        code = 0
    finally:
        os._exit(code)


def merge(folder: Path, settings: Settings) -> Matrix:
    """The sum of all shards' confusion, int64 (classes, classes).

    Raises:
        SystemExit: a shard has no result, or results hold an image twice or too few.
    """
    results = [json.loads((folder / f"shard-{n:05}" / "result.json").read_text()) for n in range(settings.shards)]
    names = [name for result in results for name in result["by_image"]]
    if len(names) != settings.shards * settings.images or len(set(names)) != len(names):
        raise SystemExit(f"{len(names)} images in all shards, {len(set(names))} different")
    return sum((np.array(result["confusion"], np.int64) for result in results), np.zeros((CLASSES, CLASSES), np.int64))


def main(argv: Sequence[str] | None = None) -> int:
    """0 where the merged confusion is that of one run, else 1."""
    parser = argparse.ArgumentParser(prog="scripts/simulate-shards", description=__doc__)
    usual = Settings()
    parser.add_argument("--shards", type=int, default=usual.shards)
    parser.add_argument("--images", type=int, default=usual.images, help="images a shard (default %(default)s)")
    parser.add_argument("--killed", type=float, default=usual.killed, help="share of workers killed (%(default)s)")
    parser.add_argument("--together", type=int, default=usual.together, help="workers at a time (%(default)s)")
    parser.add_argument("--seed", type=int, default=usual.seed)
    settings = Settings(**vars(parser.parse_args(argv)))
    with tempfile.TemporaryDirectory() as made:
        split = make_data(Path(made) / "data", settings)
        report = run_shards(split, Path(made) / "shards", settings)
        whole = sum(evaluate(split, label).values(), np.zeros((CLASSES, CLASSES), np.int64))
    same = bool((report.matrix == whole).all())
    counts = (
        f"{settings.shards:,} shards of {settings.images} images: {report.workers:,} workers, {report.killed} killed"
    )
    print(f"{counts}, {report.saved} finished images of theirs not run again; {int(whole.sum()):,} pixels counted")
    print(f"the merged confusion matrix is {'that of one run' if same else 'NOT that of one run'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
