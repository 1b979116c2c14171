"""Draws `docs/images/architecture.svg`: the layers of `chat/` and the imports between its packages.

`.venv/bin/python scripts/architecture.py`; a test says when the picture has fallen behind. `LAYERS` is the one table of
the layers, and `tests/test_architecture.py` enforces it.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "architecture.svg"


@dataclass(frozen=True, slots=True)
class Layer:
    """Packages and modules at the same height: each may import from its own layer and from the layers below."""

    name: str
    does: str
    parts: tuple[str, ...]


# From top to bottom. A part is a package or a module directly inside `chat`; "chat" is `chat/__init__.py`.
LAYERS = (
    Layer("Start", "builds the app; command line", ("chat", "chat.cli", "chat.backup")),
    Layer("Transports", "parse, guard, one call, encode", ("chat.routes", "chat.sockets")),
    Layer("Middleware", "request checks, response headers", ("chat.openapi", "chat.middleware")),
    Layer("Controllers", "what the app does", ("chat.controllers",)),
    Layer("Handles", "the running app's parts", ("chat.current",)),
    Layer("Realtime, store", "what clients see now; what is kept", ("chat.realtime", "chat.store")),
    Layer("Models, libraries", "pure changes; third parties", ("chat.lib", "chat.models")),
    Layer(
        "Shapes and settings",
        "what comes in, goes out, fails",
        ("chat.events", "chat.answers", "chat.schemas", "chat.errors", "chat.config", "chat.rates", "chat.version"),
    ),
)
HEIGHTS = {part: -number for number, layer in enumerate(LAYERS) for part in layer.parts}

Imports = dict[str, set[str]]


def imports(*folders: str) -> Imports:
    """Each module below these folders of the project, with those among them that it imports, at the top or anywhere."""
    paths = {_name(path): path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))}
    found: Imports = {name: set() for name in paths}
    for name, path in paths.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                submodules = {f"{node.module}.{alias.name}" for alias in node.names} & paths.keys()
                found[name] |= submodules or {node.module}
        found[name] &= paths.keys() - {name}
    return found


def part(module: str) -> str:
    """The row of `LAYERS` that a module belongs to. Raises KeyError if it has none."""
    name = ".".join(module.split(".")[:2])
    if name not in HEIGHTS:
        raise KeyError(f"{name} has no layer: add it to LAYERS in scripts/architecture.py")
    return name


def arrows(modules: Imports) -> list[tuple[str, str]]:
    """The imports between parts, without those that a longer way of arrows shows already.

    Raises ValueError if parts import each other in a cycle.
    """
    direct: Imports = {part(module): set() for module in modules}
    for module, targets in modules.items():
        direct[part(module)] |= {part(target) for target in targets} - {part(module)}
    below: Imports = {}

    def reachable(start: str, trail: tuple[str, ...] = ()) -> set[str]:
        if start in trail:
            raise ValueError("a cycle of imports: " + " -> ".join((*trail, start)))
        if start not in below:
            below[start] = direct[start].union(*(reachable(target, (*trail, start)) for target in direct[start]))
        return below[start]

    return sorted(
        (source, target)
        for source, targets in direct.items()
        for target in targets
        if reachable(source) and not any(target in reachable(other) for other in targets - {target})
    )


WIDTH, BAND, LEFT = 960, 78, 236  # pixels: the picture, the height of a layer, the column with its name
BOX_HEIGHT, GAP = 38, 14

STYLE = """
    text { font: 14px system-ui, sans-serif; fill: #1f2328 }
    .name { font-weight: 600 } .does { font-size: 12px; fill: #59636e }
    .part { text-anchor: middle; font-family: ui-monospace, monospace; font-size: 13px }
    .page { fill: #ffffff } .odd { fill: #f3f5f7 } rect.box { fill: #ffffff; stroke: #59636e }
    path { fill: none; stroke: #0969da; stroke-width: 1.3; opacity: .75 }
    marker path { fill: #0969da; stroke: none; opacity: 1 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .does { fill: #9198a1 } .page { fill: #0d1117 } .odd { fill: #161b22 }
      rect.box { fill: #0d1117; stroke: #9198a1 } path { stroke: #58a6ff } marker path { fill: #58a6ff }
    }"""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a part is drawn; ``x`` is its left edge, ``y`` its upper one."""

    x: float
    y: float
    width: float

    def port(self, number: int, count: int) -> float:
        """The x of the ``number``-th of ``count`` arrows that begin or end at one edge."""
        return self.x + self.width * (number + 1) / (count + 1)


def svg(modules: Imports) -> str:
    """The picture."""
    present = {part(module) for module in modules}
    layers = [(layer, [name for name in layer.parts if name in present]) for layer in LAYERS]
    layers = [(layer, parts) for layer, parts in layers if parts]
    boxes = {name: box for row, (_, parts) in enumerate(layers) for name, box in _row(row, parts)}
    height = BAND * len(layers)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        "  <title>The layers of chat/; an arrow means imports</title>",
        f"  <style>{STYLE}\n  </style>",
        '  <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker>',
        f'  <rect class="page" width="{WIDTH}" height="{height}"/>',
    ]
    for row, (layer, _) in enumerate(layers):
        top = row * BAND
        if row % 2:
            lines.append(f'  <rect class="odd" y="{top}" width="{WIDTH}" height="{BAND}"/>')
        lines.append(f'  <text class="name" x="16" y="{top + 36}">{escape(layer.name)}</text>')
        lines.append(f'  <text class="does" x="16" y="{top + 54}">{escape(layer.does)}</text>')
    lines += [f'  <path marker-end="url(#tip)" d="{curve}"/>' for curve in _curves(arrows(modules), boxes)]
    for name, box in boxes.items():
        lines.append(
            f'  <rect class="box" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{BOX_HEIGHT}" rx="6"/>'
        )
        middle = box.x + box.width / 2
        lines.append(f'  <text class="part" x="{middle:.1f}" y="{box.y + 24:.1f}">{_label(name)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _row(row: int, parts: list[str]) -> Iterable[tuple[str, Box]]:
    """The boxes of one layer, side by side in its middle."""
    room = WIDTH - LEFT - GAP
    width = min(180.0, (room - GAP * (len(parts) - 1)) / len(parts))
    start = LEFT + (room - width * len(parts) - GAP * (len(parts) - 1)) / 2
    top = row * BAND + (BAND - BOX_HEIGHT) / 2
    return [(name, Box(start + number * (width + GAP), top, width)) for number, name in enumerate(parts)]


def _curves(pairs: list[tuple[str, str]], boxes: dict[str, Box]) -> Iterable[str]:
    """A path for each arrow: from the lower edge of its source to the upper edge of its target, or to the lower edge
    of a neighbour in the same layer."""
    leaving = {name: sorted((t for s, t in pairs if s == name), key=lambda t: boxes[t].x) for name in boxes}
    arriving = {name: sorted((s for s, t in pairs if t == name), key=lambda s: boxes[s].x) for name in boxes}
    for source, target in pairs:
        start, end = boxes[source], boxes[target]
        x1 = start.port(leaving[source].index(target), len(leaving[source]))
        x2 = end.port(arriving[target].index(source), len(arriving[target]))
        y1, y2 = start.y + BOX_HEIGHT, end.y
        if start.y == end.y:
            y2, bend1, bend2 = y1, y1 + 18, y1 + 18
        else:
            bend1, bend2 = y1 + (BAND - BOX_HEIGHT), y2 - (BAND - BOX_HEIGHT)
        yield f"M{x1:.1f} {y1:.1f}C{x1:.1f} {bend1:.1f} {x2:.1f} {bend2:.1f} {x2:.1f} {y2:.1f}"


def _label(name: str) -> str:
    folder = (ROOT / name.replace(".", "/")).is_dir()
    return "create_app" if name == "chat" else name.removeprefix("chat.") + ("/" if folder else "")


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


if __name__ == "__main__":
    PICTURE.write_text(svg(imports("chat")))
