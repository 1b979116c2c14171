"""The house: imports go downwards only, and no module goes around in a circle."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {
    **{"chat": 6, "chat.cli": 6},
    **{"chat.routes": 5, "chat.sockets": 5},
    **{"chat.middleware": 4, "chat.openapi": 4},
    "chat.controllers": 3,
    "chat.store": 2,
    **{"chat.models": 1, "chat.lib": 1},
    **{"chat.errors": 0, "chat.config": 0, "chat.schemas": 0, "chat.answers": 0, "chat.codes": 0, "chat.events": 0},
}
MODULES = sorted(path for path in (ROOT / "chat").rglob("*.py"))


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _floor(module: str) -> int:
    return FLOORS[max((name for name in FLOORS if module == name or module.startswith(name + ".")), key=len)]


def _imports(path: Path) -> set[str]:
    """The modules of the chat that this one imports, at the top or anywhere."""
    names = {_name(module) for module in MODULES}
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & names
            found |= submodules or {node.module}
    return found & names


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_imports_nothing_above_it(path: Path) -> None:
    above = {name for name in _imports(path) if _floor(name) > _floor(_name(path))}
    assert not above


def test_no_imports_go_in_a_circle() -> None:
    imports = {_name(path): _imports(path) for path in MODULES}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for imported in imports[module]:
                visit(imported, (*trail, module))
            done.add(module)

    for module in imports:
        visit(module, ())
