"""Trains the demo's net on drawn scenes, a minute or two on one core; writes scenes.prototxt and scenes.caffemodel."""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch
from safetensors.torch import save_file

import converter
from converter.files.atomic import atomic_write
from scripts.claims.experiment import Plan, trained_net
from scripts.demo_net.net import CAFFEMODEL, PLAN, PROTOTXT, SEED, prototxt, state


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    torch.set_num_threads(1)  # maps this small are slower on two
    write(PLAN, PROTOTXT, CAFFEMODEL)
    return 0


def write(plan: Plan, net: Path, weights: Path) -> None:
    """Train, and write the net and its weights; Caffe's file is made by the converter from safetensors."""
    front_end, context, _ = trained_net(plan, SEED, "large", torch.device("cpu"))
    with atomic_write(net) as file:
        file.write(prototxt().encode())
    with tempfile.TemporaryDirectory() as folder:
        trained = Path(folder) / "scenes.safetensors"
        save_file(state(front_end, context), trained)
        report = converter.convert(trained, weights, net)
    print(f"{report.out}: {report.parameters:,} parameters, {report.bytes:,} bytes")


if __name__ == "__main__":
    raise SystemExit(main())
