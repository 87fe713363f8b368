"""pycaffe on PyTorch: old scripts that say `import caffe` run on this.

`dilatednet pycaffe SCRIPT.py` answers `import caffe` with this package; so do `converter.pycaffe.install()` in a
notebook, and `import converter.pycaffe as caffe` for scripts that may be changed. What differs from genuine pycaffe
stands in docs/pycaffe.md.
"""

from converter.layers.layer import operator_types as _operator_types
from converter.pycaffe import io
from converter.pycaffe.blob import Blob
from converter.pycaffe.classifier import Classifier
from converter.pycaffe.detector import Detector
from converter.pycaffe.errors import CaffeError
from converter.pycaffe.glog import init_log, log
from converter.pycaffe.install import install, uninstall
from converter.pycaffe.layer import Layer
from converter.pycaffe.mode import (
    NCCL,
    has_nccl,
    set_device,
    set_mode_cpu,
    set_mode_gpu,
    set_multiprocess,
    set_random_seed,
    set_solver_count,
    set_solver_rank,
    solver_count,
    solver_rank,
)
from converter.pycaffe.net import Net
from converter.pycaffe.net_spec import NetSpec, layers, params, to_proto
from converter.pycaffe.proto import caffe_pb2 as _caffe_pb2
from converter.pycaffe.solver_types import (
    AdaDeltaSolver,
    AdaGradSolver,
    AdamSolver,
    NesterovSolver,
    RMSPropSolver,
    SGDSolver,
    get_solver,
)
from converter.pycaffe.timer import Timer

__version__ = "1.0.0"
TRAIN: int = _caffe_pb2.TRAIN
TEST: int = _caffe_pb2.TEST


def layer_type_list() -> list[str]:
    """Names of all layer types."""
    return sorted(_operator_types())


__all__ = [
    "NCCL",
    "TEST",
    "TRAIN",
    "AdaDeltaSolver",
    "AdaGradSolver",
    "AdamSolver",
    "Blob",
    "CaffeError",
    "Classifier",
    "Detector",
    "Layer",
    "NesterovSolver",
    "Net",
    "NetSpec",
    "RMSPropSolver",
    "SGDSolver",
    "Timer",
    "__version__",
    "get_solver",
    "has_nccl",
    "init_log",
    "install",
    "io",
    "layer_type_list",
    "layers",
    "log",
    "params",
    "set_device",
    "set_mode_cpu",
    "set_mode_gpu",
    "set_multiprocess",
    "set_random_seed",
    "set_solver_count",
    "set_solver_rank",
    "solver_count",
    "solver_rank",
    "to_proto",
    "uninstall",
]
