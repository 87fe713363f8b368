"""Features stored once: what they hold, that extraction goes on, and that the context stage trains on them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from converter.cli import main
from converter.data.datasets import open_split
from converter.data.datasets.split import Sample
from converter.data.images import read_image
from converter.data.list_files import read_bin
from converter.dilatednet.model import DilatedNet
from converter.dilatednet.training.features import claim_maps, extract, front_end
from converter.dilatednet.training.loop import RunOptions
from converter.dilatednet.training.recipes import recipe
from converter.dilatednet.training.run import Start, train_stage
from converter.dilatednet.training.sources import from_lists, from_split
from converter.dilatednet.training.stages import trained_model
from converter.errors import DatasetError, OutputError, WeightsError
from tests.dilatednet.training.tiny_training import CLASSES, blobs, run, tiny, write_images

MEAN = (102.93, 111.36, 116.52)
TILE = (412, 428)  # 5×7 cells: 40×52 pixels in one tile


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_images(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def trained(lists: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    outcome = run(lists, tmp_path_factory.mktemp("front"), tiny(iterations=2))
    assert outcome.weights is not None
    return outcome.weights


def pictures(lists: tuple[Path, Path]) -> list[Sample]:
    folder = lists[0].parent
    return [Sample(f"image{i}", folder / f"image{i}.png", folder / f"label{i}.png") for i in range(6)]


def extracted(lists: tuple[Path, Path], weights: Path, folder: Path, tile: tuple[int, int] = TILE) -> int:
    return extract(front_end(trained_model(tiny()), str(weights)), pictures(lists), folder, MEAN, tile)


def padded_answer(weights: Path, path: Path, size: tuple[int, int]) -> np.ndarray:
    """The front end's logits of an image padded by numpy's own reflection, top left at 186."""
    net = DilatedNet(CLASSES, context=None, width=2, fc_width=8, classifier="fc-final", prefix="ct_").eval()
    net.load_state_dict(safetensors.torch.load_file(weights))
    image = read_image(path)[..., ::-1].astype(np.float32) - np.array(MEAN, np.float32)
    height, width = image.shape[:2]
    below, right = (max(0, side - 372 - length) for side, length in zip(size, (height, width), strict=True))
    wide = np.pad(image, ((186, 186), (186, 186), (0, 0)), mode="reflect")
    wide = np.pad(wide, ((0, below), (0, right), (0, 0)), mode="reflect")
    with torch.no_grad():
        x = torch.from_numpy(np.ascontiguousarray(wide.transpose(2, 0, 1))[None])
        return net.features(x)[0].numpy()


def test_a_map_holds_the_front_ends_answer_to_the_padded_image(
    lists: tuple[Path, Path], trained: Path, tmp_path: Path
) -> None:
    assert extracted(lists, trained, tmp_path) == 6
    for image in pictures(lists)[:2]:
        stored = read_bin(str(tmp_path / f"{image.name}.bin"))
        assert stored.shape == (CLASSES, 5, 7)
        np.testing.assert_allclose(stored, padded_answer(trained, image.image, TILE), rtol=1e-4, atol=1e-6)


def test_tiles_stand_side_by_side(lists: tuple[Path, Path], trained: Path, tmp_path: Path) -> None:
    extracted(lists, trained, tmp_path, (412, 412))
    stored = read_bin(str(tmp_path / "image0.bin"))
    assert stored.shape == (CLASSES, 5, 10)  # 40 and 40 pixels of 52: the second tile's cells beyond it are kept
    whole = padded_answer(trained, pictures(lists)[0].image, TILE)
    np.testing.assert_allclose(stored[:, :, :5], whole[:, :, :5], rtol=1e-4, atol=1e-6)


def test_extraction_goes_on_where_it_was_broken(lists: tuple[Path, Path], trained: Path, tmp_path: Path) -> None:
    extracted(lists, trained, tmp_path)
    before = (tmp_path / "image1.bin").read_bytes()
    (tmp_path / "image1.bin").write_bytes(before[:50])
    (tmp_path / "image4.bin").unlink()
    assert extracted(lists, trained, tmp_path) == 2
    assert (tmp_path / "image1.bin").read_bytes() == before


def test_another_image_under_the_same_name_gets_a_map_of_its_own(
    lists: tuple[Path, Path], trained: Path, tmp_path: Path
) -> None:
    extracted(lists, trained, tmp_path)
    assert extracted(lists, trained, tmp_path) == 0
    samples = pictures(lists)
    edited = replace(samples[0], image=samples[1].image)
    net = front_end(trained_model(tiny()), str(trained))
    assert extract(net, [edited, samples[1]], tmp_path, MEAN, TILE) == 1
    assert (tmp_path / "image0.bin").read_bytes() == (tmp_path / "image1.bin").read_bytes()


def test_the_context_stage_trains_on_stored_features(lists: tuple[Path, Path], trained: Path, tmp_path: Path) -> None:
    extracted(lists, trained, tmp_path / "features")
    names = "\n".join(str(tmp_path / "features" / f"image{i}.bin") for i in range(6))
    (tmp_path / "features.txt").write_text(names)
    chosen = recipe("voc", "context", classes=CLASSES, batch=4, iterations=12, rate=0.05, context="basic", noise=0.0)
    pair = (tmp_path / "features.txt", lists[1])
    outcome = run(pair, tmp_path / "context", chosen)
    first = from_lists(*pair).pairs[0]
    assert first[0].endswith("image0.bin")
    assert len(blobs(outcome.weights)) == 2 * 8
    weights = safetensors.torch.load_file(tmp_path / "context" / "weights.safetensors")
    assert not torch.equal(weights["ct_conv1_1.weight"], torch.zeros_like(weights["ct_conv1_1.weight"]))


def test_an_untrained_front_end_is_refused(tmp_path: Path) -> None:
    safetensors.torch.save_file({"conv1_1.weight": torch.zeros(2, 3, 3, 3)}, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="no trained front end of 3 classes"):
        front_end(trained_model(tiny()), str(tmp_path / "w.safetensors"))


def voc_root(folder: Path) -> Path:
    """The six images laid out as PASCAL VOC."""
    home = folder / "VOCdevkit" / "VOC2012"
    for part in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (home / part).mkdir(parents=True)
    write_images(home)
    for index in range(6):
        picture = home / f"image{index}.png"
        Image.open(picture).save(home / "JPEGImages" / f"p{index}.jpg")
        (home / f"label{index}.png").rename(home / "SegmentationClass" / f"p{index}.png")
    (home / "ImageSets/Segmentation/train.txt").write_text("".join(f"p{index}\n" for index in range(6)))
    return folder


def test_the_commands_run_the_three_stages_in_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(voc_root(tmp_path / "data"))
    common = ["--preset", "voc", "--data", root, "--device", "cpu"]
    few = ["--iterations", "2", "--workers", "0", "--batch", "2"]
    narrow = ["--width", "2", "--fc-width", "8", "--crop", "388", "--rate", "0.0001"]
    front, context, joint = (str(tmp_path / name) for name in ("front", "context", "joint"))
    assert main(["train", "frontend", *common, *few, *narrow, "--from-scratch", "--out", front]) == 0
    weights = capsys.readouterr().out.strip()
    size = ["--input-size", "412", "428"]
    assert main(["features", *common, "--weights", weights, "--out", str(tmp_path / "maps"), *size]) == 0
    maps = ["--features", str(tmp_path / "maps"), "--context", "basic"]
    assert main(["train", "context", *common, *few, *maps, "--out", context]) == 0
    both = ["--weights", weights, "--weights", f"{context}/weights.safetensors", "--context", "basic"]
    assert main(["train", "joint", *common, *few, *narrow, *both, "--out", joint]) == 0
    assert len(blobs(Path(joint) / "weights.safetensors")) == 2 * (16 + 8)


def test_maps_of_another_front_end_or_tile_are_refused_unless_begun_afresh(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.safetensors"
    state = safetensors.torch.load_file(trained)
    safetensors.torch.save_file({name: value + 1 for name, value in state.items()}, other)
    root, maps = str(voc_root(tmp_path / "data")), tmp_path / "maps"
    common = ["features", "--preset", "voc", "--data", root, "--device", "cpu", "--classes", "3", "--out", str(maps)]
    size = ["--input-size", "412", "428"]
    assert main([*common, *size, "--weights", str(trained)]) == 0
    before = {path.name: path.read_bytes() for path in maps.iterdir()}
    assert main([*common, *size, "--weights", str(trained)]) == 0
    assert "0 maps made, 6 were there" in capsys.readouterr().err
    for more, said in (
        ([*size, "--weights", str(other)], "these feature maps were made otherwise: weights_sha256 was "),
        (["--input-size", "412", "412", "--weights", str(trained)], "input_size was [412, 428], now [412, 412]"),
    ):
        assert main([*common, *more]) == 2
        assert said in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in maps.iterdir()} == before
    assert main([*common, *size, "--weights", str(other), "--afresh"]) == 0
    assert "6 maps made, 0 were there" in capsys.readouterr().err
    assert (maps / "p0.bin").read_bytes() != before["p0.bin"]


def test_a_context_run_on_other_maps_is_not_gone_on_with(
    lists: tuple[Path, Path], trained: Path, tmp_path: Path
) -> None:
    split, maps = open_split("voc", voc_root(tmp_path / "data"), "train"), tmp_path / "maps"
    net = front_end(trained_model(tiny()), str(trained))
    chosen = recipe("voc", "context", classes=CLASSES, batch=2, iterations=1, context="basic")
    options, resume = RunOptions(tmp_path / "run"), Start(resume=True)
    for tile in (TILE, (412, 412)):
        claim_maps(maps, trained_model(tiny()), str(trained), tile, afresh=True)
        extract(net, split.samples, maps, MEAN, tile)
        if tile == TILE:
            train_stage(chosen, from_split(split, maps), options, resume, device="cpu")
    with pytest.raises(OutputError, match="these checkpoints were made otherwise: features was "):
        train_stage(chosen, from_split(split, maps), options, resume, device="cpu")


def test_missing_maps_are_named_or_left_out(lists: tuple[Path, Path], trained: Path, tmp_path: Path) -> None:
    split = open_split("voc", voc_root(tmp_path / "data"), "train")
    maps = tmp_path / "maps"
    extract(front_end(trained_model(tiny()), str(trained)), split.samples[:2], maps, MEAN, TILE)
    with pytest.raises(DatasetError, match=r"4 of 6 feature maps are not there, .*p2\.bin first"):
        from_split(split, maps)
    assert len(from_split(split, maps, only_present=True).pairs) == 2
    with pytest.raises(DatasetError, match="6 of 6"):
        from_split(split, tmp_path, only_present=True)


def test_training_without_images_says_what_to_give(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "frontend", "--preset", "voc", "--out", "nowhere"]) == 2
    assert "give --data NAME --root DIR (voc, cityscapes, camvid, kitti), or --images DIR" in capsys.readouterr().err
