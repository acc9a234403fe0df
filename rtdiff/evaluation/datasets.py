"""Which layout a dataset has, and its scenes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rtdiff.errors import SettingsError, SourceError, redact
from rtdiff.evaluation import cdnet, coco, deeppcb, event_lists
from rtdiff.evaluation.cases import Dataset, Scene

LAYOUTS = ("deeppcb", "coco", "cdnet", "events")


def open_dataset(path: str, layout: str = "auto") -> Dataset:
    """Return the scenes of a dataset.

    Parameters
    ----------
    path : str
        A folder, or a file of annotations or events.
    layout : str
        One of `LAYOUTS`, or ``auto``: by what is there.

    Raises
    ------
    SourceError
        It is not there, of no known layout, or not complete.
    """
    root = Path(path)
    if not root.exists():
        raise SourceError(f"{redact(path)}: is not there; name a dataset")
    try:
        found = _folder(root, layout) if root.is_dir() else _file(root, layout)
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{redact(path)}: cannot be read ({error.strerror}); see its rights") from error
    if not found:
        wanted = "a known layout" if layout == "auto" else f"the layout {layout}"
        raise SourceError(
            f"{redact(path)}: is no dataset of {wanted}; there are groupN/N/*_temp.jpg with N_not/*.txt, "
            "COCO JSON with references, input/ with groundtruth/, and lists of events"
        )
    layouts = sorted({name for name, _ in found})
    scenes = tuple(scene for _, scene in found)
    _unique(scenes)
    return Dataset(path, ",".join(layouts), scenes)


def _folder(root: Path, layout: str) -> list[tuple[str, Scene]]:
    found: list[tuple[str, Scene]] = []
    if layout in ("auto", "cdnet"):
        found += [("cdnet", cdnet.read(path, _name(root, path))) for path in cdnet.scenes(root)]
    if layout in ("auto", "deeppcb"):
        outer = [root] if layout == "deeppcb" else [root, *sorted(p for p in root.iterdir() if p.is_dir())]
        groups = dict.fromkeys(group for folder in outer for group in deeppcb.groups(folder))
        found += [("deeppcb", deeppcb.read(group)) for group in groups]
    if layout in ("auto", "coco"):
        for path in sorted((*root.glob("*.json"), *root.glob("annotations/*.json"))):
            data = coco.load(path)
            if coco.is_coco(data):
                found += [("coco", scene) for scene in coco.read(path, data)]
    return found


def _file(path: Path, layout: str) -> list[tuple[str, Scene]]:
    if path.suffix.lower() == ".csv":
        return (
            [("events", scene) for scene in event_lists.read_csv(path)]
            if layout in ("auto", "events")
            else []
        )
    if path.suffix.lower() != ".json":
        return []
    data = coco.load(path)
    if layout in ("auto", "coco") and coco.is_coco(data):
        return [("coco", scene) for scene in coco.read(path, data)]
    if layout in ("auto", "events") and event_lists.is_events(data):
        return [("events", scene) for scene in event_lists.read_json(path, data)]
    return []


def _name(root: Path, scene: Path) -> str:
    return scene.relative_to(root).as_posix() if scene != root else (root.name or root.resolve().name)


def _unique(scenes: Sequence[Scene]) -> None:
    names = [scene.name for scene in scenes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SettingsError(f"{redact(twice)}: two scenes have this name; give one of their folders")
