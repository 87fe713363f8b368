"""`converter.convert_all`: every net of a folder into the formats asked for; goes on after failures, and where it was.

What was made is known by hashes of sources and results, in report.json; a net whose files, options and results are as
they were is not converted again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.errors import ConversionError, PrototxtError
from converter.export.convert import MODEL_ENDINGS, convert
from converter.files.folder_record import file_digest, make_folder
from converter.verify.batch.pairs import Pair, find_pairs
from converter.verify.batch.results import REPORT, BatchReport, Result, read_report, write_report
from converter.verify.batch.targets import check_formats, intact, target_of, written_files

if TYPE_CHECKING:
    from converter.plan.crops import CropRule

AnyPath = str | os.PathLike[str]
Tell = Callable[[Result], None]


def convert_all(
    folder: AnyPath,
    out: AnyPath,
    formats: Sequence[str] = ("safetensors",),
    *,
    verify: bool = False,
    tell: Tell | None = None,
    allow_nan: bool = False,
    allow_unused: bool = False,
    allow_unknown: bool = False,
    stages: Sequence[str] = (),
    level: int = 0,
    crop: CropRule = "caffe",
) -> BatchReport:
    """Convert every pair of prototxt and caffemodel below `folder`; a net that fails does not stop the others.

    Args:
        folder: where the pairs lie; `converter.verify.batch.pairs.find_pairs` says which files belong together.
        out: the folder for results, with the same folders in it, and for report.json; made where it is missing.
        formats: any of safetensors, pth, npz, h5, caffemodel, onnx, pt2, py, and folder (as `save_pretrained` writes).
        verify: compare every net with the oracle on seeded random inputs; one that differs fails and is not converted.
        tell: called with each net's result once it is there.
        allow_nan: keep numbers that are not finite.
        allow_unused: leave out, and note, layers of a file that its net does not have.
        allow_unknown: go on, and note it, where a net has unknown layer types or fields.
        stages: stages that the layers' rules in the prototxts may ask for.
        level: level that they may ask for.
        crop: for whole nets: where a Crop without `crop_param` begins, see `load`.

    Raises:
        CaffemodelError: the folder cannot be read, or holds no .caffemodel.
        OutputError: a format is unknown, or the report cannot be read or written.
    """
    wanted, target = check_formats(formats), Path(out)
    pairs = find_pairs(folder, skipped=target)
    make_folder(target)
    allowed = {"allow_nan": allow_nan, "allow_unused": allow_unused, "allow_unknown": allow_unknown}
    options = {**allowed, "stages": list(stages), "level": level, "crop": crop}
    results = read_report(target / REPORT)
    for pair in pairs:
        begun = time.perf_counter()
        result = _result(pair, target, wanted, options, verify, results.get(pair.name))
        results[pair.name] = replace(result, seconds=round(time.perf_counter() - begun, 3))
        write_report(target / REPORT, list(results.values()))
        if tell is not None:
            tell(results[pair.name])
    return BatchReport(target / REPORT, tuple(results[pair.name] for pair in pairs))


def _result(
    pair: Pair, out: Path, formats: Sequence[str], options: Mapping[str, Any], verify: bool, earlier: Result | None
) -> Result:
    """What came of a pair, whatever happens to it."""
    try:
        if pair.prototxt is None:
            text = f"no prototxt lies beside it; looked for {', '.join(pair.tried)}"
            raise PrototxtError(text, path=str(pair.weights))
        sources = {"prototxt": file_digest(pair.prototxt), "weights": file_digest(pair.weights)}
        blank = Result(pair.name, "unchanged", sources=sources, options=options)
        known = _still_valid(earlier, blank, out)
        if verify and known.parity is None:
            known = replace(known, status="verified", parity=_parity(pair, options))
    except Exception as error:  # noqa: BLE001 - one net's trouble, of whatever kind, is not the others'
        return Result(pair.name, "failed", _message(error))
    missing = [form for form in formats if form not in known.formats]
    return _convert_missing(pair, out, missing, known)


def _still_valid(earlier: Result | None, blank: Result, out: Path) -> Result:
    """What of an earlier result still holds: all, or those formats whose files are as they were, or nothing."""
    if earlier is None or (earlier.sources, earlier.options) != (blank.sources, blank.options):
        return blank
    formats = {name: files for name, files in earlier.formats.items() if intact(out, files)}
    return replace(blank, formats=formats, parity=earlier.parity, notes=earlier.notes)


def _convert_missing(pair: Pair, out: Path, missing: Sequence[str], known: Result) -> Result:
    """The pair in each of these formats, as far as they can be made."""
    formats, notes, errors = dict(known.formats), list(known.notes), []
    for form in missing:
        try:
            notes += _convert(pair, out, form, known)
            formats[form] = {}
        except Exception as error:  # noqa: BLE001 - one format's trouble is not the others'
            errors.append(f"{form}: {_message(error)}")
    if missing:  # a .py shares its weights' file with safetensors: hashed once all are written
        formats = {form: written_files(out, pair.name, form) for form in formats}
    status = "failed" if errors else "converted" if missing else known.status
    return replace(known, status=status, formats=formats, error="; ".join(errors), notes=tuple(dict.fromkeys(notes)))


def _convert(pair: Pair, out: Path, form: str, known: Result) -> Sequence[str]:
    """Write one format; what a user should know."""
    target = out / target_of(pair.name, form)
    make_folder(target.parent)
    options = {**known.options}
    if form != "folder" and f".{form}" not in MODEL_ENDINGS:
        options.pop("crop")
    path = f"{target}{os.sep}" if form == "folder" else target
    return convert(pair.weights, path, pair.prototxt, parity=known.parity, **options).notes


def _parity(pair: Pair, options: Mapping[str, Any]) -> dict[str, float]:
    """Relative error of each output against the oracle."""
    from converter.verify.parity import parity

    names = ("allow_nan", "allow_unknown", "stages", "level", "crop")
    assert pair.prototxt is not None
    return parity(pair.prototxt, pair.weights, **{name: options[name] for name in names})


def _message(error: Exception) -> str:
    """An error's text; of one that is not ours its kind too."""
    return str(error) if isinstance(error, ConversionError) else f"{type(error).__name__}: {error}"
