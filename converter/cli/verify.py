"""`dilatednet verify`: the proof that a converted net computes what Caffe's would."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converter.verify.run import Check, Verifier

HELP = "check every blob of a net against the oracle, or against blobs that Caffe stored"


def arguments(parser: argparse.ArgumentParser) -> None:
    """NET W, the inputs, and what to check against."""
    parser.add_argument("net", metavar="NET", help="prototxt of any age")
    parser.add_argument("weights", metavar="W", nargs="?", help="its weights; without, the prototxt's fillers")
    what = parser.add_argument_group("inputs (default: seeded random values)")
    what.add_argument("--image", nargs="+", default=[], metavar="FILE", help="pictures")
    what.add_argument("--voc-root", type=Path, metavar="DIR", help="validation pictures of PASCAL VOC 2012")
    what.add_argument("--limit", type=int, default=None, metavar="N", help="the first N of them")
    what.add_argument("--mean", type=_mean, metavar="B,G,R", help="mean pixel (default: the published net's)")
    what.add_argument("--seed", type=int, default=0)
    parser.add_argument("--against", metavar="FILE.npz", help="compare with stored blobs instead of the oracle")
    parser.add_argument("--model", metavar="NAME", help="check the hand-written DilatedNet of that name too")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=("float32", "float64", "bfloat16", "float16"), default="float32")
    parser.add_argument("--allow-unknown", action="store_true", help="go on past fields that nobody reads")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write one self-contained page")


def run(args: argparse.Namespace) -> int:
    """0: every blob within its tolerance, 1: some are not, 2 (raised): bad input."""
    from converter.verify.inputs import model_of
    from converter.verify.report import Case, write_report
    from converter.verify.run import Verifier

    begun = time.monotonic()
    options = {"device": args.device, "dtype": args.dtype, "allow_unknown": args.allow_unknown, "seed": args.seed}
    verifier = Verifier(args.net, args.weights, **options)
    for note in verifier.module.notes:
        print(f"note: {note}")
    cases = []
    for title, inputs, picture in _inputs(args, verifier):
        checks = _checks(args, verifier, inputs)
        for check in checks:
            print(f"\n{title}: {check.title}\n{check.comparison.table()}")
        cases.append(Case(title, tuple(checks), picture))
    passed = all(check.comparison.passed for case in cases for check in case.checks)
    if args.report:
        write_report(args.report, verifier, cases, time.monotonic() - begun, model_of(verifier.net.name))
        print(f"\nreport: {args.report}")
    print(f"\n{_verdict(cases, verifier)}")
    return 0 if passed else 1


def _checks(args: argparse.Namespace, verifier: Verifier, inputs: dict[str, Any]) -> list[Check]:
    if args.against:
        from converter.verify.stored import read_blobs

        return [verifier.against(inputs, read_blobs(args.against))]
    return verifier.check(inputs, model=args.model)


def _inputs(args: argparse.Namespace, verifier: Verifier) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Every input to run: a name for it, the arrays, and the picture where it was one."""
    from converter.verify.inputs import given_inputs, picture_inputs, random_inputs

    files = [*args.image, *(_voc_pictures(args.voc_root, args.limit) if args.voc_root else [])]
    for path in files:
        inputs, picture = picture_inputs(verifier.plan, path, args.mean)
        yield Path(path).name, inputs, picture
    if files:
        return
    if args.against:
        from converter.verify.stored import read_blobs

        stored = read_blobs(args.against)
        if stored.inputs:
            yield "stored input", given_inputs(verifier.plan, stored.inputs, stored.path), None
            return
    yield f"random input, seed {args.seed}", random_inputs(verifier.plan, args.seed), None


def _voc_pictures(root: Path, limit: int | None) -> list[Path]:
    """The validation pictures that lie there, the first `limit` of them."""
    from converter.dilatednet.datasets.voc import pictures
    from converter.errors import DatasetError

    present = [picture.image for picture in pictures(root, "val") if picture.image.exists()]
    if not present:
        raise DatasetError("no validation picture lies in JPEGImages; unpack VOCtrainval there", path=str(root))
    return present[:limit]


def _mean(text: str) -> tuple[float, float, float]:
    try:
        blue, green, red = (float(value) for value in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}; expected B,G,R, for example 104,117,123") from error
    return blue, green, red


def _verdict(cases: list[Any], verifier: Verifier) -> str:
    """PASS with the tightest blob, or FAIL with the first that diverges."""
    for case in cases:
        for check in case.checks:
            row = check.comparison.first_divergence
            if row is not None:
                where = f"blob {row.blob!r}, made by layer {verifier.writer(row.blob)!r}"
                return f"FAIL: {case.title}: {check.title}: {where}, diverges first: {row.reason}"
    rows = [row for case in cases for check in case.checks for row in check.comparison.rows]
    worst = max(rows, key=lambda row: row.relative / row.tolerance)
    return (
        f"PASS: {len(rows)} blobs of {len(cases)} input{'s' * (len(cases) != 1)}; the tightest, {worst.blob!r}, "
        f"is off by {worst.relative:.2g} of its largest magnitude (tolerance {worst.tolerance:.2g})"
    )
