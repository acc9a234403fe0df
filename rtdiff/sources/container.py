"""Opening a video file or a pipe: no playlist, no network, and one clear line when it fails."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from rtdiff.classes import dataclass
from rtdiff.errors import SourceError, redact
from rtdiff.sources.raw import ENDINGS, HEAD_BYTES, Raw, is_raw, what_to_type

av.logging.set_level(None)  # its threads would write to stderr between our lines

# What holds frames in itself. Not here, on purpose: playlists (hls, concat, dash, imf, sdp), which
# name other files and hosts; image2, which expands patterns; devices; lavfi; tty, which draws any
# text file. The sound formats are here to be told 'no video stream'.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,vvc,h261,h263,obu,av1,"
    "ivf,flv,asf,asf_o,ogg,nut,yuv4mpegpipe,gif,apng,mxf,dv,rm,wtv,ty,nsv,nsp,mjpeg,mjpeg_2000,smjpeg,swf,"
    "vc1,vc1test,cavsvideo,avs,avs2,avs3,dirac,dnxhd,evc,apv,gxf,roq,bink,smk,flic,film_cpk,nuv,pva,r3d,rpl,"
    "vividas,vivo,4xm,kux,lmlm4,dxa,thp,wc3movie,mtv,mv,mvi,moflex,ser,sdr2,fits,jpegxl_anim,mp3,wav,flac,aac,"
    "ac3,eac3,aiff,caf,amr,ape,wv,w64,au"
)

# av 18 refuses a file whose title is not UTF-8 unless told; av 19 never does and has no such option.
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if av.__version__.startswith("18.") else {}

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*", b"\0\0\0\x0cJXL ", b"\xff\x0a")
PIPE_HINT = "pipe a format that needs no seeking: MPEG-TS, Matroska, Y4M"
"""What to do about stdin."""
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"[playlist]", b"v=0")


@dataclass(frozen=True, slots=True)
class Opening:
    """What is opened, and how."""

    uri: str
    """A path (never read as a URL), or ``-`` for stdin."""
    name: str
    """Subject of error messages."""
    threads: int
    """Decoding threads."""
    max_pixels: int
    """Largest picture, also of the probe."""
    raw: Raw | None = None
    """What was typed for a file of bare samples."""


def open_container(opening: Opening) -> InputContainer:
    """Open a file by its path, or stdin.

    Raises
    ------
    SourceError
        It is not there, not readable, empty, cut, a playlist, a picture, or not a video.
    """
    uri, name, raw = opening.uri, opening.name, opening.raw
    options = {"max_pixels": str(opening.max_pixels)}
    limits = {"protocol_whitelist": "file,pipe", "format_whitelist": "rawvideo" if raw else FORMATS}
    limits |= raw.options if raw else {}
    kind = "rawvideo" if raw else None
    # The prefix keeps FFmpeg from taking 'concat:a|b', 'subfile,,:' or 'http://' for a protocol.
    file = sys.stdin.buffer if uri == "-" else f"file:{Path(uri).absolute()}"
    if raw is None and uri != "-" and _is_raw(Path(uri)):
        raise SourceError(f"{name}: raw samples, which do not say their size; {what_to_type(uri)}")
    try:
        container: InputContainer = av.open(
            file, "r", format=kind, options=options, container_options=limits, **_LENIENT
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SourceError(f"{name}: {_reason(uri, error)}") from error
    return container


def choose_stream(container: InputContainer, name: str) -> tuple[VideoStream, int]:
    """Return the stream to show, and among how many it was chosen.

    Cover art and thumbnails do not count; of several streams the one marked as default, else the
    first.

    Raises
    ------
    SourceError
        There is none, or FFmpeg has no decoder for it.
    """
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [s for s in container.streams.video if not s.disposition & still]
    if not streams:
        others = "only cover art" if container.streams.video else "only sound or data"
        raise SourceError(f"{name}: no video stream ({others}); give a video")
    default = [s for s in streams if s.disposition & Disposition.default]
    stream = (default or streams)[0]
    if stream.codec_context is None:
        raise SourceError(f"{name}: unknown codec, FFmpeg has no decoder for it; convert the video first")
    return stream, len(streams)


def fraction(ratio: Any) -> Fraction | None:
    """Return PyAV's ratio as a Fraction: av 18 has Fraction or None, av 19 an AVRational that may be 0."""
    return Fraction(ratio.numerator, ratio.denominator) if ratio else None


def _is_raw(path: Path) -> bool:
    """Return whether a file's name says that it holds bare samples, and its content nothing else."""
    if path.suffix.lower() not in ENDINGS:
        return False
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False  # FFmpeg says why
    return bool(head) and is_raw(head, path.suffix.lower())


def _reason(uri: str, error: Exception) -> str:
    """Say why `uri` could not be opened, and what to do."""
    said = redact(getattr(error, "strerror", None) or error)
    if uri == "-":
        return f"no video arrived ({said}); {PIPE_HINT}"
    try:
        with Path(uri).open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as failed:
        return f"cannot be read ({redact(failed.strerror or failed)}); check the path and its permissions"
    if not head:
        return "the file is empty; record it again"
    if head.lstrip(b"\xef\xbb\xbf \r\n").startswith(_PLAYLISTS):
        return "a playlist, and playlists are not followed; name the video itself"
    if head.startswith(_PICTURES) or head[8:12] == b"WEBP":
        return "a picture, not a video; give it the ending of its format"
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"skip") and not _has_index(Path(uri)):
        return "has no index (moov), the recording was cut off; recover it, or record to MPEG-TS or Matroska"
    if b"\0" not in head and all(byte >= 32 or byte in b"\t\r\n\f\x1b" for byte in head):
        return "text, not a video; check the path"
    return f"not a video that can be read ({said}); check it with another player"


def _has_index(path: Path) -> bool:
    """Return whether an ISO file has a ``moov`` box at its top level."""
    size, at = path.stat().st_size, 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            if head[4:8] == b"moov":
                return at + length <= size
            if length < 8:
                return False
            at += length
    return False
