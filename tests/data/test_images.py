"""Reading images: what is read, and that everything else is one clear error."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from converter.dilatednet import read_image
from converter.errors import ImageError
from tests.places import GOLDENS, VOC_ROOT

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


def saved(folder, name: str, array: np.ndarray, mode: str | None = None, **options):
    picture = Image.fromarray(array)
    (picture.convert(mode) if mode else picture).save(folder / name, **options)
    return folder / name


@pytest.mark.parametrize(
    ("name", "mode", "says"),
    [
        ("gray.png", "L", "grayscale"),
        ("gray.jpg", "L", "grayscale"),
        ("bits.png", "1", "1 bit"),
        ("la.png", "LA", "transparency"),
        ("rgba.png", "RGBA", "RGBA"),
        ("rgba.webp", "RGBA", "RGBA"),
        ("cmyk.jpg", "CMYK", "CMYK"),
        ("cmyk.tiff", "CMYK", "CMYK"),
        ("lab.tiff", "LAB", "mode LAB"),
        ("deep.png", "I;16", "16 bits"),
        ("float.tiff", "F", "floating-point"),
    ],
)
def test_kinds_without_a_plain_meaning_as_rgb_are_refused(tmp_path, name, mode, says):
    array = pixels()
    if mode == "LAB":
        picture = Image.new("LAB", (4, 4))
        picture.save(tmp_path / name)
    elif mode == "I;16":
        saved(tmp_path, name, array[..., 0].astype(np.uint16) * 257)
    elif mode == "F":
        saved(tmp_path, name, array[..., 0].astype(np.float32))
    elif name == "rgba.webp":
        Image.fromarray(np.dstack([array, array[..., :1]])).save(tmp_path / name, lossless=True)
    else:
        saved(tmp_path, name, array, mode)
    with pytest.raises(ImageError, match=says) as caught:
        read_image(tmp_path / name)
    assert caught.value.path == str(tmp_path / name)
    assert "expected 8-bit RGB; convert it first" in str(caught.value)


def test_a_transparent_color_or_palette_entry_is_refused(tmp_path):
    Image.fromarray(pixels()).save(tmp_path / "key.png", transparency=(1, 2, 3))
    indexed = Image.fromarray(pixels()).convert("P")
    indexed.save(tmp_path / "entry.png", transparency=0)
    for name in ("key.png", "entry.png"):
        with pytest.raises(ImageError, match="transparent color"):
            read_image(tmp_path / name)


def png(width: int, height: int, depth: int, color: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_colors_of_16_bits_are_refused_though_the_library_would_cut_them(tmp_path):
    (tmp_path / "deep.png").write_bytes(png(2, 1, 16, 2, b"\0" + bytes(12)))
    (tmp_path / "deep.ppm").write_bytes(b"P6 2 1 65535\n" + bytes(12))
    for name in ("deep.png", "deep.ppm"):
        with Image.open(tmp_path / name) as picture:
            assert picture.mode == "RGB"
        with pytest.raises(ImageError, match="16 bits a channel"):
            read_image(tmp_path / name)


def test_an_animation_is_refused(tmp_path):
    frames = [Image.fromarray(pixels()), Image.fromarray(255 - pixels())]
    frames[0].save(tmp_path / "moves.png", save_all=True, append_images=frames[1:])
    with pytest.raises(ImageError, match="stack of 2 images"):
        read_image(tmp_path / "moves.png")


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
