"""`dilatednet solve`: trains what a solver.prototxt describes, from its start or from a snapshot of Caffe's or ours."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from converter.errors import TrainingError, printable

if TYPE_CHECKING:
    from converter.solver.test_nets import Score

HELP = "train a Caffe net by its solver.prototxt; snapshots go to and come from Caffe"
EXAMPLES = """
dilatednet solve solver.prototxt --weights start.caffemodel
dilatednet solve solver.prototxt --snapshot run_iter_5000.solverstate --device cuda
"""
_TERMINATED = 143


def arguments(parser: argparse.ArgumentParser) -> None:
    """The solver, and where it begins."""
    parser.add_argument("solver", help="solver.prototxt; its net reads ImageLabelData or BinLabelData")
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--weights", metavar="FILE", help="start from these weights; missing layers are filled")
    begin.add_argument("--snapshot", metavar="FILE", help="go on from this .solverstate or .solverstate.h5")
    parser.add_argument("--device", default="", help="cpu, cuda or cuda:N; default: a GPU where there is one")


def run(args: argparse.Namespace) -> int:
    """Train, with progress; print what was written."""
    from tqdm import tqdm

    from converter.dilatednet.training.distributed import select_device
    from converter.solver.run import Session
    from converter.solver.solver import Solver

    solver = Solver.from_prototxt(args.solver, args.weights, device=select_device(args.device))
    for note in solver.notes:
        print(printable(f"note: {note}"), file=sys.stderr)
    if args.snapshot:
        solver.restore(args.snapshot)
    session, display = Session(solver), solver.settings.display
    passes: list[dict[str, Any]] = []
    with tqdm(total=solver.settings.max_iter, initial=solver.iteration, disable=None, unit="it") as bar:

        def report(iteration: int, loss: float, rate: float) -> None:
            bar.set_postfix(loss=f"{loss:.4f}", rate=f"{rate:g}", refresh=False)
            bar.update()
            if display and iteration % display == 0:
                tqdm.write(f"iteration {iteration}: loss {loss:.6g}, rate {rate:g}", file=sys.stderr)

        def print_scores(iteration: int, number: int, scores: list[Score]) -> None:
            words = ", ".join(f"{printable(score.output)} {score.value:.6g}" for score in scores)
            tqdm.write(f"iteration {iteration}: test net {number}: {words}", file=sys.stderr)

            passes.append({"iteration": iteration, "net": number, "outputs": {s.output: s.value for s in scores}})

        finished = session.solve(report, print_scores)
    args.result = {"finished": finished, "iteration": solver.iteration, "files": session.saved}
    args.result |= {"tests": passes, "notes": solver.notes}
    args.error = TrainingError(f"stopped by a signal after iteration {solver.iteration}")
    print("\n".join(session.saved))
    return 0 if finished else _TERMINATED
