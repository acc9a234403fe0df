"""Python's face: what it takes, what it refuses and how, what it writes, how results travel and show."""

import copy
import html.parser
import json
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest
from PIL import Image

import rtdiff
from rtdiff.cli import main
from rtdiff.given import file_of

SCHEMAS = Path(rtdiff.__file__).parent / "reports" / "schemas"
SCENE = "synthetic://static?size=96x64&frames=120"


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    base = cv2.resize(
        np.random.default_rng(2).integers(0, 256, (9, 12, 3), dtype=np.uint8),
        (120, 90),
        interpolation=cv2.INTER_CUBIC,
    )
    other = base.copy()
    other[30:45, 50:75] = 255 - other[30:45, 50:75]
    return base, other


@pytest.fixture
def files(pair: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "a.png", tmp_path / "b.png"
    for path, picture in zip(paths, pair, strict=True):
        cv2.imwrite(str(path), picture)
    return paths


class OnDisk:
    """A path-like that is no Path."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


WAYS: dict[str, Callable[[Path, np.ndarray], Any]] = {
    "text": lambda path, array: str(path),
    "path-like": lambda path, array: OnDisk(path),
    "bytes": lambda path, array: path.read_bytes(),
    "bytearray": lambda path, array: bytearray(path.read_bytes()),
    "read-only": lambda path, array: np.frombuffer(array.tobytes(), np.uint8).reshape(array.shape),
    "strided": lambda path, array: np.repeat(np.repeat(array, 2, 0), 3, 1)[::2, ::3],
    "negative strides": lambda path, array: np.ascontiguousarray(array[::-1, :, ::-1])[::-1, :, ::-1],
    "Fortran order": lambda path, array: np.asfortranarray(array),
    "opaque": lambda path, array: np.dstack((array, np.full(array.shape[:2], 255, np.uint8))),
    "RGB": lambda path, array: Image.open(path),
    "RGBA": lambda path, array: Image.open(path).convert("RGBA"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_is_the_same_however_it_is_given(
    way: str, pair: tuple[np.ndarray, np.ndarray], files: tuple[Path, Path]
) -> None:
    expected = rtdiff.compare(*pair)
    given = [WAYS[way](path, array) for path, array in zip(files, pair, strict=True)]
    for diff in (
        rtdiff.compare(*given),
        rtdiff.compare(pair[0], given[1]),
        rtdiff.compare(given[0], pair[1]),
    ):
        assert diff.score == expected.score
        assert [box.xyxy for box in diff.boxes] == [box.xyxy for box in expected.boxes] == [(50, 30, 75, 45)]
        assert not [c for c in diff.corrections if c.kind != "alpha"]
    assert rtdiff.compare(pair[0], given[0]).same
    with rtdiff.Differ(reference=given[0]) as differ:
        assert [box.xyxy for box in differ(given[1]).boxes] == [(50, 30, 75, 45)]


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I;16"])
def test_images_of_pillow_are_taken_as_they_look(mode: str, tmp_path: Path) -> None:
    base = np.zeros((40, 60, 3), np.uint8)
    base[:, :, 0], base[10:30, 10:50] = np.arange(60) * 4, (20, 90, 200)  # R, G, B
    image = Image.fromarray(base)
    image = image.convert("L").convert("I").convert("I;16") if mode == "I;16" else image.convert(mode)
    seen = image if mode == "I;16" else image.convert("RGBA" if "A" in mode else "RGB")
    seen.save(tmp_path / "seen.png")
    diff = rtdiff.compare(tmp_path / "seen.png", image, strict=True)
    assert diff.same, diff.reasons


def test_sixteen_bits_need_their_depth(pair: tuple[np.ndarray, np.ndarray]) -> None:
    ten, other = (array.astype(np.uint16) * 4 for array in pair)
    diff = rtdiff.compare(ten, other, data_range=1023)
    assert [box.xyxy for box in diff.boxes] == [(50, 30, 75, 45)]
    with rtdiff.Differ(reference=ten, data_range=1023) as differ:
        assert not differ(other).same
    for data_range in (None, 255, 512, 0, -1, 65536, "1023", 7.5):
        with pytest.raises(rtdiff.SettingsError, match="data_range"):
            rtdiff.compare(ten, other, data_range=data_range)
    with pytest.raises(rtdiff.SettingsError, match="data_range 1023 does not fit"):
        rtdiff.compare(*pair, data_range=1023)


@pytest.mark.parametrize("kind", [bool, np.uint8])
def test_a_mask_may_be_an_array(kind: type, pair: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    mask = np.ones((90, 120), kind)
    assert not rtdiff.compare(*pair, mask=mask).same
    mask[30:45, 50:75] = 0
    masked = rtdiff.compare(*pair, mask=mask)
    assert masked.same
    cv2.imwrite(str(tmp_path / "mask.png"), mask.astype(np.uint8) * 255)
    assert masked.score == rtdiff.compare(*pair, mask=tmp_path / "mask.png").score
    with rtdiff.Differ(reference=pair[0], mask=mask, ignore_region="0:0-5:5") as differ:
        assert differ(pair[1]).same
    for wrong in (mask[:, :, None], mask[:50], mask.astype(np.float32), mask * 0):
        with pytest.raises(rtdiff.SettingsError, match="mask") as caught:
            rtdiff.compare(*pair, mask=wrong)
        assert "\n" not in str(caught.value)


def array() -> np.ndarray:
    return np.full((20, 30), 7, np.uint8)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: rtdiff.compare(array(), None), "test: a NoneType is not a picture"),
        (lambda: rtdiff.compare(3, array()), "reference: a int is not a picture"),
        (lambda: rtdiff.compare(array(), ""), "test: its name is empty"),
        (lambda: rtdiff.compare(array(), b""), "test: is empty"),
        (lambda: rtdiff.compare(array(), b"GIF89a"), "test: the GIF file"),
        (lambda: rtdiff.compare(array(), array() / 255), "test: samples are float64"),
        (lambda: rtdiff.compare(array(), array().astype(np.int16)), "test: samples are int16"),
        (lambda: rtdiff.compare(array(), array() * 1j), "test: samples are complex128"),
        (lambda: rtdiff.compare(array(), np.array(["a"])), "test: samples are <U1"),
        (lambda: rtdiff.compare(array(), np.zeros((4, 4, 2), np.uint8)), "test: shape (4, 4, 2)"),
        (lambda: rtdiff.compare(array(), np.zeros(4, np.uint8)), "test: shape (4,)"),
        (lambda: rtdiff.compare(array(), np.zeros((0, 4), np.uint8)), "test: shape (0, 4) holds no pixel"),
        (lambda: rtdiff.compare(array(), [[1, 2], [3, 4]]), "test: a list is not a picture"),
        (lambda: rtdiff.compare(".", "."), "is a folder"),
        (lambda: rtdiff.compare(array(), array(), treshold=3), "did you mean 'threshold'"),
        (lambda: rtdiff.compare(array(), array(), **{"max-area": 3}), "max-area"),
        (lambda: rtdiff.compare(array(), array(), zzz=3), "in snake_case"),
        (lambda: rtdiff.compare(array(), array(), server=True), "server: belongs to the command"),
        (lambda: rtdiff.compare(array(), array(), update=True), "update: belongs to the command"),
        (lambda: rtdiff.compare(array(), array(), output="x.xyz"), ".png"),
        (lambda: rtdiff.compare(array(), array(), json="no/where.json"), "does not exist"),
        (lambda: rtdiff.Differ(reference=None), "reference: a NoneType is not a picture"),
        (lambda: rtdiff.Differ(reference=array(), fps=0), "fps: must be"),
        (lambda: rtdiff.Differ(reference=array(), fps=float("nan")), "fps: must be"),
        (lambda: rtdiff.Differ(reference=array(), log="x.jsonl"), "log: belongs to the command"),
        (lambda: rtdiff.Differ(reference=array())(None), "frame: a NoneType is not a picture"),
        (lambda: rtdiff.open_source(None), "source: must be a path or an address, not a NoneType"),
        (lambda: rtdiff.open_source(array()), "source: must be a path or an address, not a ndarray"),
        (lambda: rtdiff.open_source(0), "source: must be a path or an address, not a int"),
        (lambda: rtdiff.watch(None), "source"),
        (lambda: rtdiff.watch(array()), "source: must be a file"),
        (lambda: rtdiff.watch(SCENE, reference=array()), "reference: must be a picture, first"),
        (lambda: rtdiff.watch(SCENE, treshold=3), "did you mean 'threshold'"),
    ],
)
def test_what_is_refused_is_refused_in_one_line(call: Callable[[], Any], told: str) -> None:
    with pytest.raises(rtdiff.RtdiffError) as caught:
        call()
    text = str(caught.value)
    assert told in text
    assert "\n" not in text
    assert "--help" not in text
    assert "ambiguous" not in text


def test_an_array_is_no_value_of_any_option() -> None:
    from rtdiff.config import CompareConfig, WatchConfig

    for model, call in ((CompareConfig, rtdiff.compare), (WatchConfig, rtdiff.Differ)):
        for option in model.options.values():
            if option.name in ("reference", "test", "source", "mask", "fps"):
                continue
            with pytest.raises(rtdiff.SettingsError) as caught:
                call(*[array()] * (2 if call is rtdiff.compare else 1), **{option.name: array()})
            assert str(caught.value).startswith(option.key.replace("-", "_")), option.name
            assert "\n" not in str(caught.value)
            assert "ambiguous" not in str(caught.value)


def test_results_are_written_as_by_the_command(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--threshold", "5", "--engine", "numpy", "--layout", "side"]
    assert (
        main([*map(str, files), *words, "-o", str(tmp_path / "c.png"), "--json", str(tmp_path / "c.json")])
        == 1
    )
    out = OnDisk(tmp_path / "p.png")
    diff = rtdiff.compare(
        *files, threshold=5, engine="numpy", layout="side", output=out, json=tmp_path / "p.json"
    )
    assert (tmp_path / "p.png").read_bytes() == (tmp_path / "c.png").read_bytes()
    made = json.loads((tmp_path / "p.json").read_text())
    assert made == json.loads((tmp_path / "c.json").read_text())
    assert made["score"] == diff.score
    rtdiff.compare(
        cv2.imread(str(files[0])), files[1], json_file=tmp_path / "q.json", output=tmp_path / "q.html"
    )
    made = json.loads((tmp_path / "q.json").read_text())
    jsonschema.validate(made, json.loads((SCHEMAS / "compare.json").read_text()))
    assert made["reference"] == {"path": "reference", "size_wh": [120, 90], "frames": 1}
    assert "<html" in (tmp_path / "q.html").read_text(encoding="utf-8")
    capsys.readouterr()
    with pytest.raises(rtdiff.SettingsError, match="input"):
        rtdiff.compare(*files, output=files[1])


def test_fail_under_alone_decides(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert rtdiff.compare(*pair).reasons == ("boxes",)
    assert rtdiff.compare(*pair, fail_under=0.5).same
    assert rtdiff.compare(*pair, fail_under=0.5).boxes
    assert rtdiff.compare(*pair, fail_under="99dB").reasons == ("boxes", "fail_under")


def test_a_watch_writes_what_it_is_asked_to(tmp_path: Path) -> None:
    log, video, summary = tmp_path / "log.jsonl", tmp_path / "out.mp4", OnDisk(tmp_path / "watch.json")
    source = SCENE.replace("static", "shelf")
    events = list(rtdiff.watch(source, reference="first", log=log, output=video, json=summary))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["id"] for line in lines] == [event.id for event in events]
    made = json.loads((tmp_path / "watch.json").read_text())
    jsonschema.validate(made, json.loads((SCHEMAS / "watch.json").read_text()))
    assert made["source"]["frames"] == 120
    with rtdiff.open_source(video) as frames:
        assert sum(1 for _ in frames) == 120


def test_a_watch_that_is_left_closes_what_it_wrote(files: tuple[Path, Path], tmp_path: Path) -> None:
    options = {"on_delay": 0, "on_frames": 1, "min_area": "1px", "raise_at": 0.001, "engine": "numpy"}
    cv2.imwrite(str(tmp_path / "0.png"), cv2.imread(str(files[0])))
    (tmp_path / "frames").mkdir()
    for number in range(8):
        cv2.imwrite(str(tmp_path / f"frames/{number}.png"), cv2.imread(str(files[number > 2])))
    events = rtdiff.watch(
        tmp_path / "frames",
        reference=tmp_path / "0.png",
        log=tmp_path / "log",
        output=tmp_path / "v.mp4",
        json=tmp_path / "j",
        **options,
    )
    for event in events:
        if event.kind == "alarm_raised":
            break
    events.close()
    assert "alarm_raised" in (tmp_path / "log").read_text()
    assert json.loads((tmp_path / "j").read_text())["alarms"] == 1
    assert (
        sum(1 for _ in rtdiff.open_source(tmp_path / "v.mp4"))
        == json.loads((tmp_path / "j").read_text())["source"]["frames"]
    )


def _compared(paths: tuple[str, str]) -> rtdiff.Diff:
    return rtdiff.compare(*paths, metric="ssim,psnr")


def test_a_result_travels_between_processes(files: tuple[Path, Path]) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        (there,) = pool.map(_compared, [tuple(map(str, files))])
    here = _compared(files)
    for diff in (there, pickle.loads(pickle.dumps(here)), copy.copy(here), copy.deepcopy(here)):
        assert (diff.score, diff.same, diff.metrics, diff.reasons) == (
            here.score,
            here.same,
            here.metrics,
            here.reasons,
        )
        assert [box.xyxy for box in diff.boxes] == [box.xyxy for box in here.boxes]
        np.testing.assert_array_equal(diff.mask, here.mask)
        np.testing.assert_array_equal(diff.map, here.map)
        np.testing.assert_array_equal(diff.test.picture(), cv2.imread(str(files[1])))
        assert diff._repr_html_() == here._repr_html_()


class Reader(html.parser.HTMLParser):
    """Collects tags, and checks that they close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.images: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attributes if name.startswith("on")]
        if tag == "img":
            self.images.append(dict(attributes)["src"] or "")
        else:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_notebook_shows_verdict_score_and_both_pictures(files: tuple[Path, Path]) -> None:
    evil = files[0].with_name("<script>alert(1).png") if os.name != "nt" else files[0]
    evil.write_bytes(files[0].read_bytes())
    diff = rtdiff.compare(evil, files[1])
    page = Reader(diff._repr_html_())
    assert page.open == []
    assert "script" not in page.tags
    assert len(page.images) == 2
    assert all(source.startswith("data:image/png;base64,") for source in page.images)
    assert "DIFFERENT" in page.text
    assert f"{diff.score:.4f}" in page.text
    assert page.tags.count("g") == 2 * len(diff.boxes)
    assert "SAME" in Reader(rtdiff.compare(files[0], files[0])._repr_html_()).text


def test_public_names_are_there_and_no_others_are_needed() -> None:
    assert set(rtdiff.__all__) <= set(dir(rtdiff))
    for name in rtdiff.__all__:
        assert getattr(rtdiff, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = rtdiff.nothing


def test_a_differ_goes_on_after_reset_and_close(pair: tuple[np.ndarray, np.ndarray]) -> None:
    differ = rtdiff.Differ(reference="first")

    def frames() -> Iterator[Any]:
        for picture in (pair[0], pair[1], pair[0]):
            yield differ(picture.copy())

    assert [diff.same for diff in frames()] == [True, False, True]
    differ.reset()
    assert differ(pair[1]).same
    differ.close()
    differ.close()


def test_results_that_are_kept_hold_no_threads(pair: tuple[np.ndarray, np.ndarray]) -> None:
    before = threading.active_count()
    kept = [rtdiff.compare(*pair, engine="numba", threads=3) for _ in range(3)]
    assert threading.active_count() == before
    assert kept[0].map.shape == pair[0].shape[:2]


@pytest.mark.parametrize("mode", ["I", "F"])
def test_pillow_images_without_a_range_are_refused_not_cut_off(mode: str) -> None:
    with pytest.raises(rtdiff.SettingsError, match=f"mode {mode} does not say its range; give a uint8"):
        rtdiff.compare(Image.new(mode, (20, 20), 30000), Image.new("L", (20, 20)))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I;16"])
def test_a_picture_is_the_same_as_the_file_that_is_made_of_it(mode: str) -> None:
    image = Image.linear_gradient("L").resize((48, 40))
    image = image.convert(mode) if mode != "HSV" else image.convert("RGB").convert("HSV")
    assert rtdiff.compare(image, file_of(image, "shot")).identical


def test_a_file_is_made_of_any_array() -> None:
    deep = np.arange(48 * 40, dtype=np.uint16).reshape(40, 48) * 30
    for array in (deep, deep.astype(">u2"), deep[::-1, ::-1], (deep >> 8).astype(np.uint8), deep > 9000):
        depth = 65535 if array.itemsize == 2 else None
        got = cv2.imdecode(np.frombuffer(file_of(array, "shot", depth), np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(got, array.astype(np.uint8) * 255 if array.dtype == bool else array)
