"""The data sets the paper was measured on, read from their official layouts: `open_split(name, root, split)`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from converter.data.datasets import camvid, cityscapes, kitti, voc
from converter.data.datasets.folders import unknown_split
from converter.data.datasets.split import Layout, Sample, Split
from converter.errors import DatasetError

__all__ = ["DATASETS", "Layout", "Sample", "Split", "dataset", "narrow", "open_split"]

DATASETS: dict[str, Layout] = {module.LAYOUT.name: module.LAYOUT for module in (voc, cityscapes, camvid, kitti)}
_ALIASES = {"pascal_voc": "voc", "voc2012": "voc"}
_FEW = 3


def dataset(name: str) -> Layout:
    """A data set by name: voc (or pascal_voc), cityscapes, camvid, kitti.

    Raises:
        DatasetError: no data set has this name.
    """
    layout = DATASETS.get(_ALIASES.get(name, name))
    if layout is None:
        raise DatasetError(f"no data set is called {name!r}; there are {', '.join(DATASETS)}")
    return layout


def open_split(
    name: str,
    root: str | os.PathLike[str],
    split: str | None = None,
    *,
    needs: Sequence[str] = ("labels",),
    strict: bool = False,
    only_present: bool = False,
    limit: int | None = None,
    sbd_root: str | os.PathLike[str] | None = None,
    further: Callable[[Sample], Path] | None = None,
) -> Split:
    """The images of a split, each of which has the files named in `needs` ("image", "labels").

    strict: a list whose length is not the published one is an error, not a note. sbd_root: where SBD lies, for voc's
    trainaug. only_present, limit and further: see `narrow`.

    Raises:
        DatasetError: unknown name or split, a wrong root, missing files, nothing left.
    """
    layout = dataset(name)
    split = split or layout.default_split
    if split not in layout.counts:
        raise unknown_split(layout.title, split, tuple(layout.counts))
    samples = layout.samples(Path(root), split, Path(sbd_root) if sbd_root else None)
    opened = Split(layout, split, Path(root), samples, _count(layout, split, len(samples), str(root), strict))
    return narrow(opened, needs, only_present=only_present, limit=limit, further=further)


def narrow(
    split: Split,
    needs: Sequence[str],
    *,
    only_present: bool = False,
    limit: int | None = None,
    further: Callable[[Sample], Path] | None = None,
) -> Split:
    """The images of a split that a command works on.

    Args:
        split: all its images.
        needs: the files that every image must have: "image", "labels".
        only_present: images that lack one are left out, before `limit` counts; else they are an error.
        limit: the first so many.
        further: one more file that an image must have, such as its prediction.

    Raises:
        DatasetError: missing files, nothing left.
    """
    first = replace(split, samples=split.samples[:limit])
    opened = _present(split if only_present else first, needs, only_present, further)
    opened = replace(opened, samples=opened.samples[:limit])
    if not opened.samples:
        raise DatasetError(f"{split.layout.title} {split.name} has no image left to work on", path=str(split.root))
    return opened


def _count(layout: Layout, split: str, found: int, root: str, strict: bool) -> tuple[str, ...]:
    """Compare a split's length with the published one."""
    known = layout.counts[split]
    if found == known:
        return ()
    text = f"{layout.title} {split} lists {found:,} images; published are {known:,}"
    if strict:
        raise DatasetError(f"{text}; use the official lists, or leave --strict out", path=root)
    return (text,)


def _present(
    split: Split, needs: Sequence[str], only_present: bool, further: Callable[[Sample], Path] | None = None
) -> Split:
    """The split without images that lack a file, where that is allowed."""
    missing = {
        sample.name: path
        for sample in split.samples
        for path in (*(getattr(sample, need) for need in needs), *([further(sample)] if further else []))
        if not path.is_file()
    }
    if not missing:
        return split
    total = len(split.samples)
    if not only_present:
        few = ", ".join(str(path) for path in list(missing.values())[:_FEW]) + (", …" if len(missing) > _FEW else "")
        raise DatasetError(
            f"{len(missing):,} of {total:,} images of {split.name} lack a file: {few}; "
            "complete the data set, or say --only-present to work on the rest",
            path=str(split.root),
        )
    kept = tuple(sample for sample in split.samples if sample.name not in missing)
    beside = ": not comparable with the paper" if split.layout.counts else ""
    note = f"only the {len(kept):,} of {total:,} images of {split.name} that are there{beside}"
    return replace(split, samples=kept, notes=(*split.notes, note))
