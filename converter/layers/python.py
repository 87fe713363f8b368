"""Python: a layer that the user writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converter.errors import UnsupportedLayerError
from converter.layers.kit import region_python_layers  # noqa: F401 (it registers its layers)
from converter.layers.kit.known_python_layers import KNOWN_PYTHON_LAYERS
from converter.layers.kit.python_layers import PYTHON_LAYERS
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from converter.net.net import Phase
    from converter.net.params import Params


@layer("Python")
class Python(Operator):
    """Stands for the operator that `converter.python_layer(module, class)` registered for python_param's two names.

    Known without being registered: FCN's data layers (voc_layers, siftflow_layers, pascalcontext_layers, nyud_layers),
    py-faster-rcnn's (roi_data_layer.layer) and LRCN's (sequence_input_layer), which the caller feeds; py-faster-rcnn's
    ProposalLayer, AnchorTargetLayer and ProposalTargetLayer (rpn.proposal_layer, rpn.anchor_target_layer,
    rpn.proposal_target_layer), whose random choices are NumPy's of seed 3; pyloss's EuclideanLossLayer; ENet's
    spatial_dropout.

    Source: include/caffe/layers/python_layer.hpp.
    """

    def __new__(cls, params: Params, bottoms: Shapes, *, tops: int, phase: Phase) -> Any:
        """The registered operator, set up with the same parameters.

        Raises:
            UnsupportedLayerError: none is registered.
        """
        view = params.message("python_param")
        names = view.text("module"), view.text("layer")
        found = operator_named(*names)
        if found is None:
            where = params.record.where
            raise UnsupportedLayerError(
                f"module {names[0]!r}, class {names[1]!r} is Python code, which a prototxt does not hold; "
                f"write it as an operator and register it with @converter.python_layer({names[0]!r}, {names[1]!r}), or "
                "run the class itself with converter.pycaffe (dilatednet pycaffe SCRIPT)",
                types=("Python",),
                path=where.path,
                line=where.line,
            )
        return found(params, bottoms, tops=tops, phase=phase)


def operator_named(module: str, name: str) -> type[Operator] | None:
    """The operator of a Python layer: a registered one, else one that is known; None where there is neither."""
    return PYTHON_LAYERS.get((module, name)) or KNOWN_PYTHON_LAYERS.get((module, name))


def operator_of(params: Params) -> type[Operator] | None:
    """The operator that a Python layer's fields name."""
    view = params.message("python_param")
    return operator_named(view.text("module", ""), view.text("layer", ""))
