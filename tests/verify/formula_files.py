"""The mini nets to verify: goldens' prototxts, and caffemodels with the weights that the goldens were made with."""

from pathlib import Path

import numpy as np

from converter.dilatednet import find
from converter.formats.weights.caffemodel_writer import OutputLayer, write_caffemodel
from tests.dilatednet.formula_nets import formula_arrays
from tests.formula_weights import formula_image
from tests.places import GOLDENS

MINI = GOLDENS / "nets" / "mini"
PREDICT = GOLDENS / "predict"
KITTI = MINI / "dilation7_kitti_mini"
NETS = (
    "dilation7_kitti",
    "dilation8_camvid",
    "dilation8_pascal_voc",
    "dilation10_cityscapes",
    "frontend_pascal_voc",
)


def formula_weights(folder: Path, model: str) -> Path:
    """A published net's weights at the mini goldens' width, as a caffemodel in `folder`."""
    topology = find(model).with_width(4, 128).topology
    arrays = formula_arrays(topology)
    steps = [step for step in topology.steps if step.name in arrays]
    target = folder / f"{model}_mini.caffemodel"
    layers = [OutputLayer(step.name, step.type, tuple(arrays[step.name])) for step in steps]
    write_caffemodel(target, f"{model}_mini", layers)
    return target


def stored_by_caffe(target: Path, model: str, size: tuple[int, int]) -> Path:
    """Caffe's golden of a mini net together with the input it was made with."""
    with np.load(MINI / f"{model}_mini.npz") as golden:
        np.savez(target, **golden, **{"in:data": formula_image(*size)[None]})
    return target
