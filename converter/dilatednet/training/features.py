"""Front-end logits of whole images, computed once and stored for the context stage, as fyu/dilation's test.py does.

Each image becomes NAME.bin: its tiles' logits side by side, uncropped, so that all images of one number of tiles
give maps of one shape; cells beyond the image are computed from its reflection and carry label 255 in training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from converter.data.datasets.split import Sample
from converter.data.images import read_image
from converter.data.label_sets import LabelSet, numbered_classes
from converter.data.list_files import bin_header, read_bin
from converter.data.transforms import Array
from converter.dilatednet.inference.tiles import crop_tile, tiles
from converter.dilatednet.model import DilatedNet
from converter.dilatednet.training.initial_weights import read_named
from converter.dilatednet.training.map_record import note_image, read_images
from converter.dilatednet.zoo import Model
from converter.errors import DatasetError, WeightsError
from converter.files.atomic import atomic_write
from converter.files.folder_record import claim_folder, file_digest, make_folder, read_record

MAPS = "feature maps"
"""What a folder's record calls them."""


def front_end(model: Model, weights: str) -> DilatedNet:
    """A net's front end with trained weights, as wide as they are, in eval mode; the file may hold more.

    Raises:
        WeightsError: a layer is missing (the classifier among them) or of another shape.
        CaffemodelError: the file does not read.
    """
    given = read_named(weights, model.label_set.mean)
    topology = replace(model.topology, context=None, upsample=False)
    if "conv1_1.weight" in given and "fc6.weight" in given:
        width, fc_width = given["conv1_1.weight"].shape[0], given["fc6.weight"].shape[0]
        topology = replace(topology, width=width, fc_width=fc_width)
    net = DilatedNet.of(topology)
    wanted = net.state_dict()
    wrong = [name for name, value in wanted.items() if name not in given or given[name].shape != value.shape]
    if wrong:
        message = f"no trained front end of {topology.classes} classes: {', '.join(wrong[:6])} missing or misshapen"
        raise WeightsError(f"{message}; give what 'train frontend' wrote", path=weights, missing=tuple(wrong))
    net.load_state_dict({name: given[name] for name in wanted})
    return net.eval()


def image_features(net: DilatedNet, image: Array, mean: tuple[float, ...], input_size: tuple[int, int]) -> Array:
    """The front end's logits of an image uint8 (h, w, 3) R, G, B: float32 (classes, rows, columns), tiles joined.

    Raises:
        ShapeError: tiles that are no larger than twice the margin.
    """
    own = next(net.parameters())
    rows: dict[int, list[torch.Tensor]] = {}
    with torch.inference_mode():
        for tile in tiles((image.shape[0], image.shape[1]), input_size):
            x = torch.from_numpy(crop_tile(image, tile, (mean[0], mean[1], mean[2]))).to(own.device, own.dtype)
            rows.setdefault(tile.top, []).append(net.features(x)[0].float())
    whole: Array = torch.cat([torch.cat(row, dim=2) for row in rows.values()], dim=1).cpu().numpy()
    return whole


def extract(
    net: DilatedNet,
    samples: Sequence[Sample],
    folder: Path,
    mean: tuple[float, ...],
    input_size: tuple[int, int],
    each: Callable[[Sample, bool], object] = lambda _sample, _made: None,
) -> int:
    """Write NAME.bin into `folder` for every image, and leave whole maps of the same image; how many were made.

    `mean` is B, G, R; `input_size` the (height, width) of a tile. `each` is called for every image with whether its map
    was made now. `claim_maps` tells whether the maps that are there may be left.

    Raises:
        ImageError: an image does not read. OutputError: a map cannot be written.
    """
    made, images = 0, read_images(folder)
    for sample in samples:
        path, digest = folder / f"{sample.name}.bin", file_digest(sample.image)
        fresh = images.get(sample.name) != digest or not _is_complete(path)
        if fresh:
            write_bin(path, image_features(net, read_image(sample.image), mean, input_size))
            note_image(folder, sample.name, digest)
            made += 1
        each(sample, fresh)
    return made


def claim_maps(folder: Path, model: Model, weights: str, input_size: tuple[int, int], *, afresh: bool) -> None:
    """Note in `folder` which front end makes its maps; `afresh` deletes those that are there.

    The names and colors of the classes stand there too, for the context stage.

    Raises:
        OutputError: other weights, another mean or tile made them, or it cannot be written.
    """
    maps = sorted(folder.rglob("*.bin"))
    if afresh:
        for path in maps:
            path.unlink()
    facts = {
        "weights_sha256": file_digest(weights),
        "classes": model.label_set.classes,
        "palette": model.label_set.palette,
        "mean": model.label_set.mean,
        "input_size": input_size,
    }
    claim_folder(folder, MAPS, facts, leftovers=bool(maps) and not afresh)


def classes_of_maps(folder: str) -> LabelSet | None:
    """The classes that a folder's record gives its maps; None where it has none."""
    facts = read_record(Path(folder)).get(MAPS)
    if not facts or "palette" not in facts:
        return None
    red_green_blue = tuple((int(r), int(g), int(b)) for r, g, b in facts["palette"])
    return replace(numbered_classes(len(red_green_blue)), classes=tuple(facts["classes"]), palette=red_green_blue)


def write_bin(path: Path, features: Array) -> None:
    """Write float32 (channels, rows, columns) as fyu's .bin, whole or not at all; raises OutputError."""
    make_folder(path.parent)
    channels, rows, columns = features.shape
    with atomic_write(path) as file:
        file.write(bin_header((channels, rows, columns)))
        file.write(np.ascontiguousarray(features, "<f4").tobytes())


def _is_complete(path: Path) -> bool:
    try:
        read_bin(str(path))
    except DatasetError:
        return False
    return True
