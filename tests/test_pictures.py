"""Reading pictures: against Pillow and FFmpeg as independent readers."""

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from picture_files import MORE, RGB, coded, is_as_pillow_sees_it, kinds, made, pillow_bgra, said, said_of
from PIL import Image, ImageCms, ImageOps

from rtdiff.errors import SettingsError
from rtdiff.sources.picture import PictureSource, read_picture, read_picture_bytes

SUITE = Path(__file__).resolve().parents[2] / "shared" / "data" / "pngsuite"
VALID = [path.name for path in sorted(SUITE.glob("*.png")) if not path.name.startswith("x")]
CORRUPT = [path.name for path in sorted(SUITE.glob("x*.png"))]


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
        opaque = 1 if coded_frame.format.name[:4] == "gray" else 3
        assert len(frame.planes) == (6 if (a < 65535).any() else opaque)
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


MODES = {
    "PNG": ("1", "L", "P", "RGB", "RGBA", "LA"),
    "TIFF": ("1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr"),
    "BMP": ("1", "L", "P", "RGB"),
    "GIF": ("1", "L", "P"),
    "JPEG": ("L", "RGB", "CMYK"),
    **dict.fromkeys(("WEBP", "AVIF"), ("RGB", "RGBA")),
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
    bgra = np.random.default_rng(3).integers(0, 65536, (9, 11, 4)).astype(np.uint16)
    c, a = bgra[..., :3].astype(np.int64), bgra[..., 3:].astype(np.int64)
    white = ((c * a + 65535 * (65535 - a) + 32767) // 65535).astype(np.uint16)
    expected = white if channels == 4 else np.ascontiguousarray(bgra[..., :3])
    frame = read_picture_bytes(cv2.imencode(kind, bgra[..., :channels])[1].tobytes(), "a")
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


@pytest.mark.parametrize("largest", [1, 15, 100, 1023, 4095])
@pytest.mark.parametrize("text", [True, False])
def test_samples_of_an_odd_depth_fill_the_range(largest: int, text: bool) -> None:
    ramp = np.linspace(0, largest, 24).round().astype(int).reshape(4, 6)
    levels = b"".join(b"%d\n" % level for level in ramp.ravel())
    body = levels if text else ramp.astype(">u2" if largest > 255 else "u1").tobytes()
    frame = read_picture_bytes(b"P%d # comment\n6 4\n%d\n" % (2 if text else 5, largest) + body, "a")
    assert np.abs(frame.luma - ramp * (frame.data_range / largest)).max() <= (1 if text else 0.5)
    if largest > 255 and not text:
        deep = cv2.merge([ramp.astype(np.uint16)] * 3)
        how = [cv2.IMWRITE_AVIF_DEPTH, largest.bit_length(), cv2.IMWRITE_AVIF_QUALITY, 100]
        frame = read_picture_bytes(cv2.imencode(".avif", deep, how)[1].tobytes(), "a")
        assert np.abs(frame.luma - ramp * (65535 / largest)).max() < 100
        assert kinds(frame) == ["depth"]


@pytest.mark.parametrize("form", ["gray", "gray10le", "gray12le", "gray16le"])
def test_jpeg_2000_of_any_depth_fills_the_range(form: str) -> None:
    encoder: Any = av.CodecContext.create("jpeg2000", "w")
    encoder.width, encoder.height, encoder.time_base, encoder.pix_fmt = 64, 48, Fraction(1), form
    white = av.VideoFrame.from_ndarray(np.full((48, 64), 255, np.uint8), "gray")
    packets = encoder.encode(white.reformat(format=form)) + encoder.encode(None)
    frame = read_picture_bytes(b"".join(map(bytes, packets)), "a")
    assert int(frame.luma.min()) >= frame.data_range * 0.99


@pytest.mark.parametrize(("masks", "planes"), [((), 3), ((0,), 3), ((0xFF000000,), 6)])
def test_bitmaps_keep_their_colours(masks: tuple[int, ...], planes: int) -> None:
    bgrx = np.dstack([np.array(RGB)[::-1, :, ::-1], np.zeros((23, 37), np.uint8)]).tobytes()
    extra = struct.pack(f"<{3 + len(masks)}I", 0xFF0000, 0xFF00, 0xFF, *masks)
    info = struct.pack("<IiiHHIIiiII", 56 if masks else 40, 37, 23, 1, 32, 3, len(bgrx), 0, 0, 0, 0) + extra
    frame = read_picture_bytes(b"BM" + struct.pack("<III", 0, 0, 14 + len(info)) + info + bgrx, "a.bmp")
    os2 = read_picture_bytes(b"BM" + struct.pack("<IIIIHHHH", 30, 0, 26, 12, 1, 1, 1, 24) + b"\1\2\3\0", "a")
    assert os2.picture().tolist() == [[[1, 2, 3]]], "30 bytes are a whole file"
    assert np.array_equal(frame.picture(), np.array(RGB)[..., ::-1]) == (len(frame.planes) == 3)
    assert len(frame.planes) == planes


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


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_the_first_of_several_is_read_and_told(kind: str) -> None:
    data = coded(RGB, kind, **MORE, **({"lossless": True} if kind == "WEBP" else {}))
    frame = read_picture_bytes(data, "a")
    assert [(told.before, told.after) for told in frame.corrections] == [("3 frames", "frame 0")]
    assert "--frame chooses, 0 to 2" in frame.corrections[0].detail
    tolerance = 2 if kind == "AVIF" else 0
    is_as_pillow_sees_it(frame, pillow_bgra(data), tolerance)
    third = read_picture_bytes(data, "a", frame=2)
    is_as_pillow_sees_it(third, pillow_bgra(data, 2), tolerance)
    assert third.corrections[0].after == "frame 2"
    assert frame.frames == third.frames == 3
    assert "there is no frame 3, it holds 3 frames, 0 to 2; " in said(data, kind=SettingsError, frame=3)


def test_a_foreign_profile_is_told_and_srgb_is_not() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("PNG", "JPEG", "WEBP", "TIFF"):
        (told,) = read_picture_bytes(coded(RGB, kind, icc_profile=lab), "a").corrections
        assert (told.kind, told.before, told.after) == ("matrix", "Lab identity built-in", "sRGB")
        assert not read_picture_bytes(coded(RGB, kind, icc_profile=srgb), "a").corrections
        (told,) = read_picture_bytes(coded(RGB, kind, icc_profile=b"\xff" * 200), "a").corrections
        assert told.before == "unnamed"
