"""How tests, scripts and benchmarks import each other: never in a cycle, and scripts import none of the others."""

import ast
from pathlib import Path

import pytest

from tests.services import ROOT

FOLDERS = ("tests", "scripts", "benchmarks")


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_name(path): path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))}


def _imports(path: Path) -> set[str]:
    """The modules of these folders that one imports, at the top or anywhere else."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            found |= submodules or {node.module}
    return found & set(MODULES)


def test_no_imports_form_a_cycle() -> None:
    imports = {name: _imports(path) for name, path in MODULES.items()}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for imported in imports[module]:
                visit(imported, (*trail, module))
            done.add(module)

    for module in imports:
        visit(module, ())


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_import_is_for_the_type_checker_only(folder: str) -> None:
    assert not [
        path
        for path in MODULES.values()
        if path.is_relative_to(ROOT / folder) and "TYPE_" + "CHECKING" in path.read_text()
    ]


def test_scripts_import_neither_tests_nor_benchmarks() -> None:
    for name, path in MODULES.items():
        if name.startswith("scripts"):
            assert not {imported for imported in _imports(path) if not imported.startswith("scripts")}, name
