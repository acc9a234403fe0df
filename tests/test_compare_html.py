"""The page of one comparison: whole, safe whatever files are called, and usable without its script."""

import base64
import hashlib
import re
import sys
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from test_reports import make_diff, make_frame, same_diff

import rtdiff
from rtdiff import cli
from rtdiff.records import Box, Correction, Whole
from rtdiff.reports.compare_html import MOST_BOXES, compare_html, notebook_html
from rtdiff.reports.slider_html import MODES, page, pair_view, picture_uri, region_list

VOID = {"meta", "img", "input", "br", "path", "rect", "circle", "link"}
EVIL = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '" onload="alert(1)',
    "' autofocus onfocus='alert(1)",
    "]]><svg onload=alert(1)>",
    "a\nb\x1b[31m\u202egnp.exe",
    "\udcff\udc80",
    "&lt;b&gt;",
)
INFO = {"path": "a.png", "size_wh": [516, 334]}


class Tree(HTMLParser):
    """Every tag with its attributes and the texts; fails where tags are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in {tag}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def made(diff=None, *, reference="a.png", test="b.png", **other) -> str:
    return compare_html(
        diff or make_diff(),
        reference_info=INFO | {"path": reference},
        test_info=INFO | {"path": test},
        **other,
    )


def policy_of(text: str) -> dict[str, list[str]]:
    content = next(meta["content"] for meta in Tree(text).all("meta") if "http-equiv" in meta)
    return {name: sources for name, *sources in (part.split() for part in content.split("; "))}


def test_nothing_is_loaded_from_anywhere():
    text = made()
    tree = Tree(text)
    for tag, attributes in tree.tags:
        assert tag not in ("link", "iframe", "object", "embed", "form", "base", "audio", "video")
        for name, value in attributes.items():
            assert not name.startswith("on"), "a handler would be dead under the policy"
            assert name != "style"
            if name in ("src", "href", "srcset", "data", "action"):
                assert value.startswith("data:image/")
    assert not re.findall(r"https?://|//[a-z]+\.[a-z]", re.sub(r"data:[^\"]+", "", text))
    css = "".join(tree.texts["style"])
    assert "url(" not in css
    assert "@import" not in css


def test_the_policy_allows_this_style_and_this_script_and_nothing_else():
    text = made()
    tree, policy = Tree(text), policy_of(text)
    assert policy["default-src"] == ["'none'"]
    assert policy["img-src"] == ["data:"]
    assert policy["base-uri"] == policy["form-action"] == ["'none'"]
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        digests = [
            base64.b64encode(hashlib.sha256(found.encode()).digest()).decode() for found in tree.texts[tag]
        ]
        assert policy[directive] == [f"'sha256-{digest}'" for digest in digests]
        assert len(tree.all(tag)) == len(digests)


def test_more_styles_and_scripts_of_a_page_are_allowed_too():
    text = page("t", "<p>b</p>", styles=["p{color:red}"], scripts=["let a = 1;"])
    assert len(policy_of(text)["style-src"]) == len(policy_of(text)["script-src"]) == 2
    assert Tree(text).texts["script"][1] == "let a = 1;"


@pytest.mark.parametrize("name", EVIL)
def test_a_name_is_text_whatever_it_holds(name):
    plain = Tree(made())
    diff = make_diff(
        corrections=(Correction("alpha", "test", name, name, name),),
        zones={name: rtdiff.ZoneResult(0.5, 0.1, 1, 9)},
        engine=name,
    )
    text = made(diff, reference=name, test=name)
    text.encode("utf-8")
    tree = Tree(text)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert {tag for tag, _ in tree.tags} <= {tag for tag, _ in plain.tags}
    assert len(tree.all("script")) == len(plain.all("script")) == 1
    assert len(tree.all("img")) == 2
    assert {a for _, attributes in tree.tags for a in attributes} == {
        a for _, attributes in plain.tags for a in attributes
    }
    Tree(notebook_html(make_diff(reference=make_frame(), engine=name)))


def test_credentials_of_an_address_are_not_shown():
    assert "secret" not in made(reference="rtsp://me:secret@host/a.png", test="http://me:secret@host/b.png")


def test_it_says_verdict_score_regions_and_corrections():
    text = made()
    words = " ".join(
        " ".join(texts) for tag, texts in Tree(text).texts.items() if tag not in ("style", "script")
    )
    for expected in ("DIFFERENT", "1 region", "0.9621", "3.31 %", "214:166-246:197", "866 px", "0.0300"):
        assert expected in words
    for expected in ("alpha of test: RGBA → RGB (over white and over black)", "numpy", "24.10 dB", "516x334"):
        assert expected in words
    same = made(same_diff())
    assert "SAME" in same
    assert "every sample is equal" in same
    assert "DIFFERENT" not in " ".join(Tree(same).texts["span"])


def test_what_changed_everywhere_and_was_forgiven_is_told_in_words():
    paler = Correction("light", "reference", {"gain": 1.0}, {"gain": 0.9}, "brought into its light")
    text = made(make_diff(corrections=(paler,), whole=Whole(light=(0.9, -1.0))))
    assert "light of reference: gain 1.0 → gain 0.9" in text
    assert "0.900 times as bright -1.0 levels of 255" in text


def test_of_very_many_regions_the_largest_are_marked():
    boxes = tuple(Box(n, (n, n, n + 1, n + 1), 1, 0.0, 9.0) for n in range(1, MOST_BOXES + 100))
    diff = make_diff(boxes=boxes, reference=make_frame(), test=make_frame())
    text = made(diff)
    assert len(Tree(text).all("g")) == 2 * MOST_BOXES
    assert "and 99 more" in text
    assert "the 300 largest regions" in text
    assert len(Tree(notebook_html(diff)).all("g")) == 2 * MOST_BOXES


def test_everything_to_operate_has_a_name_and_states():
    tree = Tree(made())
    assert [radio["value"] for radio in tree.all("input") if radio["type"] == "radio"] == list(MODES)
    assert len({radio["name"] for radio in tree.all("input") if radio["type"] == "radio"}) == 1
    divider = next(div for div in tree.all("div") if div.get("role") == "slider")
    assert divider["tabindex"] == "0"
    assert divider["aria-label"]
    assert {"aria-valuemin", "aria-valuemax", "aria-valuenow"} <= divider.keys()
    assert all(image["alt"] for image in tree.all("img"))
    assert next(html for html in tree.all("html"))["lang"] == "en"
    ids = [attributes["id"] for _, attributes in tree.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_boxes_are_on_both_and_in_the_list():
    boxes = tuple(Box(k, (k * 10, 20, k * 10 + 9, 40), 180, 0.1, 9.0) for k in range(1, 31))
    tree = Tree(made(make_diff(boxes=boxes)))
    marks = [group["data-edges"] for group in tree.all("g")]
    expected = ["{} {} {} {}".format(*box.xyxy) for box in boxes]
    assert marks == expected * 2
    buttons = [button for button in tree.all("button") if "data-go" in button]
    assert [button["data-go"] for button in buttons] == [str(box.id) for box in boxes]
    assert {button["data-pair"] for button in buttons} <= {
        section.get("id") for section in tree.all("section")
    }


def test_a_list_of_a_thousand_regions_is_cut_and_says_so():
    boxes = [Box(k, (k, 0, k + 1, 1), 1, 0.1, 9.0) for k in range(1000)]
    text = region_list(boxes)
    assert text.count("<button") == 300
    assert "and 700 more" in text


def test_the_pictures_in_it_are_the_pictures_compared():
    reference = np.random.default_rng(1).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    test = reference.copy()
    test[10:30, 10:30] = 0
    diff = rtdiff.compare(reference, test)
    tree = Tree(compare_html(diff, reference_info=INFO, test_info=INFO))
    for image, bgr in zip(tree.all("img"), (reference, test), strict=True):
        data = base64.b64decode(image["src"].partition("base64,")[2])
        assert np.array_equal(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), bgr)
        assert (image["width"], image["height"]) == ("80", "60")


def test_a_large_photograph_becomes_a_jpeg_and_the_page_says_so(monkeypatch):
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    assert picture_uri(noise).startswith("data:image/png")
    assert picture_uri(noise, png_most=1000).startswith("data:image/jpeg")
    shrunk = base64.b64decode(picture_uri(noise, longest=100).partition("base64,")[2])
    assert cv2.imdecode(np.frombuffer(shrunk, np.uint8), 1).shape == (100, 100, 3)
    large = np.random.default_rng(1).integers(0, 256, (1500, 1500, 3)).astype(np.uint8)
    diff = rtdiff.compare(large, large)
    assert "JPEG, compared as read" in compare_html(diff, reference_info=INFO, test_info=INFO)
    assert "JPEG, compared as read" not in made()


def test_pieces_of_many_pairs_live_on_one_page():
    uri = picture_uri(np.zeros((4, 4, 3), np.uint8))
    body = "".join(pair_view(uri, uri, [], size_wh=(4, 4), key=f"pair-{k}", mode="side") for k in range(3))
    tree = Tree(page("many", body))
    assert [section["id"] for section in tree.all("section")] == ["pair-0", "pair-1", "pair-2"]
    assert len({radio["name"] for radio in tree.all("input") if radio["type"] == "radio"}) == 3
    assert len(tree.all("script")) == 1


def test_notebook_needs_no_script_and_stays_small():
    small = np.random.default_rng(1).integers(0, 256, (68, 120, 3)).astype(np.uint8)
    reference = cv2.resize(small, (1920, 1080), interpolation=cv2.INTER_CUBIC)
    reference = cv2.add(reference, np.random.default_rng(2).integers(0, 12, reference.shape).astype(np.uint8))
    test = reference.copy()
    test[200:300, 300:500] = 0
    text = notebook_html(rtdiff.compare(reference, test))
    assert len(text) < 1_500_000
    tree = Tree(text)
    assert not tree.all("script")
    assert len(tree.all("img")) == len(tree.all("svg")) - 1 == 2
    assert len(tree.all("g")) == 2
    noise = r"/\*.*?\*/|@media[^{]*|\([^()]*(\([^()]*\))?[^()]*\)"
    css = re.sub(noise, "", "".join(tree.texts["style"]), flags=re.S)
    selectors = [part.strip() for rule in re.findall(r"([^{}]+)\{", css) for part in rule.split(",")]
    assert len(selectors) > 50
    assert [s for s in selectors if s and not s.startswith(".rt")] == [], "nothing around it is touched"


# Through the command


@pytest.mark.parametrize(
    ("layout", "mode"), [("overlay", "slider"), ("split", "slider"), ("side", "side"), ("diff", "diff")]
)
def test_command_writes_a_page(data, tmp_path, layout, mode):
    folder, out = data / "odiff" / "test" / "png", tmp_path / "out.HTML"
    arguments = [str(folder / "orange.png"), str(folder / "orange_changed.png"), "-o", str(out)]
    assert cli.main([*arguments, "--layout", layout, "--palette", "cool"]) == 1
    tree = Tree(out.read_text(encoding="utf-8"))
    shown = next(section for section in tree.all("section") if "data-mode" in section)
    assert (shown["data-mode"], shown["data-width"], shown["data-height"]) == (mode, "510", "234")
    assert "rt-cool" in shown["class"]
    assert [path.name for path in tmp_path.iterdir()] == ["out.HTML"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not allow such names")
def test_command_with_a_hostile_name(tmp_path):
    names = ["<img src=x onerror=alert(1)>.png", "\"'><script>alert(1)<.png"]
    for name in names:
        cv2.imwrite(str(tmp_path / name), np.zeros((9, 9, 3), np.uint8))
    assert cli.main([*(str(tmp_path / name) for name in names), "-o", str(tmp_path / "out.html")]) == 0
    tree = Tree((tmp_path / "out.html").read_text(encoding="utf-8"))
    assert len(tree.all("script")) == 1
    assert len(tree.all("img")) == 2
    assert names[0] in "".join(tree.texts["h1"])


@pytest.mark.parametrize("layout", ["heat", "stack"])
def test_a_page_refuses_a_layout_it_does_not_have(tmp_path, capsys, layout):
    assert cli.main(["no.png", "no.png", "-o", str(tmp_path / "out.html"), "--layout", layout]) == 2
    assert f"out.html: a page has no layout {layout}; choose from overlay, split" in capsys.readouterr().err
