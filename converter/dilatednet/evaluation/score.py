"""Scoring label PNGs that any program wrote against a data set's truth."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from converter.data.datasets.split import Sample, Split
from converter.data.labels import Labels, read_labels
from converter.dilatednet.evaluation.metrics import Matrix, confusion
from converter.dilatednet.evaluation.results import Result
from converter.dilatednet.paper import PaperRow
from converter.errors import DatasetError

_FEW = 3
_CHUNK = 8


def prediction_path(folder: Path, name: str) -> Path | None:
    """Where the prediction for an image lies: NAME.png in the folder, with or without the name's own folder."""
    for candidate in (folder / f"{name}.png", folder / f"{Path(name).name}.png"):
        if candidate.is_file():
            return candidate
    return None


def prediction_place(folder: Path, sample: Sample) -> Path:
    """Where an image's prediction lies, or would lie."""
    return prediction_path(folder, sample.name) or folder / f"{sample.name}.png"


def find_predictions(folder: Path, split: Split) -> dict[str, Path]:
    """The prediction of every image of a split, by name.

    Raises:
        DatasetError: the folder is not there, or some predictions are missing.
    """
    if not folder.is_dir():
        raise DatasetError("no such folder of predictions", path=str(folder))
    found = {sample.name: prediction_path(folder, sample.name) for sample in split.samples}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        few = ", ".join(f"{name}.png" for name in missing[:_FEW]) + (", …" if len(missing) > _FEW else "")
        raise DatasetError(
            f"{len(missing):,} of {len(found):,} predictions are missing: {few}; "
            f"want one label PNG for every image of {split.layout.title} {split.name}, or --only-present",
            path=str(folder),
        )
    return {name: path for name, path in found.items() if path is not None}


def read_prediction(folder: str | os.PathLike[str], split: Split, sample: Sample) -> Labels:
    """The prediction for one image, uint8 (h, w).

    Raises:
        DatasetError: it is missing or does not read.
    """
    path = prediction_path(Path(folder), sample.name)
    if path is None:
        raise DatasetError(f"no prediction {sample.name}.png", path=str(folder))
    return read_labels(path, split.colors)


def score(
    split: Split,
    predictions: str | os.PathLike[str],
    *,
    workers: int = 1,
    paper: PaperRow | None = None,
    progress: bool = False,
) -> Result:
    """Count every image's confusion; a color PNG in the data set's own colors is read by them.

    workers: processes; with more than one, call this from a module that can be imported (as multiprocessing asks).

    Raises:
        DatasetError: predictions missing, unreadable, of another size than the truth, or with labels that are no class.
    """
    paths = find_predictions(Path(predictions), split)
    jobs = [(sample, paths[sample.name]) for sample in split.samples]
    with _parallel_map(partial(_count, split), jobs, workers) as matrices:
        steps = tqdm(matrices, total=len(jobs), desc="score", unit="image", disable=None if progress else True)
        counts = dict(zip(paths, steps, strict=True))
    return Result(split, counts, paper, {"predictions": str(predictions)})


@contextmanager
def _parallel_map(count: partial[Matrix], jobs: list[tuple[Sample, Path]], workers: int) -> Iterator[Iterable[Matrix]]:
    """The results in order, counted here or by processes that end with the block."""
    if workers <= 1:
        yield map(count, jobs)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield pool.map(count, jobs, chunksize=_CHUNK)
    finally:
        pool.shutdown(cancel_futures=True)


def _count(split: Split, job: tuple[Sample, Path]) -> Matrix:
    """One image's confusion."""
    sample, path = job
    prediction = read_labels(path, split.colors)
    truth = split.layout.ground_truth(sample)
    return confusion(truth, prediction, len(split.classes), str(path), str(sample.labels))
