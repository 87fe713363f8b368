"""Runs the claims' experiment and writes its table, numbers and image; see converter/dilatednet/claims."""

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch
from tqdm import tqdm

from converter.files.atomic import atomic_write
from scripts.claims.experiment import FULL, KINDS, STARTS, Measured, Plan, description, experiment
from scripts.claims.figure import plot, rows, table


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", help="default: 0 1 2")
    parser.add_argument("--full", action="store_true", help="the published front end at full width; wants a GPU")
    parser.add_argument("--quick", action="store_true", help="a few iterations, to see that it runs")
    parser.add_argument("--out", default=str(ROOT / "benchmarks"), metavar="DIR")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def main() -> int:
    args = arguments()
    torch.set_num_threads(args.threads)
    plan = FULL if args.full else Plan()
    if args.quick:
        plan = replace(plan, train=8, test=4, batch=2, front_iterations=2, context_iterations=2)
    plan = replace(plan, seeds=tuple(args.seeds or plan.seeds))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    began = time.perf_counter()
    with tqdm(total=len(plan.seeds) * (1 + len(KINDS) * len(STARTS)), unit="net", disable=None) as bar:

        def tell(one: Measured) -> None:
            bar.update()
            tqdm.write(f"seed {one.seed}: {one.kind} {one.start}: {one.mean_iou:.1f}", file=sys.stderr)

        results = experiment(plan, device, tell)
    found, seconds = rows(results), time.perf_counter() - began
    machine = (
        torch.cuda.get_device_name() if device.type == "cuda" else f"CPU threads: {args.threads}, {platform.machine()}"
    )
    caption = f"{description(plan)}; {machine}, {seconds / 60:.0f} min"
    record = {
        "plan": asdict(plan),
        "machine": machine,
        "torch": torch.__version__,
        "seconds": round(seconds),
        "results": [asdict(one) for one in results],
    }
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    files = {
        "claims.json": json.dumps(record, indent=1) + "\n",
        "claims.md": f"{table(found)}\n\n{caption}.\n",
        "claims.svg": plot(found, caption),
    }
    for name, text in files.items():
        with atomic_write(out / name) as file:
            file.write(text.encode())
    print(f"{table(found)}\n\n{caption}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
