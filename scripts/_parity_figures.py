"""Prints how far from the float64 oracle Caffe's golden and each of our ways to run dilation8_pascal_voc end up."""

import json
import platform
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from converter.pytorch.process_settings import prepare

prepare()  # as `predict` does, before numpy and torch are loaded

import numpy as np
import torch

import reference
from converter.dilatednet import find, load
from converter.fast import accelerate
from tests.dilatednet.formula_nets import formula_arrays
from tests.formula_weights import formula_image, sample

ROOT = Path(__file__).resolve().parent.parent
SIZES = {
    "mini": ("nets/mini/dilation8_pascal_voc_mini", (4, 128), (444, 460)),
    "full": ("nets/full/dilation8_pascal_voc", (64, 4096), (900, 900)),
}
BLOBS = ("fc-final", "ct_final", "prob")
Blobs = Mapping[str, np.ndarray]
Weights = Mapping[str, list[np.ndarray]]


def relative_l2(seen: np.ndarray, wanted: np.ndarray) -> float:
    """The norm of the difference over the norm of what is wanted, in float64."""
    return float(np.linalg.norm(seen.astype(np.float64) - wanted) / np.linalg.norm(wanted))


def caffes(path: Path, exact: Blobs) -> dict[str, float]:
    """Caffe's own figures, from its golden; where that holds samples alone, over those."""
    found = {}
    with np.load(path.with_suffix(".npz")) as golden:
        for blob in BLOBS:
            if f"out:{blob}" in golden:
                found[blob] = relative_l2(golden[f"out:{blob}"], exact[blob])
            else:
                found[blob] = relative_l2(golden[f"sample:{blob}"], sample(exact[blob]))
    return found


def plain(arrays: Weights, x: torch.Tensor) -> Blobs:
    """DilatedNet in float32, in the default layout."""
    blobs = load("dilation8_pascal_voc", arrays).blobs(x)
    return {name: blobs[name].numpy() for name in BLOBS}


def without_onednn(arrays: Weights, x: torch.Tensor) -> Blobs:
    """The same through torch's own convolution, which multiplies matrices as Caffe does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about Intel GPUs
        with torch.backends.mkldnn.flags(enabled=False):
            return plain(arrays, x)


def fast(arrays: Weights, x: torch.Tensor) -> Blobs:
    """The same through converter.fast."""
    net = accelerate(load("dilation8_pascal_voc", arrays))
    return {"fc-final": net.features(x).numpy(), "ct_final": net.logits(x).numpy(), "prob": net(x).numpy()}


def measure(size: str) -> dict[str, dict[str, float]]:
    """Way of running -> blob -> relative L2, for one size."""
    stem, (width, fc_width), side = SIZES[size]
    path = ROOT / "tests" / "goldens" / stem
    arrays = formula_arrays(find("dilation8_pascal_voc").with_width(width, fc_width).topology)
    image = formula_image(*side)[None]
    exact = reference.run(path.with_suffix(".prototxt"), arrays, {"data": image}, keep=BLOBS)
    x = torch.from_numpy(image)
    ways: dict[str, Callable[[], Blobs]] = {
        "float32": lambda: plain(arrays, x),
        "float32, without oneDNN": lambda: without_onednn(arrays, x),
        "float32, converter.fast": lambda: fast(arrays, x),
    }
    found = {"Caffe (its golden)": caffes(path, exact)}
    for name, way in ways.items():
        found[name] = {blob: relative_l2(values, exact[blob]) for blob, values in way().items()}
    return found


def main() -> None:
    torch.set_grad_enabled(False)
    target = ROOT / "benchmarks" / "parity.json"
    wanted = sys.argv[1:] or list(SIZES)
    results = json.loads(target.read_text())["relative_l2"] if target.exists() else {}
    for size in wanted:
        results[size] = measure(size)
        print(f"\n{size}: relative L2 against the float64 oracle")
        for name, figures in results[size].items():
            print(f"  {name:26}" + "  ".join(f"{blob} {value:.2e}" for blob, value in figures.items()))
    about = {
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"relative_l2": results, "made_with": about}, indent=2) + "\n")


if __name__ == "__main__":
    main()
