"""The demo's npz to verify against: Caffe's answers from the goldens, and the input they were made with."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.formula_weights import formula_image

golden, target, height, width = sys.argv[1:]
with np.load(f"{golden}.npz") as stored:
    arrays = dict(stored)
np.savez(target, **arrays, **{"in:data": formula_image(int(height), int(width))[None]})
