"""What the project's Python imports: never in a cycle, and what runs on its own imports nothing that it shouldn't."""

import pytest

from scripts.architecture import imports
from tests.services import ROOT

FOLDERS = ("tests", "scripts", "benchmarks")
IMPORTS = imports("chat", *FOLDERS)


def test_no_imports_form_a_cycle() -> None:
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for imported in IMPORTS[module]:
                visit(imported, (*trail, module))
            done.add(module)

    for module in IMPORTS:
        visit(module, ())


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_import_is_for_the_type_checker_only(folder: str) -> None:
    assert not [path for path in (ROOT / folder).rglob("*.py") if "TYPE_" + "CHECKING" in path.read_text()]


def test_scripts_import_neither_tests_nor_benchmarks() -> None:
    for name, imported in IMPORTS.items():
        if name.startswith("scripts"):
            assert not {other for other in imported if other.startswith(("tests", "benchmarks"))}, name


def test_attacks_do_not_import_what_they_attack() -> None:
    found = {name for name in IMPORTS if name.startswith("tests.attacks")}
    while more := set().union(*(IMPORTS[name] for name in found)) - found:
        found |= more
    assert not {name for name in found if name.partition(".")[0] == "chat"}
