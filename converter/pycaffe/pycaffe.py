"""`caffe.pycaffe`: the module in which genuine pycaffe keeps its classes."""

from converter.pycaffe.mode import NCCL
from converter.pycaffe.net import Net
from converter.pycaffe.solver_types import (
    AdaDeltaSolver,
    AdaGradSolver,
    AdamSolver,
    NesterovSolver,
    RMSPropSolver,
    SGDSolver,
)
from converter.pycaffe.timer import Timer

__all__ = [
    "NCCL",
    "AdaDeltaSolver",
    "AdaGradSolver",
    "AdamSolver",
    "NesterovSolver",
    "Net",
    "RMSPropSolver",
    "SGDSolver",
    "Timer",
]
