"""`dilatednet predict`: images in, label images and overlays out."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.cli import _network
from converter.cli._mean import HELP as MEAN_HELP
from converter.cli._mean import mean_argument, read_mean_argument
from converter.errors import ImageError, OutputError, printable
from converter.files.folder_record import file_digest, make_folder
from converter.pytorch.process_settings import apply_process_settings

if TYPE_CHECKING:
    import torch

    from converter.dilatednet.inference.predict import Pixels
    from converter.dilatednet.zoo import Model

HELP = "label every pixel of images with a published or a trained DilatedNet"


def arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL --weights W IMAGE... -o DIR."""
    _network.model_arguments(parser)
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="8-bit RGB images of any size")
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="folder for NAME.png and NAME_overlay.png")
    parser.add_argument("--overlay", action=argparse.BooleanOptionalAction, default=True, help="write NAME_overlay.png")
    parser.add_argument("--mean", type=mean_argument, metavar="B,G,R|FILE", help=MEAN_HELP)
    _network.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Label each image; an image that cannot be read is reported and skipped, and makes the exit code 2."""
    apply_process_settings()
    from converter.dilatednet.inference.crf import make_crf

    model = _network.chosen_model(args)
    crf = make_crf(args.crf) if args.crf else None
    folder = Path(args.output)
    targets = _targets(args.images, folder, args.overlay)
    module, input_size = _network.network(args, model, args.device)
    mean = read_mean_argument(args.mean, input_size or module.input_size or model.input_size)
    facts = _network.net_facts(args, model) | _mean_facts(args)
    _network.check_labels(folder, facts, afresh=args.afresh)
    make_folder(folder)
    failed = 0
    with warnings.catch_warnings(), _Bar(len(args.images)) as bar:
        warnings.filterwarnings("ignore", module="PIL")
        options = {"input_size": input_size, "on_tile": bar.tile, "crf": crf, "mean": mean}
        for source, (labels, overlay) in zip(args.images, targets, strict=True):
            try:
                prediction = _prediction(module, model, source, options)
                _network.claim_labels(folder, facts, afresh=args.afresh)
                bar.say(_write(prediction, model, source, labels, overlay))
            except ImageError as error:
                failed += 1
                bar.say(
                    printable(f"dilatednet predict: {error if error.path else f'{source}: {error}'}"), file=sys.stderr
                )
            bar.advance()
    return 2 if failed else 0


def _mean_facts(args: argparse.Namespace) -> dict[str, Any]:
    """The mean that was asked for, as a folder's record names it."""
    if args.mean is None:
        return {}
    return {"mean": file_digest(str(args.mean)) if isinstance(args.mean, Path) else list(args.mean)}


def _targets(images: Sequence[str], folder: Path, overlay: bool) -> list[tuple[Path, Path | None]]:
    """Where each image's labels and overlay go; no file may be written twice, nor over an image that is read."""
    targets = []
    taken = {str(Path(source).resolve()): source for source in images}
    for source in images:
        stem = Path(source).stem
        label = folder / f"{stem}.png"
        over = folder / f"{stem}_overlay.png" if overlay else None
        for target in filter(None, (label, over)):
            other = taken.setdefault(str(target.resolve()), source)
            if other != source or str(target.resolve()) == str(Path(source).resolve()):
                raise OutputError(
                    f"would be written for {source} over {other}'s; give another folder, or rename one",
                    path=str(target),
                )
        if (label, over) in targets:
            raise OutputError(f"would be written twice for {source}; name each image once", path=str(label))
        targets.append((label, over))
    return targets


def _prediction(
    module: torch.nn.Module,
    model: Model,
    source: str,
    options: dict[str, Any],
) -> tuple[Pixels, Pixels]:
    """An image, uint8 (h, w, 3), and its labels, uint8 (h, w)."""
    from converter.data.images import read_image
    from converter.dilatednet.inference.predict import predict

    image = read_image(source)
    return image, predict(module, image, model, **options)


def _write(predicted: tuple[Pixels, Pixels], model: Model, source: str, labels: Path, overlay: Path | None) -> str:
    """Write an image's files, and say so in a line."""
    import numpy as np

    from converter.data.labels import write_labels
    from converter.report.overlay import overlay as mixed
    from converter.report.overlay import save_image

    image, prediction = predicted
    colors = np.array(model.label_set.palette, np.uint8)
    write_labels(labels, prediction, colors.tolist())
    if overlay:
        save_image(overlay, mixed(image, prediction, colors))
    return f"{source}: {labels}{f', {overlay.name}' if overlay else ''}: {_shares(prediction, model.label_set.classes)}"


def _shares(labels: Any, classes: Sequence[str]) -> str:
    """The most frequent classes with their share of the pixels."""
    import numpy as np

    counts = np.bincount(labels.ravel(), minlength=len(classes))
    order = [index for index in np.argsort(-counts, kind="stable") if counts[index]]
    words = [f"{classes[index]} {100 * counts[index] / labels.size:.0f} %" for index in order[:4]]
    return ", ".join(words) + (f" and {len(order) - 4} more" if len(order) > 4 else "")


class _Bar:
    """Progress over images and their tiles, on a terminal only."""

    def __init__(self, images: int) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=images, unit="image", disable=not sys.stderr.isatty(), leave=False)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def tile(self, done: int, of: int) -> None:
        """Show the tiles of the image in work."""
        self._bar.set_postfix_str(f"tile {done}/{of}")

    def advance(self) -> None:
        """One image more is done."""
        self._bar.update()

    def say(self, line: str, file: Any = None) -> None:
        """A line above the bar."""
        self._bar.write(line, file=file or sys.stdout)
