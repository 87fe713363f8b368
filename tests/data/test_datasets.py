from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.data.datasets import dataset, open_split, voc
from converter.data.images import read_image
from converter.data.labels import read_labels, write_labels
from converter.errors import DatasetError
from tests.places import VOC_ROOT

FYU = ["building", "tree", "sky", "car", "sign", "road", "pedestrian", "fence", "pole", "sidewalk", "bicyclist"]


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def gray(path: Path, values: list[list[int]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(values, np.uint8)).save(path)


def mode(path: Path) -> str:
    with Image.open(path) as picture:
        return picture.mode


def make_voc(root: Path, train: list[str], val: list[str]) -> None:
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (root / "SegmentationClass").mkdir()
    for name, members in {"train": train, "val": val, "trainval": sorted(train + val)}.items():
        (lists / f"{name}.txt").write_text("".join(f"{member}\n" for member in members))
    for member in train + val:
        touch(root / "SegmentationClass" / f"{member}.png")


def make_sbd(root: Path, train: list[str], val: list[str]) -> None:
    (root / "cls").mkdir(parents=True)
    for name, members in {"train": train, "val": val}.items():
        for member in members:
            touch(root / "cls" / f"{member}.mat")
        (root / f"{name}.txt").write_text("".join(f"{member}\n" for member in members))


@pytest.mark.parametrize("below", ["VOCdevkit/VOC2012", "VOC2012", ""])
def test_voc_is_found_from_the_folder_above_the_kit_from_the_kit_and_from_itself(tmp_path: Path, below: str):
    make_voc(tmp_path / below, ["a", "b"], ["c"])
    split = open_split("voc", tmp_path, "trainval")
    assert [picture.name for picture in split.samples] == ["a", "b", "c"]
    assert split.samples[0].image == tmp_path / below / "JPEGImages" / "a.jpg"
    assert split.notes == ("PASCAL VOC 2012 trainval lists 3 images; published are 2,913",)


def test_strict_refuses_a_list_of_another_length(tmp_path: Path):
    make_voc(tmp_path, ["a"], ["b"])
    with pytest.raises(DatasetError, match=r"val lists 1 images; published are 1,449"):
        open_split("voc", tmp_path, "val", strict=True)


def test_a_wrong_root_says_what_was_looked_for_and_what_lies_there(tmp_path: Path):
    touch(tmp_path / "holiday.jpg")
    with pytest.raises(DatasetError) as caught:
        open_split("voc", tmp_path, "val")
    assert "looked for ImageSets/Segmentation/val.txt and SegmentationClass" in str(caught.value)
    assert "found holiday.jpg" in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))


@pytest.mark.parametrize("name", ["voc", "cityscapes", "camvid", "kitti"])
def test_a_root_that_is_not_there_is_an_error_for_every_data_set(tmp_path: Path, name: str):
    with pytest.raises(DatasetError, match="found no such folder"):
        open_split(name, tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["voc", "cityscapes", "camvid", "kitti"])
def test_an_unknown_split_names_the_known_ones(tmp_path: Path, name: str):
    with pytest.raises(DatasetError, match=r"no split 'minival'; it has train, "):
        open_split(name, tmp_path, "minival")


def test_an_unknown_data_set_names_the_known_ones(tmp_path: Path):
    with pytest.raises(DatasetError, match="'ade20k'; there are voc, cityscapes, camvid, kitti"):
        open_split("ade20k", tmp_path)


def test_missing_images_are_an_error_and_only_present_leaves_them_out(tmp_path: Path):
    make_voc(tmp_path, [], ["a", "b", "c"])
    touch(tmp_path / "JPEGImages" / "b.jpg")
    with pytest.raises(DatasetError, match=r"2 of 3 images of val lack a file: .*a\.jpg.*c\.jpg; complete"):
        open_split("voc", tmp_path, "val", needs=("image", "labels"))
    split = open_split("voc", tmp_path, "val", needs=("image", "labels"), only_present=True)
    assert [picture.name for picture in split.samples] == ["b"]
    assert "only the 1 of 3 images" in split.notes[-1]


def test_limit_takes_the_first_images(tmp_path: Path):
    make_voc(tmp_path, [], ["a", "b", "c"])
    assert [picture.name for picture in open_split("voc", tmp_path, "val", limit=2).samples] == ["a", "b"]


def test_a_limit_counts_the_images_that_are_there_where_only_those_are_wanted(tmp_path: Path):
    make_voc(tmp_path, [], ["a", "b", "c", "d"])
    for name in "bcd":
        touch(tmp_path / "JPEGImages" / f"{name}.jpg")
    needs = ("image", "labels")
    split = open_split("voc", tmp_path, "val", needs=needs, only_present=True, limit=2)
    assert [sample.name for sample in split.samples] == ["b", "c"]
    touch(tmp_path / "more" / "c")
    split = open_split(
        "voc", tmp_path, "val", needs=needs, only_present=True, further=lambda sample: tmp_path / "more" / sample.name
    )
    assert [sample.name for sample in split.samples] == ["c"]


def test_a_limit_asks_only_for_the_images_it_takes(tmp_path: Path):
    make_voc(tmp_path, [], ["a", "b"])
    touch(tmp_path / "JPEGImages" / "a.jpg")
    split = open_split("voc", tmp_path, "val", needs=("image", "labels"), limit=1)
    assert [sample.name for sample in split.samples] == ["a"]


def test_a_list_cannot_lead_out_of_the_data_set(tmp_path: Path):
    make_voc(tmp_path, [], ["a"])
    (tmp_path / "ImageSets" / "Segmentation" / "val.txt").write_text("../../../etc/passwd\n")
    with pytest.raises(DatasetError, match="entry 1 is"):
        open_split("voc", tmp_path, "val")


def test_trainaug_takes_voc_masks_first_adds_sbd_and_removes_val(tmp_path: Path):
    make_voc(tmp_path / "VOCdevkit" / "VOC2012", ["a", "c"], ["b", "e"])
    make_sbd(tmp_path / "benchmark_RELEASE" / "dataset", ["d", "a", "b"], ["e", "f"])
    split = open_split("voc", tmp_path, "trainaug")
    assert [(picture.name, picture.labels.suffix) for picture in split.samples] == [
        ("a", ".png"),
        ("c", ".png"),
        ("d", ".mat"),
        ("f", ".mat"),
    ]


def test_trainaug_of_lists_with_the_published_overlaps_has_10582_pictures(tmp_path: Path):
    train = [f"t{i:05}" for i in range(1464)]
    val = [f"v{i:05}" for i in range(1449)]
    extra = [f"x{i:05}" for i in range(9118)]
    home = tmp_path / "VOC2012"
    (home / "ImageSets" / "Segmentation").mkdir(parents=True)
    (home / "SegmentationClass").mkdir()
    for name, members in {"train": train, "val": val}.items():
        (home / "ImageSets" / "Segmentation" / f"{name}.txt").write_text("\n".join(members))
    sbd = tmp_path / "sbd" / "dataset"
    (sbd / "cls").mkdir(parents=True)
    both = sorted(extra + train[:1000] + val[:1237])
    assert len(both) == 8498 + 2857
    (sbd / "train.txt").write_text("\n".join(both[:8498]))
    (sbd / "val.txt").write_text("\n".join(both[8498:]))
    pictures = voc.samples(tmp_path, "trainaug", tmp_path / "sbd")
    names = {picture.name for picture in pictures}
    assert len(pictures) == len(names) == 10582
    assert not names & set(val)
    assert sum(picture.labels.suffix == ".png" for picture in pictures) == 1464


def test_trainaug_without_sbd_says_what_is_missing(tmp_path: Path):
    make_voc(tmp_path, ["a"], ["b"])
    with pytest.raises(DatasetError, match=r"no SBD \(benchmark_RELEASE\) here; looked for cls and train\.txt"):
        open_split("voc", tmp_path, "trainaug")


def test_an_sbd_mask_is_read_from_its_mat_file(tmp_path: Path):
    io = pytest.importorskip("scipy.io")
    make_voc(tmp_path, [], [])
    make_sbd(tmp_path / "dataset", ["a"], [])
    mask = np.array([[0, 3, 3], [20, 0, 1]], np.uint8)
    field = np.zeros((1, 1), [("Segmentation", object)])
    field[0, 0]["Segmentation"] = mask
    io.savemat(tmp_path / "dataset" / "cls" / "a.mat", {"GTcls": field})
    split = open_split("voc", tmp_path, "trainaug")
    assert split.layout.ground_truth(split.samples[0]).tolist() == mask.tolist()


def test_a_broken_mat_file_is_a_data_set_error(tmp_path: Path):
    pytest.importorskip("scipy.io")
    make_voc(tmp_path, [], [])
    make_sbd(tmp_path / "dataset", ["a"], [])
    (tmp_path / "dataset" / "cls" / "a.mat").write_bytes(b"MATLAB 5.0 MAT-file, cut short")
    split = open_split("voc", tmp_path, "trainaug")
    with pytest.raises(DatasetError, match="not a readable SBD mask"):
        split.layout.ground_truth(split.samples[0])


def test_cityscapes_label_ids_become_the_19_train_ids(tmp_path: Path):
    stem = "ulm/ulm_000000_000019"
    gray(tmp_path / "gtFine" / "val" / f"{stem}_gtFine_labelIds.png", [[*range(34), 255]])
    split = open_split("cityscapes", tmp_path, "val")
    (picture,) = split.samples
    assert picture.name == f"{stem}_leftImg8bit"
    assert picture.image == tmp_path / "leftImg8bit" / "val" / f"{stem}_leftImg8bit.png"
    expected = (
        [255] * 7
        + [0, 1]
        + [255] * 2
        + [2, 3, 4]
        + [255] * 3
        + [5, 255]
        + list(range(6, 16))
        + [255] * 2
        + [16, 17, 18, 255]
    )
    assert split.layout.ground_truth(picture).tolist() == [expected]


def test_segnets_camvid_is_mapped_to_the_papers_order(tmp_path: Path):
    segnet = ["sky", "building", "pole", "road", "sidewalk", "tree", "sign", "fence", "car", "pedestrian", "bicyclist"]
    gray(tmp_path / "CamVid" / "testannot" / "0001.png", [list(range(12))])
    split = open_split("camvid", tmp_path)
    assert split.samples[0].image == tmp_path / "CamVid" / "test" / "0001.png"
    assert list(split.classes) == FYU
    assert split.layout.ground_truth(split.samples[0]).tolist() == [[FYU.index(name) for name in segnet] + [255]]


def test_a_label_beyond_segnets_twelve_is_an_error(tmp_path: Path):
    gray(tmp_path / "testannot" / "0001.png", [[0, 12]])
    split = open_split("camvid", tmp_path)
    with pytest.raises(DatasetError, match="label 12 in SegNet's order"):
        split.layout.ground_truth(split.samples[0])


def test_camvid_in_the_papers_order_is_read_as_it_is(tmp_path: Path):
    gray(tmp_path / "labels" / "x.png", [[0, 10, 255]])
    (tmp_path / "test.txt").write_text("x.png\n")
    split = open_split("camvid", tmp_path)
    assert split.layout.ground_truth(split.samples[0]).tolist() == [[0, 10, 255]]


def test_kittis_colors_and_ros_numbers_mean_the_same(tmp_path: Path):
    ros = [(128, 128, 128), (128, 0, 0), (128, 64, 128), (0, 0, 192), (64, 64, 128), (128, 128, 0)]
    ros += [(192, 192, 128), (64, 0, 128), (192, 128, 128), (64, 64, 0), (0, 128, 192), (0, 0, 0)]
    gray(tmp_path / "numbers" / "Validation_07" / "GT_ind" / "000001.png", [list(range(12))])
    color = tmp_path / "colors" / "KITTI_SEMANTIC" / "Validation_07" / "GT" / "000001.png"
    color.parent.mkdir(parents=True)
    Image.fromarray(np.array([ros], np.uint8)).save(color)
    for root in ("numbers", "colors"):
        split = open_split("kitti", tmp_path / root)
        assert split.layout.ground_truth(split.samples[0]).tolist() == [[2, 0, 5, 9, 7, 1, 8, 3, 4, 6, 10, 255]]


def test_a_color_of_no_class_is_an_error_naming_it(tmp_path: Path):
    path = tmp_path / "x.png"
    Image.fromarray(np.full((2, 2, 3), 77, np.uint8)).save(path)
    with pytest.raises(DatasetError, match=r"color \(77, 77, 77\) belongs to no class"):
        read_labels(path, [(1, 2, 3)])
    with pytest.raises(DatasetError, match="a color image, not class numbers"):
        read_labels(path)


def test_a_palette_image_gives_indices_and_a_gray_one_values(tmp_path: Path):
    labels = np.array([[0, 15, 255], [3, 20, 7]], np.uint8)
    write_labels(tmp_path / "palette.png", labels, dataset("voc").label_set.palette)
    write_labels(tmp_path / "gray.png", labels)
    assert mode(tmp_path / "palette.png") == "P"
    assert mode(tmp_path / "gray.png") == "L"
    assert read_labels(tmp_path / "palette.png").tolist() == labels.tolist()
    assert read_labels(tmp_path / "gray.png").tolist() == labels.tolist()


def test_a_written_palette_shows_the_data_sets_colors(tmp_path: Path):
    write_labels(tmp_path / "x.png", np.array([[0, 15, 255]], np.uint8), dataset("voc").label_set.palette)
    with Image.open(tmp_path / "x.png") as picture:
        shown = np.asarray(picture.convert("RGB"))
    assert shown.tolist() == [[[0, 0, 0], [192, 128, 128], [224, 224, 192]]]


def test_a_sixteen_bit_image_is_read_where_its_numbers_fit(tmp_path: Path):
    Image.fromarray(np.array([[3, 255]], np.uint16)).save(tmp_path / "fits.png")
    Image.fromarray(np.array([[3, 256]], np.uint16)).save(tmp_path / "beyond.png")
    assert read_labels(tmp_path / "fits.png").tolist() == [[3, 255]]
    with pytest.raises(DatasetError, match="labels up to 256"):
        read_labels(tmp_path / "beyond.png")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"<html>"])
def test_a_file_that_is_no_image_is_an_error(tmp_path: Path, content: bytes):
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(DatasetError, match="not a readable label image"):
        read_labels(tmp_path / "x.png")


def test_a_image_cut_short_at_any_byte_is_an_error(tmp_path: Path):
    write_labels(tmp_path / "whole.png", np.arange(64, dtype=np.uint8).reshape(8, 8), dataset("voc").label_set.palette)
    whole = (tmp_path / "whole.png").read_bytes()
    image_data = whole.index(b"IDAT") + 4
    for end in range(0, image_data + 8, 7):
        (tmp_path / "cut.png").write_bytes(whole[:end])
        with pytest.raises(DatasetError, match="not a readable label image"):
            read_labels(tmp_path / "cut.png")


@pytest.mark.voc
def test_the_official_voc_lists_have_the_published_lengths():
    for split, count in {"train": 1464, "val": 1449, "trainval": 2913}.items():
        assert len(voc.samples(VOC_ROOT, split)) == count
    assert open_split("voc", VOC_ROOT, "val", strict=True).notes == ()


@pytest.mark.voc
def test_a_voc_mask_read_by_index_holds_classes_and_void_only():
    split = open_split("voc", VOC_ROOT, "val", limit=20)
    values = {int(value) for picture in split.samples for value in np.unique(split.layout.ground_truth(picture))}
    assert values <= set(range(21)) | {255}
    assert {0, 255} < values


@pytest.mark.voc
def test_the_cut_of_voc_has_five_images_and_only_present_finds_them():
    present = [path.stem for path in sorted((VOC_ROOT / "VOCdevkit" / "VOC2012" / "JPEGImages").glob("*.jpg"))]
    split = open_split("voc", VOC_ROOT, "val", needs=("image", "labels"), only_present=True)
    names = [picture.name for picture in split.samples]
    assert names == [name for name in names if name in present]
    assert names
    for picture in split.samples:
        assert read_image(picture.image).shape[:2] == split.layout.ground_truth(picture).shape
