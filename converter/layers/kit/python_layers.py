"""The user's own Python layers, by Caffe's module and class names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from converter.layers.layer import Operator

_Op = TypeVar("_Op", bound=type[Operator])

PYTHON_LAYERS: Final[dict[tuple[str, str], type[Operator]]] = {}


def python_layer(module: str, name: str) -> Callable[[_Op], _Op]:
    """Register an operator for the Python layers whose python_param names `module` and the class `name`.

        @converter.python_layer("rpn.proposal_layer", "ProposalLayer")
        class Proposals(converter.Operator):
            def setup(self, p, bottoms):
                self.options = p.message("python_param").text("param_str")

            def module(self):
                return ProposalModule(self.options)

    Caffe's own Python layers compute on blobs in place; these say their shapes (`top_shapes`) and give an nn.Module
    (`module`), so that gradients and export work. A later registration of the same names counts.
    """

    def register(operator: _Op) -> _Op:
        operator.type = "Python"
        PYTHON_LAYERS[module, name] = operator
        return operator

    return register
