"""Caffe's six solver types, and the one that a solver.prototxt names.

Source: src/caffe/solvers/*.cpp, python/caffe/_caffe.cpp.
"""

from __future__ import annotations

from converter.pycaffe.construction import check_file
from converter.pycaffe.errors import as_caffe_errors
from converter.pycaffe.solver import Path, Solver
from converter.pycaffe.solver_nets import parameter_message
from converter.solver.settings import read_settings


class SGDSolver(Solver):
    """Gradient descent with momentum, whatever `type` the file names."""

    kind = "SGD"


class NesterovSolver(Solver):
    """Nesterov's accelerated gradient, whatever `type` the file names."""

    kind = "Nesterov"


class AdaGradSolver(Solver):
    """AdaGrad, whatever `type` the file names."""

    kind = "AdaGrad"


class RMSPropSolver(Solver):
    """RMSProp, whatever `type` the file names."""

    kind = "RMSProp"


class AdaDeltaSolver(Solver):
    """AdaDelta, whatever `type` the file names."""

    kind = "AdaDelta"


class AdamSolver(Solver):
    """Adam, whatever `type` the file names."""

    kind = "Adam"


def get_solver(solver_file: Path) -> Solver:
    """The solver of the type that a solver.prototxt names.

    Raises:
        CaffeError: the solver, its nets or weights do not read or fit.
    """
    with as_caffe_errors():
        check_file(solver_file)
        settings = read_settings(solver_file)
    return Solver.of(settings, parameter_message(solver_file))
