"""Published parameters of the dense CRF that sharpens labels, by name; no torch until one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ConversionError

if TYPE_CHECKING:
    from converter.modules.dense_crf import DenseCRF

PRESETS = {
    "deeplab": (5, 50, 10, 3, 3),
    "deeplab-msc": (3, 95, 3, 3, 3),
    "deeplab-coco": (5, 67, 3, 3, 3),
    "crf-rnn": (5, 160, 3, 3, 3),
}
"""Color kernel's weight, its deviation in pixels and in colors, position kernel's weight and deviation in pixels.

`deeplab…`: what Chen et al. (arXiv:1412.7062) state beside the evaluation scripts of their VOC models. `crf-rnn`: Zheng
et al. (arXiv:1502.03240), their example net. 10 iterations each.
"""


def make_crf(name: str) -> DenseCRF:
    """The CRF of a preset.

    Raises:
        ConversionError: no preset is called so.
    """
    if name not in PRESETS:
        raise ConversionError(f"no CRF parameters are called {name!r}; there are {', '.join(PRESETS)}")
    from converter.modules.dense_crf import DenseCRF

    return DenseCRF(*PRESETS[name])
