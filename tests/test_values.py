"""Times, fractions, areas, sizes and rates: exact values, or a reason."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff import fields, values
from rtdiff.values import Area, Floor, Span, TimeShift

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", Span(2 * SECOND)),
        (2, Span(2 * SECOND)),
        (0.1, Span(100_000_000)),
        ("0", Span()),
        ("120ms", Span(120_000_000)),
        ("1.5s", Span(1_500_000_000)),
        ("1h", Span(3600 * SECOND)),
        ("2 min", Span(120 * SECOND)),
        ("00:01:02.500", Span(62_500_000_000)),
        ("100:00:00", Span(360_000 * SECOND)),
        ("47f", Span(frames=47)),
        ("1e3", Span(1000 * SECOND)),
        ("0.0000000014", Span(1)),
    ],
)
def test_a_time_is_exact(text: object, expected: Span) -> None:
    assert values.span(text) == expected


def test_frames_become_time_at_the_rate_of_the_source() -> None:
    assert Span(frames=6).at(Fraction(30)) == 200_000_000
    assert Span(frames=30000).at(Fraction(30000, 1001)) == 1001 * SECOND


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be a time"),
        ("abc", "must be a time"),
        ("-1", "backwards"),
        ("1.5f", "frames are whole"),
        ("12:30", "with hours: 00:12:30"),
        ("1:2:3", "must be a time"),
        ("00:61:00", "must be a time"),
        ("0,5", "write a point: 0.5"),
        ("99999h", "ten years"),
        ("1e99", "ten years"),
        ("1" * 70, "must be a time"),
        ("nan", "must be a time"),
        (float("inf"), "must be a time"),
        (True, "must be a time"),
        (None, "must be a time"),
        ("٣s", "must be a time"),
    ],
)
def test_what_is_no_time_is_refused_with_a_reason(text: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        values.span(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.12s", TimeShift(length=Span(120_000_000))),
        ("120ms", TimeShift(length=Span(120_000_000))),
        ("+2", TimeShift(length=Span(2 * SECOND))),
        (-0.5, TimeShift(length=Span(SECOND // 2), earlier=True)),
        ("-3f", TimeShift(length=Span(frames=3), earlier=True)),
        ("-00:01:02.500", TimeShift(length=Span(62_500_000_000), earlier=True)),
        ("-0", TimeShift()),
        ("x25/24", TimeShift(Fraction(25, 24))),
        ("x25/24+0.1s", TimeShift(Fraction(25, 24), Span(100_000_000))),
        ("x1001/1000 - 3f", TimeShift(Fraction(1001, 1000), Span(frames=3), earlier=True)),
        ("x0.96-.5", TimeShift(Fraction(24, 25), Span(SECOND // 2), earlier=True)),
        ("+1e-3", TimeShift(length=Span(1_000_000))),
    ],
)
def test_a_shift_in_time_has_a_sign_and_a_rate(text: object, expected: TimeShift) -> None:
    assert fields.TIME_SHIFT.parse(text) == expected
    assert fields.TIME_SHIFT.parse(fields.TIME_SHIFT.dump(expected)) == expected


def test_a_shift_in_frames_becomes_time_at_the_rate_of_the_source() -> None:
    assert values.time_shift("-3f").at(Fraction(25)) == -120_000_000
    assert values.time_shift("x25/24+0.1s").at(Fraction(25)) == 100_000_000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be a time"),
        ("x", "must be a time"),
        ("25/24", "must be a time"),
        ("x25/0", "a rate is 1/100 to 100"),
        ("x25/24/2", "a rate is 1/100 to 100"),
        ("x0", "a rate is 1/100 to 100"),
        ("x101+1s", "a rate is 1/100 to 100"),
        ("x-1", "must be a time"),
        ("x25/240.1s", "must be a time"),
        ("--1", "must be a time"),
        ("0,5", "write a point: 0.5"),
        ("-1.5f", "frames are whole"),
        ("auto", "must be a time"),
        (True, "must be a time"),
        (None, "must be a time"),
        ("1" * 70, "must be a time"),
    ],
)
def test_what_is_no_shift_in_time_is_refused_with_a_reason(text: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        values.time_shift(text)


def test_fractions() -> None:
    assert values.fraction("0.5%") == values.fraction("0.005") == values.fraction(0.005) == 0.005
    for wrong, why in (("5", "write 5%"), ("0,5", "write a point"), ("150%", "from 0 to 1"), (".nan", "got")):
        with pytest.raises(ValueError, match=why):
            values.fraction(wrong)


def test_areas() -> None:
    assert values.area("16px") == Area(pixels=16)
    assert values.area("0.02%,16px") == values.area("16px, 0.0002") == Area(0.0002, 16)
    for wrong, why in (
        ("50", "50px"),
        (1, "1px"),
        ("0,5", "write a point: 0.5"),
        ("1px,2px,3px,4px", "must be"),
        ("4x5", "must be"),
        (True, "must be"),
        ("9999999999px", "no picture"),
    ):
        with pytest.raises(ValueError, match=why):
            values.area(wrong)


def test_sizes_and_rates() -> None:
    assert values.size("1920x1080") == (1920, 1080)
    assert values.rate("30000/1001") == Fraction(30000, 1001)
    assert values.rate(29.97) == Fraction("29.97")
    for parse, wrong in (
        (values.size, "1920"),
        (values.size, "0x5"),
        (values.size, "70000x2"),
        (values.rate, "1/0"),
        (values.rate, "0"),
        (values.rate, "2000"),
        (values.rate, True),
    ):
        with pytest.raises(ValueError, match="got"):
            parse(wrong)


def test_the_lowest_score() -> None:
    assert values.floor("0.98") == values.floor("98%") == Floor(0.98)
    assert values.floor("40dB") == values.floor("40 db") == Floor(40.0, unit="dB")
    with pytest.raises(ValueError, match="write 40dB"):
        values.floor("40")


def test_what_to_hold_frames_against() -> None:
    for right in ("first", "median:5s", "median:1f", "./quiet", "golden.png"):
        assert values.reference(right) == right
    assert values.median_span("median:5s") == Span(5 * SECOND)
    assert values.median_span("golden.png") == Span()
    for wrong in ("quiet", "previous", "median", "median:0", "median:x", "", 5):
        with pytest.raises(ValueError, match="must be"):
            values.reference(wrong)


def test_a_quoted_value_is_short_and_has_no_password() -> None:
    assert "hunter2" not in values.show("rtsp://me:hunter2@host/x")
    assert "hunter" not in values.show("rtsp://me:p@hunter@host/x")
    assert len(values.show("x" * 10_000)) < 80
    assert "\n" not in values.show("a\nb")


ANYTHING = st.one_of(
    st.text(max_size=30),
    st.text("0123456789.,:%xfmshpe-+dB/ ", max_size=20),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.integers(), max_size=2),
)
PARSERS = [
    values.span,
    values.fraction,
    values.area,
    values.size,
    values.rate,
    values.floor,
    values.time_shift,
]


@settings(max_examples=300, deadline=None)
@given(ANYTHING, st.sampled_from([*PARSERS, values.reference]))
def test_a_parser_gives_a_value_or_one_line_why_not(value: object, parse: object) -> None:
    try:
        answer = parse(value)  # type: ignore[operator]
    except ValueError as error:
        answer = str(error)
        if not answer.startswith("must be ") or "\n" in answer:
            raise
    assert answer is not None


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.integers(0, values.LONGEST_NS).map(lambda ns: Span(ns=ns)),
        st.integers(1, values.MOST_FRAMES).map(lambda frames: Span(frames=frames)),
    )
)
def test_a_time_written_out_reads_back_the_same(length: Span) -> None:
    assert values.span(str(length)) == length


@settings(max_examples=200, deadline=None)
@given(
    st.fractions(Fraction(1, 100), 100, max_denominator=10**6),
    st.integers(0, values.LONGEST_NS).map(lambda ns: Span(ns=ns)),
    st.booleans(),
)
def test_a_shift_written_out_reads_back_the_same(rate: Fraction, length: Span, earlier: bool) -> None:
    shift = TimeShift(rate, length, earlier=earlier and length != Span())
    assert values.time_shift(str(shift)) == shift


@settings(max_examples=200, deadline=None)
@given(
    st.floats(0, 1, allow_subnormal=False),
    st.integers(0, values.MOST_PIXELS),
    st.floats(0, 200, allow_subnormal=False),
)
def test_an_area_and_a_score_written_out_read_back_the_same(share: float, px: int, db: float) -> None:
    smallest = Area(share if share != 1.0 and share > 1e-99 else 0.5, px)
    assert values.area(str(smallest)) == smallest
    lowest = Floor(db if db > 1e-99 else 0.0, unit="dB")
    assert values.floor(str(lowest)) == lowest
