"""CropCenter (forks): the middle of a picture, offsets (size - wanted) / 2 rounded down.

The wanted height and width are the second bottom's, or crop_h and crop_w, or crop_size (once or twice).
"""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "CropCenter"
MESSAGES = ("crop_center_param",)


def _wanted(layer: Layer, bottoms: list[Array]) -> tuple[int, ...]:
    params = layer.params("crop_center_param")
    if len(bottoms) == 2:
        return bottoms[1].shape[2:]
    if params.has("crop_h") or params.has("crop_w"):
        return params.integer("crop_h"), params.integer("crop_w")
    sizes = params.integers("crop_size")
    if len(sizes) not in (1, 2):
        raise layer.error(f"crop_size is given {len(sizes)} times; expected once or twice, or a second bottom")
    return sizes[0], sizes[-1]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns (n, c, wanted height, wanted width)."""
    layer.expect(bottoms, 1, 2)
    cut = [slice(None), slice(None)]
    for size, wanted in zip(bottoms[0].shape[2:], _wanted(layer, bottoms), strict=True):
        if not 0 < wanted <= size:
            raise layer.error(f"cannot cut {wanted} out of {size}")
        cut.append(slice((size - wanted) // 2, (size - wanted) // 2 + wanted))
    return [bottoms[0][tuple(cut)]]
