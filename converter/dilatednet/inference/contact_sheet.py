"""The page of `predict`: every image beside its labels laid over it, with a legend of the classes found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import numpy as np

from converter.dilatednet.zoo import Model
from converter.report import page
from converter.report.overlay import Pixels, overlay

_SIDE = 360
"""Pixels of an image's longer side: as large as two columns show it, and small enough for hundreds in a file."""


class ContactSheet:
    """Collects images with their labels; `write` makes one self-contained file of them."""

    def __init__(self, model: Model, facts: Mapping[str, str]) -> None:
        self._labels = model.label_set
        self._colors = np.array(model.label_set.palette, np.uint8)
        self._facts = dict(facts)
        self._entries: list[str] = []
        self._counts = np.zeros(len(model.label_set.classes), np.int64)

    def add(self, name: str, image: Pixels, labels: Pixels, shares: str) -> None:
        """Add an image, uint8 (h, w, 3) R, G, B, with its labels, uint8 (h, w), and what is said of them."""
        self._counts += np.bincount(labels.ravel(), minlength=len(self._counts))[: len(self._counts)]
        step = -(-max(labels.shape) // _SIDE)
        small, classes = image[::step, ::step], labels[::step, ::step]
        figures = [
            page.figure(image, name, side=_SIDE),
            page.figure(overlay(small, classes, self._colors), shares, side=_SIDE),
        ]
        style = "grid-template-columns:repeat(2,minmax(0,1fr));margin-top:1rem;overflow-wrap:anywhere"
        self._entries.append(f'<div class="images" style="{style}">{"".join(figures)}</div>')

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the page, whole or not at all; raises OutputError."""
        count = len(self._entries)
        page.write_page(path, f"{count:,} image{'' if count == 1 else 's'} labeled", self._body())

    def _body(self) -> Iterator[str]:
        yield page.facts([*self._facts.items(), ("pixels", f"{int(self._counts.sum()):,}")])
        total = max(1, int(self._counts.sum()))
        order = [int(index) for index in np.argsort(-self._counts, kind="stable") if self._counts[index]]
        entries = [
            (f"{self._labels.classes[index]} {100 * self._counts[index] / total:.1f} %", self._labels.palette[index])
            for index in order
        ]
        yield page.legend(entries)
        yield from self._entries
