"""Reading images: what is read, and that everything else is one clear error."""

import io
import struct
import subprocess
import sys
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from converter.data.image_kinds import conversion_note, count_conversions
from converter.data.images import FORMATS
from converter.dilatednet import read_image
from converter.errors import ImageError
from tests.places import GOLDENS, ROOT, VOC_ROOT

PICTURE = GOLDENS / "predict" / "pascal_voc_97x61_image.png"


def pixels(height: int = 6, width: int = 9) -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", ["png", "bmp", "ppm", "tiff"])
def test_lossless_color_images_are_read_as_they_are(tmp_path, suffix):
    Image.fromarray(pixels()).save(tmp_path / f"a.{suffix}")
    seen = read_image(tmp_path / f"a.{suffix}")
    assert seen.dtype == np.uint8
    assert np.array_equal(seen, pixels())


def test_an_opaque_palette_image_gives_its_colors(tmp_path):
    picture = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8))
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    picture.save(tmp_path / "p.png")
    assert read_image(tmp_path / "p.png").tolist() == [[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [40, 50, 60]]]


def test_a_image_with_an_orientation_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels()).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "turned.png"), np.rot90(pixels(), -1))


@pytest.mark.voc
def test_real_photographs_are_read_as_opencv_reads_them():
    cv2 = pytest.importorskip("cv2")
    photographs = sorted((VOC_ROOT / "VOCdevkit" / "VOC2012" / "JPEGImages").glob("*.jpg"))
    assert photographs
    for path in photographs[:5]:
        assert np.array_equal(read_image(path), cv2.imread(str(path))[:, :, ::-1])


KINDS = {
    "gray.png": "grayscale",
    "gray.jpg": "grayscale",
    "bits.png": "1-bit",
    "la.png": "grayscale (transparency dropped)",
    "rgba.png": "RGB (transparency dropped)",
    "rgba.webp": "RGB (transparency dropped)",
    "key.png": "RGB (transparency dropped)",
    "entry.png": "palette (transparency dropped)",
    "cmyk.jpg": "CMYK",
    "gray16.png": "16-bit (upper 8 bits kept)",
    "rgb16.png": "16-bit (upper 8 bits kept)",
    "rgb16.ppm": "16-bit (upper 8 bits kept)",
    "gray16.pgm": "16-bit (upper 8 bits kept)",
    "gray16.tiff": "16-bit (upper 8 bits kept)",
}


def write_kind(path) -> None:
    """An image of the kind that the file's name says, of noise."""
    array, name, options = pixels(), path.stem, {}
    wide = np.random.default_rng(5).integers(0, 65536, (6, 9, 3), dtype=np.uint16)
    if path.name == "rgb16.png":
        path.write_bytes(png(9, 6, 16, 2, b"".join(b"\0" + row.astype(">u2").tobytes() for row in wide)))
        return
    if path.suffix in (".ppm", ".pgm"):
        head, values = (b"P6", wide) if path.suffix == ".ppm" else (b"P5", wide[..., 0])
        path.write_bytes(head + b" 9 6 65535\n" + values.astype(">u2").tobytes())
        return
    if name == "gray16":
        picture = Image.fromarray(wide[..., 0])
    elif name == "rgba":
        picture, options = Image.fromarray(np.dstack([array, array[..., :1]])), {"lossless": True}
    elif name in ("key", "entry"):
        picture = Image.fromarray(array)
        picture, options = (picture, {"transparency": (1, 2, 3)}) if name == "key" else (picture.convert("P"), {})
        options = options or {"transparency": 0}
    else:
        picture = Image.fromarray(array).convert({"gray": "L", "bits": "1", "la": "LA", "cmyk": "CMYK"}[name])
    picture.save(path, **options)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_becomes_rgb_as_opencv_reads_it_and_is_counted(tmp_path, name):
    cv2 = pytest.importorskip("cv2")
    write_kind(tmp_path / name)
    kinds = Counter()
    seen, expected = read_image(tmp_path / name, kinds), cv2.imread(str(tmp_path / name), cv2.IMREAD_COLOR)[..., ::-1]
    assert kinds == {KINDS[name]: 1}
    assert seen.shape == expected.shape
    # CMYK: two programs' roundings of one product. PPM: Pillow rounds v × 255 / 65535 where OpenCV cuts v / 256.
    assert np.abs(seen.astype(int) - expected).max() <= {"cmyk.jpg": 2, "rgb16.ppm": 1}.get(name, 0)


def test_an_opaque_color_image_is_counted_as_nothing(tmp_path):
    kinds = Counter()
    for name in ("a.png", "a.jpg"):
        Image.fromarray(pixels()).save(tmp_path / name)
        read_image(tmp_path / name, kinds)
    Image.fromarray(pixels()).convert("P").save(tmp_path / "p.png")
    read_image(tmp_path / "p.png", kinds)
    assert kinds == {}


def test_conversions_are_counted_by_headers_and_told_in_one_line(tmp_path):
    for name in ("gray.png", "gray.jpg", "cmyk.jpg"):
        write_kind(tmp_path / name)
    Image.fromarray(pixels()).save(tmp_path / "plain.png")
    (tmp_path / "broken.png").write_bytes(b"x")
    kinds = count_conversions(sorted(tmp_path.iterdir()), FORMATS)
    note = "images that are not 8-bit RGB become it, as OpenCV reads them: 2 grayscale, 1 CMYK"
    assert conversion_note(kinds) == note
    assert conversion_note(Counter()) == ""


@pytest.mark.parametrize(("name", "says"), [("lab.tiff", "mode LAB"), ("float.tiff", "floating-point")])
def test_kinds_without_a_plain_meaning_as_rgb_are_refused(tmp_path, name, says):
    picture = Image.new("LAB", (4, 4)) if name == "lab.tiff" else Image.fromarray(pixels()[..., 0].astype(np.float32))
    picture.save(tmp_path / name)
    with pytest.raises(ImageError, match=says) as caught:
        read_image(tmp_path / name)
    assert caught.value.path == str(tmp_path / name)


def png(width: int, height: int, depth: int, color: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_of_several_frames_the_first_is_taken(tmp_path):
    frames, kinds = [Image.fromarray(pixels()), Image.fromarray(255 - pixels())], Counter()
    frames[0].save(tmp_path / "moves.png", save_all=True, append_images=frames[1:])
    assert np.array_equal(read_image(tmp_path / "moves.png", kinds), pixels())
    assert kinds == {"of several frames (the first taken)": 1}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "PPM"])
def test_a_image_cut_at_any_length_is_refused(tmp_path, kind):
    whole = io.BytesIO()
    Image.fromarray(pixels(40, 30)).save(whole, format=kind, **({"lossless": True} if kind == "WEBP" else {}))
    content, path = whole.getvalue(), tmp_path / "cut"
    # The last bytes of some formats mean nothing; the first three quarters of each do.
    for length in range(0, len(content) * 3 // 4, max(1, len(content) // 60)):
        path.write_bytes(content[:length])
        with pytest.raises(ImageError):
            read_image(path)


def test_damaged_images_are_read_or_refused_but_nothing_else(tmp_path):
    content, random, path = PICTURE.read_bytes(), np.random.default_rng(9), tmp_path / "damaged.png"
    refused = 0
    for _ in range(150):
        broken = bytearray(content[:1500])
        broken.extend(content[1500:])
        for place in random.integers(0, len(broken), 3):
            broken[place] = int(random.integers(256))
        path.write_bytes(broken)
        try:
            assert read_image(path).dtype == np.uint8
        except ImageError:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not an image"),
        (b"<!DOCTYPE html><html></html>", "not an image"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "not an image"),
        (png(40_000, 40_000, 8, 2, b""), "pixels"),
    ],
    ids=["empty", "html", "lfs", "postscript", "bomb"],
)
def test_what_is_no_image_or_a_bomb_is_refused(tmp_path, content, says):
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(ImageError, match=says):
        read_image(tmp_path / "x.png")


def test_a_missing_image_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(ImageError, match="no such image"):
        read_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="not a file"):
        read_image(tmp_path)


def test_pillows_own_log_lines_do_not_stand_beside_our_error(tmp_path):
    """In a process of its own: pytest's handlers would take the line."""
    tags = [(256, 3, 4), (257, 3, 4), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 67), (279, 4, 16)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    path = tmp_path / "many_samples.tif"
    path.write_bytes(b"II*\0" + struct.pack("<I", 24) + bytes(16) + struct.pack("<H", len(tags)) + entries + bytes(4))
    code = "import sys\nfrom converter.data.images import read_image\nread_image(sys.argv[1])"

    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert "ImageError" in done.stderr
    assert "More samples per pixel" not in done.stderr
