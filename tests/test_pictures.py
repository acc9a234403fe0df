"""Reading pictures: against Pillow and FFmpeg as independent readers, and whatever users really have."""

import io
import os
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from rtdiff.errors import RtdiffError, SettingsError, SourceError
from rtdiff.records import Frame
from rtdiff.sources.picture import PictureSource, read_picture, read_picture_bytes

SUITE = Path(__file__).resolve().parents[2] / "shared" / "data" / "pngsuite"
VALID = [path.name for path in sorted(SUITE.glob("*.png")) if not path.name.startswith("x")]
CORRUPT = [path.name for path in sorted(SUITE.glob("x*.png"))]
rng = np.random.default_rng(7)
RGB = Image.fromarray(cv2.resize(rng.integers(0, 256, (5, 7, 3)).astype(np.uint8), (37, 23)))
RGBA = Image.fromarray(np.dstack([np.array(RGB), np.tile(np.linspace(0, 255, 37).astype(np.uint8), (23, 1))]))
MORE = {"save_all": True, "append_images": [RGB.rotate(180), ImageOps.mirror(RGB)]}


def coded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def made(mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65536, (23, 37)).astype(np.uint16))
    if mode == "LA":
        return RGBA.convert("LA")
    return RGBA if mode == "RGBA" else RGB.convert(mode)


def kinds(frame: Frame) -> list[str]:
    return [told.kind for told in frame.corrections]


def pillow_bgra(data: bytes, number: int = 0) -> Any:
    with Image.open(io.BytesIO(data)) as picture:
        picture.seek(number)
        return np.array(picture.convert("RGBA"))[..., [2, 1, 0, 3]]


def over(bgra: Any, backdrop: int) -> Any:
    c, a = bgra[..., :3].astype(int), bgra[..., 3:].astype(int)
    return ((c * a + backdrop * (255 - a) + 127) // 255).astype(np.uint8)


def is_as_pillow_sees_it(frame: Frame, bgra: Any, tolerance: int = 0) -> None:
    """Hold a frame of 8 bit against B, G, R, A of Pillow."""
    white, black = over(bgra, 255), over(bgra, 0)
    assert np.abs(frame.picture().astype(int) - white).max() <= tolerance
    six = (bgra[..., 3] < 255).any()
    assert len(frame.planes) in ((6,) if six else (1, 3))
    assert ("alpha" in kinds(frame)) == six
    for first, picture in zip(range(0, len(frame.planes), 3), (white, black), strict=False):
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        assert np.abs(frame.planes[first].astype(int) - gray).max() <= tolerance


def said(data: bytes, name: str = "a.png", kind: type[RtdiffError] = SourceError, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        read_picture_bytes(data, name, **options)
    return one_line(caught.value)


def said_of(path: Path | str, **options: Any) -> str:
    with pytest.raises(SourceError) as caught:
        read_picture(path, **options)
    return one_line(caught.value)


def one_line(error: Exception) -> str:
    text = str(error)
    assert "\n" not in text
    assert "; " in text.split(": ", 1)[1], "says what to do"
    return text


# The PngSuite


@pytest.mark.parametrize("name", VALID)
def test_valid_png_reads_as_pillow_and_ffmpeg_read_it(data: Path, name: str, capfd: Any) -> None:
    path = data / "pngsuite" / name
    frame = read_picture(path)
    # Six letters of a name tell what is in it: colour type at 3, depth at 6.
    sixteen = frame.luma.dtype == np.uint16
    assert sixteen == name.endswith("16.png")
    assert frame.data_range == (65535 if sixteen else 255)
    assert (frame.color_range, frame.matrix, frame.time_ns, frame.index) == ("full", "bt601", 0, 0)
    if not sixteen:
        bgra = pillow_bgra(path.read_bytes())
        if name == "tbbn0g04.png":  # Pillow looks for the 4 bit value, 15, among samples scaled to 8 bit
            bgra[..., 3] = np.where(bgra[..., 0] == 255, 0, 255)
        is_as_pillow_sees_it(frame, bgra)
        assert (len(frame.planes) == 1) == (name[4] == "0" and (bgra[..., 3] == 255).all())
    else:
        with av.open(str(path)) as file:
            coded_frame = next(file.decode(video=0))
        deep = coded_frame.to_ndarray(format="rgba64le").astype(np.int64)[..., [2, 1, 0, 3]]
        if name in ("tbwn0g16.png", "tbbn2c16.png", "tbgn2c16.png"):  # FFmpeg leaves this transparency out
            deep[..., 3] = np.where((deep[..., :3] == 65535).all(2), 0, 65535)
        c, a = deep[..., :3], deep[..., 3:]
        white = ((c * a + 65535 * (65535 - a) + 32767) // 65535).astype(np.uint16)
        black = ((c * a + 32767) // 65535).astype(np.uint16)
        assert np.array_equal(frame.luma, cv2.cvtColor(white, cv2.COLOR_BGR2GRAY))
        assert np.array_equal(frame.picture(), np.rint(white / 257).astype(np.uint8))
        assert len(frame.planes) == (
            6 if (a < 65535).any() else 1 if coded_frame.format.name[:4] == "gray" else 3
        )
        if len(frame.planes) == 6:
            assert np.array_equal(frame.planes[3], cv2.cvtColor(black, cv2.COLOR_BGR2GRAY))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", CORRUPT)
def test_corrupt_png_is_refused_in_one_line(data: Path, name: str, capfd: Any) -> None:
    text = said_of(data / "pngsuite" / name)
    assert name in text
    assert capfd.readouterr().err == ""


def test_the_suite_is_whole(data: Path) -> None:
    assert (len(VALID), len(CORRUPT)) == (162, 14)


# Kinds and modes

MODES = {
    "PNG": ("1", "L", "P", "RGB", "RGBA", "LA"),
    "TIFF": ("1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr"),
    "BMP": ("1", "L", "P", "RGB"),
    "GIF": ("1", "L", "P"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "AVIF": ("RGB", "RGBA"),
    "JPEG2000": ("L", "RGB"),
    "PPM": ("1", "L", "RGB"),
}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
def test_every_kind_and_mode_reads_as_pillow_reads_it(kind: str, mode: str) -> None:
    data = coded(made(mode), kind, **({"lossless": True} if kind == "WEBP" else {}))
    frame = read_picture_bytes(data, "a")
    # Ink and subsampled chroma become light by slightly different arithmetic; AVIF has two decoders.
    tolerance = 2 if mode in ("CMYK", "YCbCr") or kind in ("JPEG", "AVIF") else 1 if mode == "RGBA" else 0
    is_as_pillow_sees_it(frame, pillow_bgra(data), tolerance)
    assert ("matrix" in kinds(frame)) == (mode == "CMYK")
    assert frame.size_wh == (37, 23)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_sixteen_bit_gray(compression: str | None) -> None:
    picture = made("I;16")
    for data in (coded(picture, "TIFF", compression=compression), coded(picture, "PNG")):
        frame = read_picture_bytes(data, "a")
        assert np.array_equal(frame.luma, np.array(picture))
        assert (frame.data_range, len(frame.planes)) == (65535, 1)
        assert np.array_equal(frame.picture()[..., 0], np.rint(np.array(picture) / 257))


@pytest.mark.parametrize("kind", [".png", ".tif"])
@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bit_colour(kind: str, channels: int) -> None:
    bgra = rng.integers(0, 65536, (9, 11, 4)).astype(np.uint16)
    data = cv2.imencode(kind, bgra[..., :channels])[1].tobytes()
    c, a = bgra[..., :3].astype(np.int64), bgra[..., 3:].astype(np.int64)
    white = ((c * a + 65535 * (65535 - a) + 32767) // 65535).astype(np.uint16)
    expected = white if channels == 4 else np.ascontiguousarray(bgra[..., :3])
    frame = read_picture_bytes(data, "a")
    assert len(frame.planes) == 3 * (channels - 2)
    assert np.array_equal(frame.luma, cv2.cvtColor(expected, cv2.COLOR_BGR2GRAY))


def test_hidden_colours_of_an_opaque_picture_change_nothing() -> None:
    opaque = RGB.copy()
    opaque.putalpha(255)
    frame = read_picture_bytes(coded(opaque, "PNG"), "a")
    assert (len(frame.planes), frame.corrections) == (3, ())
    clear = np.zeros((4, 4, 4), np.uint8)
    clear[..., 0] = 200  # under full transparency
    frame = read_picture_bytes(coded(Image.fromarray(clear), "PNG"), "a")
    assert [int(plane[0, 0]) for plane in frame.planes] == [255, 128, 128, 0, 128, 128]


def test_float_tiff_is_scaled_or_refused() -> None:
    levels = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6)
    frame = read_picture_bytes(coded(Image.fromarray(levels), "TIFF"), "a.tif")
    assert np.array_equal(frame.luma, np.rint(levels.astype(float) * 65535))
    assert kinds(frame) == ["depth"]
    assert "reach from 0 to 2; " in said(coded(Image.fromarray(levels * 2), "TIFF"))
    levels[1, 1] = np.nan
    assert "NaN" in said(coded(Image.fromarray(levels), "TIFF"))
    assert "signed" in said(coded(Image.fromarray(np.ones((4, 6), np.int32)), "TIFF"))


def test_gray_tiff_with_alpha_says_what_it_leaves_out() -> None:
    frame = read_picture_bytes(coded(made("LA"), "TIFF"), "a.tif")
    assert [told.detail for told in frame.corrections] == ["warning: the transparency was not read"]


# Orientation


def test_the_eight_orientations_of_one_photo_look_alike(data: Path) -> None:
    frames = [read_picture(data / f"exif-orientation/Landscape_{k}.jpg") for k in range(1, 9)]
    for number, frame in enumerate(frames, 1):
        assert frame.size_wh == (1800, 1200)
        difference = np.abs(frame.luma.astype(int) - frames[0].luma)
        assert difference.mean() < 5, "each was compressed anew; a wrong turn gives 70"
        assert [told.before for told in frame.corrections] == ([number] if number > 1 else [])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("way", range(1, 9))
def test_orientation_is_applied_whatever_holds_it(kind: str, way: int) -> None:
    exif = Image.Exif()
    exif[274] = way
    options: dict[str, Any] = {"tiffinfo": {274: way}} if kind == "TIFF" else {"exif": exif.tobytes()}
    data = coded(RGB, kind, **options)
    with Image.open(io.BytesIO(data)) as picture:
        expected = np.array(ImageOps.exif_transpose(picture).convert("RGB"))[..., ::-1]
    frame = read_picture_bytes(data, "a")
    assert np.abs(frame.picture().astype(int) - expected).max() <= (2 if kind in ("JPEG", "AVIF") else 0)
    assert kinds(frame) == (["orientation"] if way > 1 else [])


def test_a_source_knows_its_size_before_decoding(data: Path) -> None:
    with PictureSource(str(data / "exif-orientation/Landscape_6.jpg")) as source:
        assert source.info.size_wh == (1800, 1200)
        (frame,) = source
        assert frame.size_wh == (1800, 1200)
        assert next(iter(source)) is frame


def test_a_broken_exif_block_is_no_reason_to_refuse() -> None:
    exif = Image.Exif()
    exif[274] = 6
    block = bytearray(exif.tobytes())
    for place in (6, 8, 10):  # byte order, version, offset of the directory
        broken = block[:place] + b"??" + block[place + 2 :]
        assert read_picture_bytes(coded(RGB, "JPEG", exif=bytes(broken)), "a").corrections == ()
    assert not read_picture_bytes(coded(RGB, "JPEG", exif=exif.tobytes()[:15]), "a").corrections


# More than one picture in a file


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_the_first_of_several_is_read_and_told(kind: str) -> None:
    data = coded(RGB, kind, **MORE, **({"lossless": True} if kind == "WEBP" else {}))
    frame = read_picture_bytes(data, "a")
    assert [told.detail for told in frame.corrections] == ["frame 1 of 3"]
    tolerance = 2 if kind == "AVIF" else 0
    is_as_pillow_sees_it(frame, pillow_bgra(data), tolerance)
    third = read_picture_bytes(data, "a", frame=2)
    is_as_pillow_sees_it(third, pillow_bgra(data, 2), tolerance)
    assert third.corrections[0].detail == "frame 3 of 3"
    assert "there is no frame 3; give 0 to 2" in said(data, kind=SettingsError, frame=3)


def test_a_still_beside_an_animation_is_called_so() -> None:
    rows = zlib.compress(b"\0" * (3 * 8 + 1) * 8)
    plays, moves = (b"acTL", struct.pack(">II", 2, 0)), (b"fcTL", bytes(26))
    (told,) = read_picture_bytes(png(8, 8, rows, plays), "a").corrections
    assert told.detail == "the still beside 2 frames"
    (told,) = read_picture_bytes(png(8, 8, rows, plays, moves), "a").corrections
    assert told.detail == "frame 1 of 2"


# Profiles


def test_a_foreign_profile_is_told_and_srgb_is_not() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("PNG", "JPEG", "WEBP", "TIFF"):
        (told,) = read_picture_bytes(coded(RGB, kind, icc_profile=lab), "a").corrections
        assert (told.kind, told.after) == ("matrix", "sRGB")
        assert told.before == "Lab identity built-in"
        assert not read_picture_bytes(coded(RGB, kind, icc_profile=srgb), "a").corrections
        (told,) = read_picture_bytes(coded(RGB, kind, icc_profile=b"\xff" * 200), "a").corrections
        assert told.before == "unnamed"


# Damage

WHOLE = {
    "PNG": coded(RGB, "PNG"),
    "APNG": coded(RGB, "PNG", **MORE),
    "JPEG": coded(RGB, "JPEG"),
    "progressive": coded(RGB, "JPEG", progressive=True),
    "thumbnail": b"",
    "WEBP": coded(RGB, "WEBP"),
    "lossless": coded(RGBA, "WEBP", lossless=True),
    "TIFF": coded(RGB, "TIFF"),
    "LZW": coded(RGB.resize((96, 64)), "TIFF", compression="tiff_lzw"),
    "pages": coded(RGB, "TIFF", **MORE).rstrip(b"\0"),  # Pillow fills up the end
    "BMP": coded(RGB, "BMP"),
    "GIF": coded(RGB, "GIF", **MORE),
    "AVIF": coded(RGB, "AVIF"),
    "JPEG2000": coded(RGB, "JPEG2000"),
    "PPM": coded(RGB, "PPM"),
}
_exif = Image.Exif()
_exif[37510] = coded(RGB, "JPEG")  # an end marker in the middle
WHOLE["thumbnail"] = coded(RGB, "JPEG", exif=_exif.tobytes())


@pytest.mark.parametrize("kind", WHOLE)
def test_cut_at_any_byte_is_refused(kind: str, capfd: Any) -> None:
    whole = WHOLE[kind]
    read_picture_bytes(whole, "a")
    step = max(1, len(whole) // 150)
    for length in [*range(0, len(whole), step), len(whole) - 2, len(whole) - 1]:
        said(whole[:length])
    assert capfd.readouterr().err == ""


def test_a_cut_photo_is_refused(data: Path, capfd: Any) -> None:
    assert "cut short" in said_of(data / "scikit-image/src/_skimage2/data/truncated.jpg")
    assert "no end marker" in said(WHOLE["thumbnail"][:-2]), "the one of the thumbnail does not count"
    photo = (data / "exif-orientation/Landscape_3.jpg").read_bytes()
    assert "no end marker" in said(photo[: len(photo) // 2])
    assert capfd.readouterr().err == ""


@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_changed_bytes_give_a_picture_or_one_line(kind: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE[kind])
    for place, value in changes:
        data[place % len(data)] = value
    try:
        frame = read_picture_bytes(bytes(data), "a", max_pixels=10**6)
    except RtdiffError as error:
        one_line(error)
    else:
        assert frame.picture().dtype == np.uint8


def png(width: int, height: int, body: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", body), (b"IEND", b"")]
    parts = [struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_too_little_data_under_right_checksums_is_refused() -> None:
    rows = zlib.compress(b"\0" * (3 * 8 + 1) * 8)
    assert read_picture_bytes(png(8, 8, rows), "a").size_wh == (8, 8)
    said(png(8, 9, rows))


def test_what_libpng_warns_of_is_left_out(capfd: Any) -> None:
    rows = zlib.compress(b"\0" * (3 * 8 + 1) * 8)
    extra = ((b"iCCP", b"x\0\0" + zlib.compress(b"no profile")), (b"tIME", b"?"), (b"hIST", b"?"))
    assert read_picture_bytes(png(8, 8, rows, *extra), "a").size_wh == (8, 8)
    assert capfd.readouterr().err == ""


# Size


def bombs() -> dict[str, bytes]:
    side = 20_000
    wide = struct.pack("<I", side - 1)[:3]
    return {
        "PNG": png(side, side, zlib.compress(b"\0" * 10**6)),
        "JPEG": WHOLE["JPEG"].replace(struct.pack(">HH", 23, 37), struct.pack(">HH", side, side)),
        "GIF": WHOLE["GIF"][:6] + struct.pack("<HH", side, side) + WHOLE["GIF"][10:],
        "BMP": WHOLE["BMP"][:18] + struct.pack("<ii", side, -side) + WHOLE["BMP"][26:],
        "WebP": b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + wide + wide + b"\0\0\0\0",
        "PNM": b"P6 # a comment\n20000 20000 255\n",
        "TIFF": WHOLE["TIFF"].replace(
            struct.pack("<HHIHH", 256, 4, 1, 37, 0), struct.pack("<HHII", 256, 4, 1, side**2)
        ),
        "AVIF": WHOLE["AVIF"].replace(struct.pack(">II", 37, 23), struct.pack(">II", side, side)),
        "JPEG 2000": WHOLE["JPEG2000"].replace(struct.pack(">II", 23, 37), struct.pack(">II", side, side)),
    }


@pytest.mark.parametrize("kind", bombs())
def test_a_bomb_is_refused_by_its_header(kind: str) -> None:
    assert "pixels are more than the 200000000 allowed; " in said(bombs()[kind])


def test_a_bomb_is_never_decoded() -> None:
    data = bombs()["PNG"]
    begun = time.process_time()
    said(data)
    assert time.process_time() - begun < 1, "decoding takes six seconds and two gigabytes"


def test_the_cap_is_a_setting() -> None:
    data = coded(RGB, "PNG")
    assert "37x23 pixels are more than the 850 allowed; " in said(data, max_pixels=850)
    assert read_picture_bytes(data, "a", max_pixels=851).size_wh == (37, 23)
    assert "0x5 pixels" in said(png(0, 5, b""))


def test_long_and_small_pictures() -> None:
    line = Image.new("RGB", (65_500, 1), (1, 2, 3))
    for kind in ("PNG", "JPEG", "TIFF", "BMP"):
        assert read_picture_bytes(coded(line, kind), "a").size_wh == (65_500, 1)
        assert read_picture_bytes(coded(line.crop((0, 0, 1, 1)), kind), "a").size_wh == (1, 1)


def test_opencv_is_capped_before_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    RGB.save(path)
    code = (
        "import os, sys; from rtdiff.sources.picture import read_picture; assert 'cv2' not in sys.modules;"
        f"read_picture({str(path)!r}); print(os.environ['OPENCV_IO_MAX_IMAGE_PIXELS'])"
    )
    for wanted in (None, "5"):
        env = {k: v for k, v in os.environ.items() if k != "OPENCV_IO_MAX_IMAGE_PIXELS"}
        env |= {"OPENCV_IO_MAX_IMAGE_PIXELS": wanted} if wanted else {}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
        if wanted is None:
            assert done.stdout.strip() == "200000000"
        else:
            assert "a.png: more pixels than OpenCV was started with; set OPENCV_IO" in done.stderr


# What a name may lead to


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; "),
        (b"<!DOCTYPE html><html>404</html>", "is an HTML page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is SVG; render it"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "is SVG; render it"),
        (b"just some words\n", "is text, not a picture; "),
        (b"\x89PNG\n\x1a\n" + bytes(50), "has a damaged PNG signature; copy it again, not as text"),
        (bytes(range(200)), "is not a picture; give PNG, JPEG, "),
        (b"%PDF-1.7", "is a PDF, which is not read; "),
        (b"\0\0\0\x18ftypheic", "is HEIC, which is not read; convert it to PNG"),
    ],
)
def test_what_is_no_picture_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert f"a.png: {words}" in said_of(path)


def test_content_decides_and_not_the_ending(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(coded(RGB, "PNG"))
    assert np.array_equal(read_picture(tmp_path / "a.jpg").picture(), np.array(RGB)[..., ::-1])


@pytest.mark.skipif(sys.platform == "win32", reason="such names and files do not exist there")
def test_strange_names_and_files(tmp_path: Path) -> None:
    strange = tmp_path / "a\nb.png"
    strange.write_bytes(coded(RGB, "PNG"))
    assert "\n" not in read_picture(strange).source
    strange.write_bytes(b"")
    assert "a b.png: is empty" in said_of(strange)
    os.mkfifo(tmp_path / "pipe.png")
    assert "is a named pipe, not a file; " in said_of(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    said_of(tmp_path / "loop.png")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.png")) if len(str(tmp_path)) < 90 else pytest.skip("path too long")
        assert "is a socket" in said_of(tmp_path / "s.png")
    assert "is a device" in said_of("/dev/zero")
    assert "is a folder, not a file; " in said_of(tmp_path)
    (tmp_path / "link.png").symlink_to(strange)
    strange.write_bytes(coded(RGB, "PNG"))
    assert read_picture(tmp_path / "link.png").size_wh == (37, 23)


def test_a_missing_file_comes_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "Golden.png").write_bytes(b"x")
    assert said_of(tmp_path / "golden.pgn").endswith("no such file; did you mean Golden.png?")
    assert said_of(tmp_path / "zebra.tif").endswith("no such file; check the name")
    assert "there is no folder" in said_of(tmp_path / "no" / "golden.png")
    said_of(tmp_path / "Golden.png" / "x.png")
    said_of("a\0b.png")
    said_of("x" * 5000)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(coded(RGB, "PNG"))
    path.chmod(0)
    assert "permission denied; " in said_of(path)


def test_a_file_replaced_while_it_is_read_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    RGB.save(path)
    with PictureSource(str(path)) as source:
        path.write_bytes(b"gone")
        assert np.array_equal(next(iter(source)).picture(), np.array(RGB)[..., ::-1])
    with pytest.raises(SourceError, match="closed"):
        next(iter(source))


def test_credentials_stay_out_of_names() -> None:
    frame = read_picture_bytes(coded(RGB, "PNG"), "http://user:canary@host/a.png")
    assert frame.source == "http://***@host/a.png"
    assert "canary" not in said(b"", "http://user:canary@host/a.png")


def test_what_was_read_can_be_kept() -> None:
    frame = read_picture_bytes(coded(RGBA, "PNG"), "a")
    kept = frame.copy()
    assert len(kept.planes) == 6
    assert kept.corrections == frame.corrections
    checks: list[Callable[[Frame], Any]] = [lambda f: f.picture(), lambda f: f.luma]
    assert all(np.array_equal(check(kept), check(frame)) for check in checks)
