"""Sums over cells, and a picture in another light: every engine says what the oracle says."""

import inspect

import numpy as np
import pytest
from engine_frames import available, frame
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff.engines import engine_class, make_engine
from rtdiff.engines.cells import plain
from rtdiff.engines.engine import Engine
from rtdiff.fixed_light import ONE, SHIFT, Light
from rtdiff.noise import pair_noise
from rtdiff.records import Correction, Frame

TOLD = Correction("light", "reference", {"gain": 1.0, "offset": 0.0}, {"gain": 1.1, "offset": 3.0})


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Frame, Frame]:
    """Pairs of every depth and subsampling, down to a pixel."""
    deep = draw(st.sampled_from([255, 1023, 65535]))
    shape = draw(st.tuples(st.integers(1, 70), st.integers(1, 70)))
    by = draw(st.sampled_from([None, (1, 1), (2, 2), (1, 2), (1, 4), (2, 1)]))
    shapes = [shape]
    if by is not None:
        shapes += [tuple(-(-n // s) for n, s in zip(shape, by, strict=True))] * (
            5 if by == (1, 1) and draw(st.booleans()) else 2
        )
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    dtype = np.uint8 if deep == 255 else np.uint16
    extremes = draw(st.booleans())
    values = [[rng.integers(0, deep + 1, s).astype(dtype) for s in shapes] for _ in range(2)]
    if extremes:
        values = [[np.where(p > deep // 2, deep, 0).astype(dtype) for p in planes] for planes in values]
    first, second = (frame(*planes, data_range=deep) for planes in values)
    return first, second


def light_for(shape: tuple[int, int], data_range: int, seed: int, *, mixed: bool, local: bool) -> Light:
    """Make a light as strong as one may be."""
    rng = np.random.default_rng(seed)
    codes = np.arange(data_range + 1)
    scale = (1 << SHIFT) * data_range / 255
    luma = np.rint((codes * 255 / data_range * rng.uniform(0.5, 2) - 30) * scale)
    luma = luma.clip(-2 * data_range << SHIFT, 2 * data_range << SHIFT).astype(np.int32)
    slopes = [np.linspace(*rng.uniform(-4, 4, 2), len(codes)) * (1 << ONE) for _ in range(2)]
    tints = [np.linspace(*rng.uniform(-100, 100, 2), len(codes)) * scale for _ in range(2)]
    nodes, step = None, 16
    if local:
        size = tuple(-(-n // step) + 1 for n in shape)
        gain, offset = rng.integers(0, 2 << ONE, size), rng.integers(-100, 100, size) * int(scale)
        nodes = np.stack([gain, offset]).astype(np.int32)
    chroma = tuple((a.astype(np.int32), b.astype(np.int32)) for a, b in zip(slopes, tints, strict=True))
    mix = tuple(int(m) for m in rng.integers(-7000, 7000, 2)) if mixed else (0, 0)
    return Light(luma, round(16 * scale), mix, chroma, nodes, step, TOLD)


@pytest.mark.parametrize("name", available())
@settings(max_examples=60, deadline=None)
@given(pair=pairs(), threads=st.sampled_from([1, 3]))
def test_sums_are_those_of_every_cell(name: str, pair: tuple[Frame, Frame], threads: int) -> None:
    engine = make_engine(name, noise=pair_noise, threads=threads)
    first, second = (engine.prepare(f) for f in pair)
    found, means = engine.cells(first, second), engine.cell_means(first)
    height, width = pair[0].luma.shape
    for x, y, sums, own in zip(pair[0].planes, pair[1].planes, found, means, strict=True):
        assert sums.shape == own.shape == (-(-height // 8), -(-width // 8), 2)
        assert sums.dtype == own.dtype == (np.int32 if pair[0].data_range == 255 else np.int64)
        down, right = (max(8 // -(-n // m), 1) for n, m in zip((height, width), x.shape, strict=True))
        d = x.astype(np.int64) - y
        for (row, column), _ in np.ndenumerate(sums[..., 0]):
            part = np.s_[row * down : (row + 1) * down, column * right : (column + 1) * right]
            assert sums[row, column].tolist() == [d[part].sum(), (d[part] ** 2).sum()]
            assert own[row, column].tolist() == [
                x[part].sum(dtype=np.int64),
                (x[part].astype(int) ** 2).sum(),
            ]


@pytest.mark.parametrize("name", available())
@settings(max_examples=60, deadline=None)
@given(pair=pairs(), seed=st.integers(0, 9), mixed=st.booleans(), local=st.booleans())
def test_light_is_the_same_on_every_engine(
    name: str, pair: tuple[Frame, Frame], seed: int, mixed: bool, local: bool
) -> None:
    light = light_for(pair[0].luma.shape, pair[0].data_range, seed, mixed=mixed, local=local)
    oracle, engine = (make_engine(n, noise=pair_noise, threads=2) for n in ("numpy", name))
    want = oracle.relit(oracle.prepare(pair[0]), light)
    have = engine.relit(engine.prepare(pair[0]), light)
    for a, b in zip(have.frame.planes, want.frame.planes, strict=True):
        np.testing.assert_array_equal(a, b)
    assert have.frame.corrections == (TOLD,)
    assert engine.compare(have, engine.prepare(want.frame)).identical


def test_light_follows_its_formula() -> None:
    y, cb, cr = (np.full((2, 2), v, np.uint8) for v in (100, 138, 118))
    luma = (np.arange(256) * 2 - 16) << SHIFT
    chroma = ((np.full(256, 3 << ONE), np.arange(256) << SHIFT), (np.full(256, 1 << ONE), np.zeros(256, int)))
    nodes = np.stack([np.full((2, 2), 1 << (ONE - 1)), np.full((2, 2), 5 << SHIFT)]).astype(np.int32)
    wide = tuple((a.astype(np.int32), b.astype(np.int32)) for a, b in chroma)
    mix = (1 << (ONE - 1), 1 << (ONE - 2))
    light = Light(luma.astype(np.int32), 16 << SHIFT, mix, wide, nodes, 8, TOLD)
    engine = make_engine("numpy", noise=pair_noise)
    have = engine.relit(engine.prepare(frame(y, cb, cr)), light)
    # (2 * 100 - 16 + 10 / 2 - 10 / 4) / 2 + 5 + 16 = 114.25; (3 * 10 + 100) / 2 + 128; -10 / 2 + 128
    assert [int(p[1, 1]) for p in have.frame.planes] == [114, 193, 123]


@pytest.mark.parametrize("name", available())
def test_views_that_may_not_be_written(name: str) -> None:
    big = np.random.default_rng(3).integers(0, 256, (2, 64, 200), dtype=np.uint8)
    oracle, engine = (make_engine(n, noise=pair_noise, threads=2) for n in ("numpy", name))
    for view in (np.s_[5:60, 8:150], np.s_[::2, ::2], np.s_[::-1]):
        pair = [frame(part[view]) for part in big]
        for f in pair:
            f.luma.flags.writeable = False
        light = light_for(pair[0].luma.shape, 255, 1, mixed=False, local=True)
        have, want = (
            (e.cells(a, b)[0], e.relit(a, light).frame.luma)
            for e in (engine, oracle)
            for a, b in [[e.prepare(f) for f in pair]]
        )
        for one, other in zip(have, want, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", available())
def test_results_that_are_held_stay(name: str) -> None:
    rng = np.random.default_rng(4)
    engine = make_engine(name, noise=pair_noise)
    frames = [engine.prepare(frame(rng.integers(0, 256, (40, 50), dtype=np.uint8))) for _ in range(4)]
    lights = [light_for((40, 50), 255, seed, mixed=False, local=True) for seed in range(3)]
    sums = [engine.cells(frames[0], other)[0] for other in frames[1:]]
    lit = [engine.relit(frames[0], light).frame.luma for light in lights]
    for k in range(3):
        np.testing.assert_array_equal(sums[k], engine.cells(frames[0], frames[k + 1])[0].copy())
        np.testing.assert_array_equal(lit[k], engine.relit(frames[0], lights[k]).frame.luma)


def test_engines_have_one_face() -> None:
    for name in available():
        kind = engine_class(name)[0]
        for method in ("cells", "cell_means", "relit"):
            assert inspect.signature(getattr(kind, method)) == inspect.signature(getattr(Engine, method))


@pytest.mark.parametrize("local", [False, True])
def test_a_plain_light_changes_nothing(local: bool) -> None:
    planes = np.random.default_rng(5).integers(0, 1024, (3, 40, 50)).astype(np.uint16)
    for name in available():
        engine = make_engine(name, noise=pair_noise)
        have = engine.relit(
            engine.prepare(frame(*planes, data_range=1023)), plain((40, 50), 1023, local=local)
        )
        for a, b in zip(have.frame.planes, planes, strict=True):
            np.testing.assert_array_equal(a, b)
