"""Data of one's own: how images and label images meet, what label images may be, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.data.class_files import read_color_map, read_names, read_palette
from converter.data.datasets import narrow
from converter.data.datasets.own import OwnFiles, OwnTruth, open_own
from converter.data.datasets.split import Sample
from converter.data.label_sets import numbered_classes
from converter.data.labels import write_labels
from converter.errors import DatasetError

GRAY = np.array([[0, 1], [2, 255]], np.uint8)
COLORS = ((5, 20, 20), (255, 20, 20), (9, 9, 200))


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def pairs(files: OwnFiles) -> list[tuple[str, str, str]]:
    split = open_own(files, numbered_classes(3), OwnTruth(3))
    return [(sample.name, sample.image.name, sample.labels.name) for sample in split.samples]


def test_two_folders_are_paired_by_name_through_their_subfolders(tmp_path: Path):
    touch(tmp_path / "i", "b.jpg", "sub/a.PNG", "notes.txt", ".hidden/x.png")
    touch(tmp_path / "l", "b.png", "sub/a.png")
    found = pairs(OwnFiles(str(tmp_path / "i"), str(tmp_path / "l")))
    assert found == [("b", "b.jpg", "b.png"), ("sub/a", "a.PNG", "a.png")]


def test_an_image_without_labels_is_named_or_left_out(tmp_path: Path):
    touch(tmp_path / "i", "a.jpg", "b.jpg")
    touch(tmp_path / "l", "b.png", "c.png")
    split = open_own(OwnFiles(str(tmp_path / "i"), str(tmp_path / "l")), numbered_classes(3), OwnTruth(3))
    with pytest.raises(DatasetError, match=r"2 of 3 images of .*i lack a file: .*l/a\.png, .*i/c\.png"):
        narrow(split, ("image", "labels"))
    assert [sample.name for sample in narrow(split, ("image", "labels"), only_present=True).samples] == ["b"]


def test_two_lists_are_paired_line_by_line_and_may_have_spaces(tmp_path: Path):
    touch(tmp_path, "x/one shot.jpg", "x/two.jpg", "y/1.png", "y/2.png")
    (tmp_path / "i.txt").write_text("x/two.jpg\n\nx/one shot.jpg\n")
    (tmp_path / "l.txt").write_text(f"{tmp_path}/y/1.png\n{tmp_path}/y/2.png\n")
    found = pairs(OwnFiles(str(tmp_path / "i.txt"), label_list=str(tmp_path / "l.txt")))
    assert found == [("two", "two.jpg", "1.png"), ("one shot", "one shot.jpg", "2.png")]


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (["a.jpg"], ["b.png"], "no name stands in both"),
        (["a.jpg", "a.png"], ["a.png"], "1 names are there twice: a; rename one"),
        ([], ["a.png"], r"nothing here; expected \.png \.jpg"),
    ],
)
def test_folders_that_do_not_pair_are_refused(tmp_path: Path, images: list[str], labels: list[str], said: str):
    for folder, names in (("i", images), ("l", labels)):
        (tmp_path / folder).mkdir()
        touch(tmp_path / folder, *names)
    with pytest.raises(DatasetError, match=said):
        pairs(OwnFiles(str(tmp_path / "i"), str(tmp_path / "l")))


def test_lists_of_different_lengths_and_places_that_are_not_there_are_refused(tmp_path: Path):
    (tmp_path / "i.txt").write_text("a.jpg\nb.jpg\n")
    (tmp_path / "l.txt").write_text("a.png\n")
    with pytest.raises(DatasetError, match=r"1 label images for 2 images in .*i\.txt; pair the lists line by line"):
        pairs(OwnFiles(str(tmp_path / "i.txt"), label_list=str(tmp_path / "l.txt")))
    with pytest.raises(DatasetError, match="no folder, and no list that reads"):
        pairs(OwnFiles(str(tmp_path / "none"), str(tmp_path)))


def read(path: Path, *given, **more) -> list[list[int]]:
    return OwnTruth(*given, **more)(Sample("a", path, path)).tolist()


def test_gray_palette_and_colored_label_images_say_the_same(tmp_path: Path):
    write_labels(tmp_path / "gray.png", GRAY)
    write_labels(tmp_path / "palette.png", GRAY, COLORS)
    colored = np.array([*COLORS, (0, 0, 0)], np.uint8)[np.array([[0, 1], [2, 3]])]
    Image.fromarray(colored).save(tmp_path / "colored.png")
    Image.fromarray(colored).quantize(4).save(tmp_path / "few.png")  # colors in a table of another order
    for name in ("gray.png", "palette.png"):
        assert read(tmp_path / name, 3) == GRAY.tolist()
    for name in ("colored.png", "few.png"):
        assert read(tmp_path / name, 3, COLORS) == GRAY.tolist()


def test_values_to_ignore_become_void_and_no_others(tmp_path: Path):
    write_labels(tmp_path / "a.png", GRAY)
    assert read(tmp_path / "a.png", 2, ignore=(2, 255)) == [[0, 1], [255, 255]]
    assert read(tmp_path / "a.png", 3, ignore=(0, 255)) == [[255, 1], [2, 255]]
    with pytest.raises(
        DatasetError, match="label 255 in 1 pixels, the first at row 1, column 1; expected 0 to 2, or 7"
    ):
        read(tmp_path / "a.png", 3, ignore=(7,))


def test_a_class_beyond_the_range_is_told_with_file_value_count_and_place(tmp_path: Path):
    labels = np.zeros((9, 8), np.uint8)
    labels[4, 5:7] = 6
    labels[8, 0] = 5
    write_labels(tmp_path / "a.png", labels)
    with pytest.raises(DatasetError) as caught:
        read(tmp_path / "a.png", 3)
    assert str(caught.value) == (
        f"{tmp_path / 'a.png'}: label 6 in 2 pixels, the first at row 4, column 5; "
        "expected 0 to 2, or 255 for pixels that do not count"
    )


def test_a_color_of_no_class_is_told_with_its_place(tmp_path: Path):
    Image.fromarray(np.array([[COLORS[0], (1, 2, 3)]], np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(DatasetError, match=r"color \(1, 2, 3\) .* 1 pixels, the first at row 0, column 1"):
        read(tmp_path / "a.png", 3, COLORS)


def test_files_of_classes_are_read(tmp_path: Path):
    (tmp_path / "names").write_text("sky\n# a remark\n\ntraffic light\n")
    (tmp_path / "palette").write_text("1 2 3\n255 0 9\n")
    (tmp_path / "map").write_text("128 64 128\troad\n0 0 0 traffic light\n")
    assert read_names(tmp_path / "names") == ("sky", "traffic light")
    assert read_palette(tmp_path / "palette") == ((1, 2, 3), (255, 0, 9))
    assert read_color_map(tmp_path / "map") == (((128, 64, 128), (0, 0, 0)), ("road", "traffic light"))


@pytest.mark.parametrize(
    ("reader", "text", "said"),
    [
        (read_palette, "1 2 3\n1 2\n", r"file:2: '1 2'; expected 'r g b' a line"),
        (read_palette, "1 2 256\n", "'1 2 256'; expected"),
        (read_color_map, "1 2 3\n", "'1 2 3'; expected 'r g b name'"),
        (read_color_map, "1 2 3 a\n1 2 3 b\n", r"color \(1, 2, 3\) is there twice"),
        (read_names, "\n", "0 classes; expected 1 to 255"),
    ],
)
def test_files_of_classes_that_do_not_read_are_refused_with_their_line(tmp_path: Path, reader, text: str, said: str):
    (tmp_path / "file").write_text(text)
    with pytest.raises(DatasetError, match=said):
        reader(tmp_path / "file")


def test_images_alone_and_label_images_alone_are_a_split_and_nothing_is_none(tmp_path: Path):
    """`features` and `predict` need no labels, `score` no images."""
    touch(tmp_path / "i", "a.jpg")
    touch(tmp_path / "l", "b.png")
    assert pairs(OwnFiles(images=str(tmp_path / "i"))) == [("a", "a.jpg", "a.jpg")]
    assert pairs(OwnFiles(images="", labels_dir=str(tmp_path / "l"))) == [("b", "b.png", "b.png")]
    with pytest.raises(DatasetError, match="no data; give --images DIR"):
        open_own(OwnFiles(images=""), numbered_classes(3), OwnTruth(3))
