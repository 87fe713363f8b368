"""`dilatednet verify`: the proof that a converted net computes what Caffe's would."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.cli._mean import HELP as MEAN_HELP
from converter.cli._mean import mean_argument, read_mean_argument
from converter.cli._shapes import crop_argument, shape_argument, until_argument
from converter.cli._values import set_argument
from converter.errors import printable

if TYPE_CHECKING:
    from converter.verify.check import Check
    from converter.verify.report import Case
    from converter.verify.stored_blobs import StoredBlobs
    from converter.verify.verify import Verifier

_OPTIONS = (
    *("device", "dtype", "allow_unknown", "allow_nan", "seed", "level", "key", "fill_missing", "max_memory", "crop"),
)
HELP = "check every blob of a net against the oracle, or against blobs that Caffe stored"
EXAMPLES = """
dilatednet verify net.prototxt net.caffemodel --image street.png
dilatednet verify net.prototxt net.caffemodel --against caffe_blobs.npz --report page.html
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """NET W, the inputs, and what to check against."""
    parser.add_argument("net", metavar="NET", help="prototxt of any age")
    parser.add_argument(
        "weights",
        metavar="W",
        nargs="?",
        help="its weights; without, the prototxt's fillers, and stand-ins for means and variances",
    )
    what = parser.add_argument_group("inputs (default: seeded random values)")
    what.add_argument("--image", nargs="+", default=[], metavar="FILE", help="images")
    what.add_argument("--voc-root", type=Path, metavar="DIR", help="validation images of PASCAL VOC 2012")
    what.add_argument("--limit", type=_count, default=None, metavar="N", help="the first N of them")
    what.add_argument("--mean", type=mean_argument, metavar="B,G,R|FILE", help=MEAN_HELP)
    what.add_argument(
        "--input-shape", "--input", dest="inputs", action="append", type=shape_argument, default=[],
        metavar="NAME=N,C,H,W", help="shape of an input that the file does not state, or another one",
    )  # fmt: skip
    what.add_argument("--seed", type=_seed, default=0, help="of random values and fillers (default 0)")
    other = parser.add_mutually_exclusive_group()
    other.add_argument(
        "--against", metavar="FILE.npz", help="compare with stored blobs, not the oracle: finds damaged weights too"
    )
    other.add_argument("--model", metavar="NAME", help="check the hand-written DilatedNet of that name too")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=("float32", "float64", "bfloat16", "float16"), default="float32")
    parser.add_argument("--stage", action="append", default=[], metavar="NAME", help="stage that layers' rules ask for")
    parser.add_argument("--level", type=int, default=0, metavar="N", help="level that layers' rules ask for")
    crop_argument(parser)
    until_argument(parser)
    set_argument(parser)
    parser.add_argument("--key", metavar="NAME", help="name of the state_dict in a .pth that holds more than that")
    parser.add_argument("--fill-missing", action="store_true", help="fill layers that W lacks, on both sides alike")
    parser.add_argument("--allow-unknown", action="store_true", help="go on past fields that no layer reads")
    parser.add_argument("--allow-nan", action="store_true", help="let NaN and infinities pass that both sides have")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write one self-contained page")


def run(args: argparse.Namespace) -> int:
    """0: every blob within its tolerance, 1: some are not, 2 (raised): bad input."""
    from converter.cli._device import check_device
    from converter.verify.report import Case, check_writable
    from converter.verify.verify import Verifier

    begun = time.monotonic()
    if args.report:
        check_writable(args.report)
    check_device(args.device)
    stored = _blobs_argument(args)
    options = {name: getattr(args, name) for name in _OPTIONS}
    options |= {
        "stages": tuple(args.stage),
        "inputs": dict(args.inputs),
        "values": dict(args.values),
        "until": args.until,
    }
    verifier = Verifier(args.net, args.weights, **options)
    for note in verifier.module.notes:
        print(printable(f"note: {note}"))
    cases = []
    for title, inputs, image in _inputs(args, verifier, stored):
        checks = (verifier.compare_stored(inputs, stored),) if stored else verifier.check(inputs, model=args.model)
        for check in checks:
            print(f"\n{title}: {check.title}\n{check.comparison.table()}")
            for line in (*check.information, *check.findings):
                print(printable(line))
        cases.append(Case(title, tuple(checks), image, inputs if stored and stored.inputs else {}))
    verdict = _verdict(cases, verifier)
    if args.report:
        _report(args, verifier, cases, verdict, time.monotonic() - begun)
    passed = all(case.passed for case in cases)
    args.result = {"verdict": verdict, "seed": args.seed, "notes": verifier.module.notes, "report": args.report}
    args.result["cases"] = [{"input": case.title, "checks": [*map(_fields, case.checks)]} for case in cases]
    print()
    print(printable(f"{'PASS' if passed else 'FAIL'}: {verdict}"))
    return 0 if passed else 1


def _fields(check: Check) -> dict[str, Any]:
    """One comparison for --json, its blobs in the net's order."""
    from dataclasses import asdict

    blobs = [asdict(row) for row in check.comparison.rows]
    return {
        "title": check.title,
        "passed": check.passed,
        "findings": check.findings,
        "information": check.information,
        "blobs": blobs,
    }


def _report(args: argparse.Namespace, verifier: Verifier, cases: list[Case], verdict: str, seconds: float) -> None:
    from converter.verify.inputs import model_of
    from converter.verify.report import Run, write_report

    files = [("net", args.net), ("weights", args.weights), ("against", args.against)]
    files += [("image", path) for path in _images(args)]
    present = tuple((kind, str(path)) for kind, path in files if path)
    write_report(args.report, verifier, cases, Run(verdict, present, seconds, args.seed, model_of(verifier.net.name)))
    print(f"\nreport: {args.report}")


def _blobs_argument(args: argparse.Namespace) -> StoredBlobs | None:
    """What --against names; blobs are of one input, so more than one image does not go with them."""
    from converter.errors import ComparisonError
    from converter.verify.stored_blobs import read_blobs

    if not args.against:
        return None
    if len(_images(args)) > 1:
        raise ComparisonError("holds the blobs of one input; give one --image with --against", path=args.against)
    return read_blobs(args.against)


def _inputs(
    args: argparse.Namespace, verifier: Verifier, stored: StoredBlobs | None
) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Every input to run: a name for it, the arrays, and the image where it was one."""
    from tqdm import tqdm

    from converter.verify.inputs import given_inputs, image_inputs, input_size, random_inputs

    files = _images(args)
    mean = args.mean
    if isinstance(mean, Path):
        mean = read_mean_argument(mean, input_size(verifier.plan))
    for path in tqdm(files, unit="image", disable=len(files) < 2 or not sys.stderr.isatty(), leave=False):
        inputs, image = image_inputs(verifier.plan, path, mean)
        yield Path(path).name, inputs, image
    if files:
        return
    if stored and stored.inputs:
        inputs = given_inputs(verifier.plan, stored.inputs, stored.path)
        verifier.check_inputs(inputs)
        yield "stored input", inputs, None
        return
    yield f"random input, seed {args.seed}", random_inputs(verifier.plan, args.seed), None


def _images(args: argparse.Namespace) -> list[Path]:
    return [*map(Path, args.image), *(_voc_images(args.voc_root, args.limit) if args.voc_root else [])]


def _voc_images(root: Path, limit: int | None) -> list[Path]:
    """The validation images that lie there, the first `limit` of them."""
    from converter.data.datasets.voc import samples
    from converter.errors import DatasetError

    present = [sample.image for sample in samples(root, "val") if sample.image.exists()]
    if not present:
        raise DatasetError("no validation image lies in JPEGImages; unpack VOCtrainval there", path=str(root))
    return present[:limit]


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a number from 1")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number from 0")
    return int(text)


def _verdict(cases: list[Case], verifier: Verifier) -> str:
    """The tightest blob where all passed, else the first that diverges, and numbers that are not finite."""
    for case in cases:
        for check in case.checks:
            row = check.comparison.first_divergence
            if row is not None or check.findings:
                told = [*check.findings]
                if row is not None:
                    where = f"blob '{row.blob}', made by layer '{verifier.writer(row.blob)}'"
                    told.insert(0, f"{where}, diverges first: {row.reason}")
                return f"{case.title}: {check.title}: {'; '.join(told)}"
    rows = [row for case in cases for check in case.checks for row in check.comparison.rows]
    worst = max(rows, key=lambda row: row.relative / row.tolerance)
    return (
        f"{len(rows)} blobs of {len(cases)} input{'s' * (len(cases) != 1)}; the tightest, {worst.blob!r}, "
        f"is off by {worst.relative:.2g} of its largest magnitude (tolerance {worst.tolerance:.2g})"
    )
