"""A scene's four panels as pixels: scene, ground truth, front end alone, with context; and all as one picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from converter.files.atomic import atomic_write
from scripts.claims.scenes import CELL, CLASSES
from scripts.demo_net.comparison import Comparison, SceneLabels, scene_iou

Pixels = NDArray[np.uint8]
COLORS = np.array([(0, 158, 115), (0, 114, 178), (213, 94, 0), (240, 228, 66)], np.uint8)
"""R, G, B of field, water, car, boat, told apart without color vision too (Okabe and Ito's)."""
_BRIGHTEST = 3.0
"""Brightness of a scene that is drawn white; its negative is black."""
_GAP, _TITLE, _LEGEND, _SIZE = 8, 44, 28, 14
_SHADES = 64


@dataclass(frozen=True, slots=True)
class Panel:
    """One image of a scene: `pixels` uint8 (h, w, 3), and whether they are flat colors of cells."""

    title: str
    pixels: Pixels
    cells: bool


def panels(scene: SceneLabels) -> tuple[Panel, ...]:
    """The scene, its ground truth, and both predictions with their mean IoU."""
    gray = np.clip((scene.picture / _BRIGHTEST + 1) * 127.5, 0, 255).astype(np.uint8)
    with_iou = (
        (f"{name}: {scene_iou(scene.truth, labels):.0f} %", labels)
        for name, labels in (("front end alone", scene.front_end), ("with context", scene.context))
    )
    maps = (("ground truth", scene.truth), *with_iou)
    return (
        Panel("scene", np.repeat(gray[..., None], 3, axis=2), cells=False),
        *(Panel(title, COLORS[labels], cells=True) for title, labels in maps),
    )


def write_picture(path: str | os.PathLike[str], comparison: Comparison, rows: int) -> None:
    """All panels of the first `rows` scenes with titles, mean IoU and legend, as one PNG.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    shown = [panels(scene) for scene in comparison.scenes[:rows]]
    side = shown[0][0].pixels.shape[0]
    columns = len(shown[0])
    width, height = columns * (side + _GAP) + _GAP, _TITLE + len(shown) * (side + _GAP) + _LEGEND
    image = Image.new("RGB", (width, height), "white")
    _draw_titles(image, _titles(comparison), side)
    for row, scene_panels in enumerate(shown):
        for column, panel in enumerate(scene_panels):
            cells = Image.fromarray(panel.pixels).resize((side, side), Image.Resampling.NEAREST)
            image.paste(cells, (_GAP + column * (side + _GAP), _TITLE + row * (side + _GAP)))
    _draw_legend(image)
    with atomic_write(path) as file:
        image.quantize(_SHADES, dither=Image.Dither.NONE).save(file, format="PNG", optimize=True)


def _titles(comparison: Comparison) -> Sequence[tuple[str, str]]:
    """Two lines above each column, in letters that pillow's own font has."""
    side = comparison.scenes[0].picture.shape[0]
    front_end, context = (f"mean IoU {scores.mean:.1f} %" for scores in (comparison.front_end, comparison.context))
    cells = f"{side // CELL} x {side // CELL} cells"
    return (
        ("scene", f"{side} x {side} pixels"), ("ground truth", cells),
        ("front end alone", front_end), ("with context module", context),
    )  # fmt: skip


def _draw_titles(image: Image.Image, titles: Sequence[tuple[str, str]], side: int) -> None:
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(_SIZE)
    for column, (first, second) in enumerate(titles):
        left = _GAP + column * (side + _GAP)
        draw.text((left, 6), first, fill="black", font=font)
        draw.text((left, 6 + _SIZE + 4), second, fill="#5b6570", font=font)


def _draw_legend(image: Image.Image) -> None:
    """Colors and names below the panels."""
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(_SIZE)
    left, top = _GAP, image.height - _LEGEND + 4
    for name, color in zip(CLASSES, COLORS.tolist(), strict=True):
        draw.rectangle((left, top + 2, left + _SIZE, top + _SIZE + 2), fill=tuple(color), outline="#5b6570")
        draw.text((left + _SIZE + 6, top), name, fill="black", font=font)
        left += _SIZE + 80
