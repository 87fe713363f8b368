"""`dilatednet predict`: images in, label images and overlays out."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from converter.cli import _network
from converter.cli._mean import HELP as MEAN_HELP
from converter.cli._mean import mean_argument, read_mean_argument
from converter.cli._output import error_fields
from converter.errors import ImageError, OutputError, printable
from converter.pytorch.process_settings import apply_process_settings

if TYPE_CHECKING:
    from converter.data.image_files import ImageFile
    from converter.dilatednet.inference.predict import Pixels
    from converter.dilatednet.zoo import Model

_NAMED = 3
"""Files named at most where many are left out."""

HELP = "label every pixel of images with a published or a trained DilatedNet"
EXAMPLES = """
dilatednet predict kitti --weights dilation7_kitti.caffemodel photos -o out
dilatednet predict runs/joint street.png -o out --crf --report page.html
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL --weights W IMAGE... -o DIR."""
    _network.model_arguments(parser)
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="images of any kind and size, folders, or patterns")
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="folder for NAME.png and NAME_overlay.png")
    parser.add_argument("--recursive", action="store_true", help="of folders, take the images in their folders too")
    parser.add_argument("--overlay", action=argparse.BooleanOptionalAction, default=True, help="write NAME_overlay.png")
    parser.add_argument("--mean", type=mean_argument, metavar="B,G,R|FILE", help=MEAN_HELP)
    parser.add_argument("--report", metavar="PAGE.html", help="also write a page of every image and its overlay")
    _network.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Label each image; an image that cannot be read is reported and skipped, and makes the exit code 2."""
    apply_process_settings()
    from converter.data.image_files import find_images
    from converter.files.folder_record import make_folder

    model, folder = _network.select_model(args), Path(args.output)
    images, skipped = find_images(args.images, recursive=args.recursive, without=folder)
    jobs = _jobs(images, folder, args.overlay)
    with warnings.catch_warnings(), _Bar(len(jobs)) as bar:
        warnings.filterwarnings("ignore", module="PIL")
        work = _Work(args, model, bar)
        make_folder(folder)
        for job in jobs:
            work.label(job)
    work.finish(skipped)
    args.result = {"images": work.labeled, "failed": [error_fields(error) for error in work.failed]}
    args.result |= {"left_out": len(skipped), "report": args.report}
    args.error = next(iter(work.failed), None)
    return 2 if work.failed else 0


def _mean_facts(args: argparse.Namespace) -> dict[str, Any]:
    """The mean that was asked for, as a folder's record names it."""
    if args.mean is None:
        return {}
    from converter.files.folder_record import file_digest

    return {"mean": file_digest(str(args.mean)) if isinstance(args.mean, Path) else list(args.mean)}


class _Job(NamedTuple):
    """An image, and where its labels and overlay go."""

    source: str
    labels: Path
    overlay: Path | None


def _jobs(images: Sequence[ImageFile], folder: Path, overlay: bool) -> list[_Job]:
    """What is to be written; no file may be written twice, nor over an image that is read."""
    jobs: list[_Job] = []
    taken = {str(Path(image.path).resolve()): image.path for image in images}
    if len(taken) < len(images):
        raise OutputError("an image is named twice; name each image once", path=str(folder))
    for image in images:
        over = folder / f"{image.name}_overlay.png" if overlay else None
        job = _Job(image.path, folder / f"{image.name}.png", over)
        for target in filter(None, (job.labels, job.overlay)):
            other = taken.setdefault(str(target.resolve()), image.path)
            if other != image.path or str(target.resolve()) == str(Path(image.path).resolve()):
                raise OutputError(
                    f"would be written for {image.path} over {other}'s; give another folder, or rename one",
                    path=str(target),
                )
        jobs.append(job)
    return jobs


class _Work:
    """The net, and what is kept over all images: a contact sheet, and which kinds of images there were."""

    def __init__(self, args: argparse.Namespace, model: Model, bar: _Bar) -> None:
        from converter.dilatednet.inference.contact_sheet import ContactSheet
        from converter.dilatednet.inference.crf import make_crf

        self._args, self._model, self._bar, self._folder = args, model, bar, Path(args.output)
        crf = make_crf(args.crf) if args.crf else None
        self._facts = _network.net_facts(args, model) | _mean_facts(args)
        _network.check_labels(self._folder, self._facts, afresh=args.afresh)  # before the net is made: that takes long
        self._module, input_size = _network.network(args, model, args.device)
        mean = read_mean_argument(args.mean, input_size or self._module.input_size or model.input_size)
        self._options: dict[str, Any] = {"input_size": input_size, "on_tile": bar.tile, "crf": crf, "mean": mean}
        self._kinds: Counter[str] = Counter()
        self.labeled: list[dict[str, Any]] = []
        self.failed: list[ImageError] = []
        told = {"net": str(args.model), "weights": str(args.weights or model.weights)}
        self._sheet = ContactSheet(model, told) if args.report else None

    def label(self, job: _Job) -> None:
        """Label one image, write its files, and say so in a line; or say that it cannot be read."""
        from converter.data.images import read_image
        from converter.dilatednet.inference.predict import predict

        try:
            image = read_image(job.source, self._kinds)
            labels = predict(self._module, image, self._model, **self._options)
        except ImageError as error:
            error.path = error.path or job.source
            self._bar.say(printable(f"dilatednet predict: {error}"), file=self._args.errors)
            self.failed.append(error)
            return
        finally:
            self._bar.advance()
        if not self.labeled:
            _network.claim_labels(self._folder, self._facts, afresh=self._args.afresh)
        self._write(job, image, labels)

    def _write(self, job: _Job, image: Pixels, labels: Pixels) -> None:
        import numpy as np

        from converter.data.labels import write_labels
        from converter.files.folder_record import make_folder
        from converter.report.overlay import overlay, save_image

        colors = np.array(self._model.label_set.palette, np.uint8)
        make_folder(job.labels.parent)
        write_labels(job.labels, labels, colors.tolist())
        if job.overlay:
            save_image(job.overlay, overlay(image, labels, colors))
        shares = _shares(labels, self._model.label_set.classes)
        if self._sheet:
            self._sheet.add(job.source, image, labels, shares)
        self.labeled.append({"image": job.source, "labels": job.labels, "overlay": job.overlay} | _count(labels))
        more = f", {job.overlay.name}" if job.overlay else ""
        self._bar.say(printable(f"{job.source}: {job.labels}{more}: {shares}"))

    def finish(self, skipped: Sequence[str]) -> None:
        """Write the page, and say what was converted and what left out."""
        from converter.data.image_kinds import conversion_note

        if self._sheet:
            self._sheet.write(self._args.report)
        names = ", ".join(skipped[:_NAMED]) + (", …" if len(skipped) > _NAMED else "")
        left_out = f"files left out because they are no images: {len(skipped):,} ({names})" if skipped else ""
        for note in filter(None, (conversion_note(self._kinds), left_out)):
            print(printable(f"note: {note}"), file=sys.stderr)


def _count(labels: Pixels) -> dict[str, Any]:
    """The image's size, and the pixels of each class, for --json."""
    import numpy as np

    height, width = labels.shape
    return {"height": height, "width": width, "pixels": np.bincount(labels.ravel()).tolist()}


def _shares(labels: Any, classes: Sequence[str]) -> str:
    """The most frequent classes with their share of the pixels, those of 1 % and more."""
    import numpy as np

    counts = np.bincount(labels.ravel(), minlength=len(classes))
    present = [index for index in np.argsort(-counts, kind="stable") if counts[index]]
    shares = [(classes[index], round(100 * counts[index] / labels.size)) for index in present[:4]]
    words = [f"{name} {share} %" for name, share in shares if share]
    return ", ".join(words) + (f" and {len(present) - len(words)} more" if len(present) > len(words) else "")


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
