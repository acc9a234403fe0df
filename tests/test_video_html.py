"""The page of two videos: whole, safe whatever files are called, small for any length."""

import json
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from test_compare_html import EVIL, Tree, policy_of
from test_worst import pair

from rtdiff.records import Correction
from rtdiff.reports.timeline import embedded, timeline_of
from rtdiff.reports.timeline_svg import lowest_shown
from rtdiff.reports.video_html import video_html
from rtdiff.reports.video_places import Places, few_runs, runs
from rtdiff.reports.video_words import runs_text, why_video
from rtdiff.reports.vmaf_log import VmafLog
from rtdiff.reports.worst_picture import WorstPicture
from rtdiff.video_records import Segment, Side, VideoResult, Worst
from rtdiff.worst import WorstKeeper

STEP = 40_000_000
NONE = {"reference": (), "test": ()}
SETTINGS = {"metric": ["ssim"], "threshold": 6.0, "min-area": 0.0005, "strict": False}
VERSIONS = {"Python": "3.12.1", "FFmpeg": "8.0"}


def side(path: str, frames: int) -> Side:
    return Side(path, (1920, 1080), frames, 25.0, frames * STEP, "h264 yuv420p")


def made(pairs: int = 100, *, bad: tuple[int, ...] = (40, 41, 42, 70), **other) -> VideoResult:
    """Return a result whose pairs `bad` are different, the later the worse."""
    scores = np.full(pairs, 0.99)
    changed = np.zeros(pairs)
    for k, place in enumerate(bad):
        scores[place], changed[place] = 0.9 - 0.1 * k, 0.01 * (k + 1)
    segments = tuple(
        Segment(a, b, a * STEP, b * STEP, 3, float(scores[a:b].min()))
        for a, b in runs(np.array(bad, np.int64))
    )
    worst = int(scores.argmin())
    fields = {
        "reference": side("a/ref.mp4", pairs),
        "test": side("b/test.mp4", pairs),
        "pairs": pairs,
        "reasons": ("boxes",) if bad else (),
        "identical": False,
        "complete": True,
        "error": None,
        "metric": "ssim",
        "score": float(scores.mean()),
        "score_min": float(scores.min()),
        "score_p1": float(np.percentile(scores, 1)),
        "score_p5": float(np.percentile(scores, 5)),
        "metrics": {"ssim": float(scores.mean()), "psnr_db": float("inf")},
        "planes": {"ssim-ffmpeg": {"y": 0.981, "u": 0.99, "v": 0.991, "all": 0.983}},
        "psnr_db": 41.25,
        "psnr_db_mean": float("inf"),
        "psnr_db_min": 33.125,
        "largest": None,
        "worst": Worst(worst, worst, worst, worst * STEP, float(scores[worst])),
        "segments": segments,
        "changed_fraction": float(changed.mean()),
        "boxes": 7,
        "different": len(bad),
        "unpaired": NONE,
        "repeated": NONE,
        "frozen": NONE,
        "corrupt": NONE,
        "offset_ns": 0,
        "offset_confidence": None,
        "rate": None,
        "corrections": (),
        "engine": "numba",
        "noise_levels": 1.2,
        "times_ns": np.arange(pairs) * STEP,
        "scores": scores,
        "changed": changed,
    }
    return VideoResult(**(fields | other))


@pytest.fixture(scope="module")
def pictures() -> tuple[WorstPicture, ...]:
    keeper = WorstKeeper(3, files=False)
    for k in range(100):
        keeper.add(pair(k, {41: 20, 70: 30}.get(k, 0), late=1))
    return keeper.pictures()


def page(result=None, worst=(), **other) -> str:
    return video_html(result or made(), worst, **({"settings": SETTINGS, "versions": VERSIONS} | other))


def data_of(text: str, number: int = 0) -> dict:
    tags = [attributes for _, attributes in Tree(text).tags if "data-video" in attributes]
    return json.loads(
        tags[number]["data-video"], parse_constant=lambda word: pytest.fail(f"{word} is no JSON")
    )


def words_of(text: str) -> str:
    return " ".join(" ".join(t) for tag, t in Tree(text).texts.items() if tag not in ("style", "script"))


def log(frames, scores=None) -> VmafLog:
    frames = np.array(frames, np.int64)
    return VmafLog("vmaf.json", "vmaf", frames, np.full(len(frames), 88.5) if scores is None else scores)


def test_nothing_is_loaded_and_only_this_style_and_script_are_allowed(pictures):
    text = page(worst=pictures, vmaf=log(range(100)), others=[made(bad=())])
    tree, policy = Tree(text), policy_of(text)
    assert policy["default-src"] == ["'none'"]
    assert len(policy["script-src"]) == len(tree.all("script")) == 3
    assert len(policy["style-src"]) == len(tree.all("style")) == 2
    for tag, attributes in tree.tags:
        assert tag not in ("link", "iframe", "object", "embed", "form", "base", "audio", "video")
        for name, value in attributes.items():
            assert not name.startswith("on"), "a handler would be dead under the policy"
            assert name != "style"
            if name in ("src", "href", "srcset", "data", "action"):
                assert value.startswith(("data:image/", "#"))
    assert not re.findall(r"https?://|//[a-z]+\.[a-z]", re.sub(r"data:[^\"]+", "", text))
    assert "innerHTML" not in text
    ids = [attributes["id"] for _, attributes in tree.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in tree.all("a")} <= set(ids)


@pytest.mark.parametrize("name", EVIL)
def test_a_name_is_text_whatever_it_holds(name, pictures):
    def text_of(word: str) -> str:
        result = made(
            reference=replace(side(word, 100), detail=word),
            test=side(word, 100),
            corrections=(Correction("size", "test", word, word, word),),
            engine=word,
            error=word,
            complete=False,
            metric=word,
            metrics={word: 0.5},
        )
        vmaf = VmafLog(word, word, np.arange(50), np.full(50, 90.0))
        return page(
            result, pictures, settings={word: word}, versions={word: word}, vmaf=vmaf, others=[result]
        )

    plain, text = Tree(text_of("plain")), text_of(name)
    text.encode("utf-8")
    tree = Tree(text)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert [tag for tag, _ in tree.tags] == [tag for tag, _ in plain.tags]
    assert {a for _, attributes in tree.tags for a in attributes} == {
        a for _, attributes in plain.tags for a in attributes
    }


def test_credentials_of_an_address_are_not_shown():
    result = made(
        reference=side("rtsp://me:secret@host/a", 100), error="rtsp://me:secret@host", complete=False
    )
    assert "secret" not in page(result, settings={"reference": "rtsp://me:secret@host/a"})


def test_it_says_everything_that_was_counted(pictures):
    result = made(
        corrections=(Correction("scale", "test", (960, 540), (1920, 1080), "bicubic"),),
        unpaired={"reference": (), "test": (100,)},
        corrupt={"reference": (7, 8, 9), "test": ()},
        test=side("b/test.mp4", 101),
        offset_ns=120_000_000,
        offset_confidence=0.97,
        rate=Fraction(25, 24),
        reasons=("boxes", "unpaired"),
        largest=Worst(15, 15, 15, 15 * STEP, 0.8),
    )
    words = words_of(page(result, pictures))
    for expected in (
        "DIFFERENT",
        "4 of 100 pairs look different in 2 places, first at 00:00:01.600; ",
        "; 1 frame of the test without a partner",
        "ref.mp4 → test.mp4",
        "0.6000",
        "41.25 dB",
        "33.12 dB",
        "00:00:00.600",
        "∞ dB",
        "0.98100",
        "scale of test: 960x540 → 1920x1080 (bicubic)",
        "00:00:02.800",
        "7 to 9",
        "+0.120 s",
        "0.97",
        "25/24",
        "0.05 %",
        "1920x1080",
        "h264 yuv420p",
        "3.12.1",
    ):
        assert expected in words
    for one in pictures:
        assert f"frame {one.frame_test}, " in words


def test_the_verdict_in_words():
    assert why_video(made(bad=(), identical=True)) == "every sample of all 100 pairs of frames is equal"
    same = why_video(made(bad=()))
    assert same == "no visible difference in 100 pairs of frames (noise: 1.2 of 255 levels)"
    assert why_video(made(bad=(0,))) == "1 of 100 pairs look different, first at 00:00:00.000"
    assert why_video(made(reasons=("light", "fail_under"))) == (
        "light or colour differs everywhere; the score is below the limit"
    )
    assert "as much as is allowed" in why_video(made(reasons=()))
    stopped = made(complete=False, error="b/test.mp4: ends in the middle; copy it again")
    assert why_video(stopped).endswith("not everything was compared")
    assert "ends in the middle" in words_of(page(stopped))


def test_readable_without_its_script(pictures):
    tree = Tree(page(worst=pictures, vmaf=log(range(100))))
    svg = next(one for one in tree.all("svg") if one.get("class") == "rv-print")
    assert "lowest 0.6000" in svg["aria-label"]
    classes = [attributes.get("class") for _, attributes in tree.tags]
    assert classes.count("rv-curve") == 2, "in the chart and in its legend"
    assert classes.count("rv-vmaf") == 2
    assert classes.count("rv-band") == 2, "one for every segment"
    assert len(tree.all("img")) == 2 * len(pictures) == 4
    assert all(image["alt"] for image in tree.all("img"))
    assert len(tree.all("template")) == 0


def test_the_script_is_given_what_it_draws(pictures):
    result = made(
        unpaired={"reference": (), "test": (20, 21)},
        test=side("b/test.mp4", 102),
        frozen={"test": tuple(range(50, 60)), "reference": ()},
    )
    told = data_of(page(result, pictures, vmaf=log([0, 5, 10], np.array([90.0, 80.5, 85.0]))))
    assert (told["each"], told["end"]) == (1, 4000)
    assert told["t"][:3] == [0, 40, 80]
    assert told["s"] == result.scores.round(6).tolist()
    assert told["segments"] == [[1600, 1720, 1], [2800, 2840, 2]]
    assert told["r"] == [0] * 100
    assert told["q"] == [0] * 20 + [2] * 80
    assert told["ticks"] == [
        ["unpaired", 1, 20, 22, 773, 800, 2],
        ["frozen", 1, 50, 60, 1920, 2320, 10],
    ]
    assert told["vmaf"] == {
        "name": "vmaf",
        "t": [0, 200, 400],
        "s": [90.0, 80.5, 85.0],
        "m": [90.0, 80.5, 85.0],
    }
    assert [(one["n"], one["pair"]) for one in told["worst"]] == [(1, 70), (2, 41)]
    ids = {attributes.get("id") for _, attributes in Tree(page(result, pictures)).tags}
    assert {one["id"] for one in told["worst"]} <= ids


def test_scores_that_are_no_numbers_do_not_stop_it():
    result = made()
    result.scores[10:20] = np.nan
    told = data_of(page(result))
    assert told["s"][10:20] == [None] * 10
    everything = replace(result, scores=np.full(100, np.nan), score=np.nan, score_min=np.nan, worst=None)
    assert data_of(page(everything))["s"] == [None] * 100


def test_no_pair_at_all_and_only_one():
    empty = {name: np.empty(0) for name in ("times_ns", "scores", "changed")}
    lonely = {"reference": (0, 1), "test": ()}
    none = replace(made(1, bad=()), pairs=0, worst=None, reasons=("unpaired",), unpaired=lonely, **empty)
    assert "No two frames were compared" in words_of(page(none))
    assert data_of(page(made(1, bad=())))["end"] >= 1


def test_ten_hours_stay_small_and_no_dip_is_lost():
    pairs = 900_000
    rng = np.random.default_rng(4)
    bad = np.unique(rng.integers(0, pairs, 20_000))
    result = made(pairs, bad=())
    result.scores[bad] -= rng.random(len(bad)) / 10
    result.scores[654_321] = 0.123456
    result = replace(
        result,
        reasons=("boxes",),
        segments=tuple(Segment(k, k + 1, k * STEP, (k + 1) * STEP, 1, 0.9) for k in bad.tolist()),
        corrupt={"reference": tuple(bad.tolist()), "test": ()},
    )
    text = page(result, vmaf=log(np.arange(pairs)))
    assert len(text) < 1_500_000
    told = data_of(text)
    assert len(told["t"]) == len(told["p"]) == len(told["m"]) <= 6_000
    at = told["p"].index(654_321)
    assert told["s"][at] == 0.123456
    assert told["t"][at] == 654_321 * 40
    assert sum(tick[6] for tick in told["ticks"]) == len(bad)
    assert len(told["segments"]) <= 2_000
    assert told["segments"][-1][1] == result.segments[-1].end_ns // 1_000_000


def test_many_long_tests_stay_small():
    result = made(20_000, bad=tuple(range(5, 20_000, 9))[:8])
    result = replace(result, unpaired={"reference": tuple(range(1, 20_000, 9)), "test": ()})
    text = page(result, others=[result] * 19)
    assert len(text) < 3_000_000
    assert len(data_of(text, 19)["t"]) > 1_000


def test_points_are_the_lowest_and_the_mean_of_what_they_stand_for():
    result = made(10, bad=())
    result.scores[:] = [0.5, 0.9, 0.9, 0.7, 0.2, 0.8, 1.0, 1.0, 1.0, 0.6]
    result.changed[:] = np.arange(10) / 10
    line = timeline_of(result, 4)
    assert line.each == 3
    assert line.pairs.tolist() == [0, 4, 6, 9]
    assert line.lowest.tolist() == [0.5, 0.2, 1.0, 0.6]
    assert line.means.tolist() == pytest.approx([2.3 / 3, 1.7 / 3, 1.0, 0.6])
    assert line.changed.tolist() == [0.2, 0.5, 0.8, 0.9]
    assert embedded(result, [], None, 4)["p"].tolist() == [0, 4, 6, 9]


def test_many_tests_are_one_table_that_leads_to_each(pictures):
    others = [made(bad=(), test=side("c/other.mp4", 100)), made(bad=(5,), test=side("d/third.mp4", 100))]
    text = page(worst=pictures, others=others, others_worst=[(), pictures[:1]])
    tree, words = Tree(text), words_of(text)
    assert "2 of 3 tests differ from the reference" in words
    assert [a["href"] for a in tree.all("a")] == ["#test-1", "#test-2", "#test-3"]
    assert "other.mp4" in words
    assert len(tree.all("canvas")) == 3
    assert [len(data_of(text, k)["worst"]) for k in range(3)] == [2, 0, 1]
    assert all(one["id"].startswith("test-3-") for one in data_of(text, 2)["worst"])


@pytest.mark.parametrize(
    ("frames", "note"),
    [
        (range(100), False),
        (range(0, 100, 5), False),
        (range(90), True),
        (range(120), True),
    ],
)
def test_a_log_of_another_video_is_noticed(frames, note):
    assert ("It may be of other videos" in page(vmaf=log(frames))) == note
    assert max(data_of(page(vmaf=log(frames)))["vmaf"]["t"]) < 4000


def test_everything_to_operate_has_a_name_and_states(pictures):
    tree = Tree(page(worst=pictures))
    plot = next(one for one in tree.all("div") if one.get("class") == "rv-plot")
    assert (plot["role"], plot["tabindex"], plot["aria-valuemax"]) == ("slider", "0", "99")
    assert plot["aria-label"]
    assert next(one for one in tree.all("html"))["lang"] == "en"
    assert all("aria-label" in one or one.get("class") != "rv-scroll" for one in tree.all("div"))


# Parts


def test_numbers_and_times_of_frames():
    result = made(
        8,
        bad=(),
        reference=side("a", 10),
        unpaired={"reference": (3, 9), "test": ()},
        times_ns=np.array([0, 1, 2, 4, 5, 6, 7, 8]) * STEP,
    )
    places = Places(result)
    assert places.numbers("reference").tolist() == [0, 1, 2, 4, 5, 6, 7, 8]
    assert places.numbers("test").tolist() == list(range(8))
    assert (places.times_ns("reference", np.array([0, 3, 9, 11])) / STEP).tolist() == [0, 3, 9, 11]
    sparse = Places(replace(result, reference=side("a", 80), unpaired=NONE))
    assert sparse.numbers("reference") is None
    assert sparse.times_ns("reference", np.array([0, 40]))[1] / STEP == pytest.approx(5)


def test_runs_of_frames():
    assert runs((9, 1, 2, 3, 7)) == [(1, 4), (7, 8), (9, 10)]
    assert runs(()) == []
    assert runs_text((9, 1, 2, 3, 7)) == "1 to 3, 7, 9"
    assert runs_text(range(0, 1000, 2)).endswith("78 and 460 more places")
    joined = few_runs(range(0, 10_000, 2), 50)
    assert len(joined) <= 50
    assert (joined[0][0], joined[-1][1]) == (0, 9_999)


@pytest.mark.parametrize(
    ("lowest", "low"),
    [(1.0, 0.999), (0.9995, 0.999), (0.9843, 0.984), (0.9672, 0.965), (0.2154, 0.2), (0.0, 0.0)],
)
def test_the_axis_begins_at_something_plain(lowest, low):
    assert lowest_shown([1.0, lowest, float("nan")]) == low
    assert lowest_shown([float("nan")]) == 0.999
