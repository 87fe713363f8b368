"""Running a net over a split and counting its confusion, image by image, in one process or several."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from converter.data.datasets.split import Sample, Split
from converter.data.images import read_image
from converter.data.labels import Labels, check_one_size, write_labels
from converter.dilatednet.evaluation.journal import Journal
from converter.dilatednet.evaluation.metrics import Matrix, confusion
from converter.dilatednet.evaluation.score import prediction_path
from converter.errors import OutputError
from converter.files.folder_record import file_digest

Labeller = Callable[[Sequence[NDArray[np.uint8]]], Sequence[Labels | Callable[[], Labels]]]
"""From images, uint8 RGB (h, w, 3) each, to their labels, uint8 (h, w) each, or to functions that wait for them."""


def evaluate(
    split: Split,
    label: Labeller,
    *,
    journal: Journal | None = None,
    save: str | os.PathLike[str] | None = None,
    workers: int = 1,
    batch: int = 1,
    share: tuple[int, int] = (0, 1),
    progress: bool = False,
) -> dict[str, Matrix]:
    """The confusion counts of this process's share (rank, processes) of the images, by name.

    Images that the journal holds are not run again, where their files are the same (with `save`: those whose prediction
    is there). `workers` threads read images and truths ahead; `label` is given `batch` images at a time.

    Raises:
        ImageError, DatasetError: an image or its truth does not read, or their sizes differ.
        OutputError: a prediction or the journal cannot be written.
    """
    mine = split.samples[share[0] :: share[1]]
    by_name = {sample.name: sample for sample in mine}
    read_all = journal.read_all(lambda name: _files_digest(by_name.get(name))) if journal else {}
    folder = _make_folder(save) if save else None
    counts = {p.name: read_all[p.name] for p in mine if p.name in read_all and _is_complete(p, folder)}
    todo = [sample for sample in mine if sample.name not in counts]
    bar = tqdm(total=len(mine), initial=len(counts), desc="evaluate", unit="image", disable=None if progress else True)
    with bar:
        for sample, labels, ground_truth in _predict_samples(_read_ahead(split, todo, workers), label, batch):
            matrix = confusion(ground_truth, labels, len(split.classes), str(sample.image), str(sample.labels))
            if folder:
                _save(folder, sample, labels, split)
            if journal:
                journal.add(sample.name, matrix, _files_digest(sample))
            counts[sample.name] = matrix
            bar.update()
    return counts


def _predict_samples(
    items: Iterator[tuple[Sample, NDArray[np.uint8], Labels]], label: Labeller, batch: int
) -> Iterator[tuple[Sample, Labels, Labels]]:
    """Each image with its predicted and true labels; the net is given `batch` images at a time.

    Where labels are waited for, the next images are handed over before; where they are there, nothing is held back.
    """
    under_way: deque[tuple[Sample, Labels | Callable[[], Labels], Labels]] = deque()
    while part := list(islice(items, max(1, batch))):
        predicted = label([image for _, image, _ in part])
        begun = len(under_way)
        under_way.extend(
            (sample, mine, ground_truth) for (sample, _, ground_truth), mine in zip(part, predicted, strict=True)
        )
        done = sum(not callable(labels) for _, labels, _ in under_way)
        for _ in range(max(begun, done)):
            sample, labels, ground_truth = under_way.popleft()
            yield sample, resolve(labels), ground_truth
    for sample, labels, ground_truth in under_way:
        yield sample, resolve(labels), ground_truth


def resolve(labels: Labels | Callable[[], Labels]) -> Labels:
    """Labels uint8 (h, w), as they are or from the function that waits for them."""
    return labels() if callable(labels) else labels


def _make_folder(folder: str | os.PathLike[str]) -> Path:
    """The folder for predictions."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot be made: {error.strerror}; name a writable folder", path=str(path)) from error
    return path


def _files_digest(sample: Sample | None) -> str:
    """SHA-256 of an image and its labels as they are on disk; "" of none."""
    return ", ".join(file_digest(path) for path in (sample.image, sample.labels)) if sample else ""


def _is_complete(sample: Sample, folder: Path | None) -> bool:
    """Whether nothing of a counted image is missing: its prediction, if predictions are saved."""
    return folder is None or prediction_path(folder, sample.name) is not None


def _save(folder: Path, sample: Sample, labels: Labels, split: Split) -> None:
    """Write one prediction where `score` looks for it."""
    path = folder / f"{sample.name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_labels(path, labels, split.colors)


def _read_ahead(
    split: Split, samples: Sequence[Sample], workers: int
) -> Iterator[tuple[Sample, NDArray[np.uint8], Labels]]:
    """Images with pixels and truth, in order, read by threads while the net runs on earlier ones."""
    pool = ThreadPoolExecutor(max(1, workers), "images")
    waiting: deque[tuple[Sample, Future[tuple[NDArray[np.uint8], Labels]]]] = deque()
    try:
        for sample in samples:
            waiting.append((sample, pool.submit(_read, split, sample)))
            if len(waiting) > 2 * max(1, workers):
                first, future = waiting.popleft()
                yield first, *future.result()
        for first, future in waiting:
            yield first, *future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _read(split: Split, sample: Sample) -> tuple[NDArray[np.uint8], Labels]:
    """One image and its truth, of one size."""
    image, ground_truth = read_image(sample.image), split.layout.ground_truth(sample)
    check_one_size(image.shape, ground_truth.shape, str(sample.image), str(sample.labels))
    return image, ground_truth
