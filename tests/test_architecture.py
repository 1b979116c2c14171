"""The architecture holds: imports point down only, never in a cycle, and the picture shows them as they are."""

import pytest

from scripts import architecture
from scripts.architecture import HEIGHTS, LAYERS, part

MODULES = architecture.imports()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_nothing_above_it(module: str) -> None:
    above = {target for target in MODULES[module] if HEIGHTS[part(target)] > HEIGHTS[part(module)]}
    assert not above


def test_no_imports_form_a_cycle() -> None:
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for imported in MODULES[module]:
                visit(imported, (*trail, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


def test_a_part_stands_in_one_layer() -> None:
    parts = [name for layer in LAYERS for name in layer.parts]
    assert len(parts) == len(set(parts))


def test_a_new_package_needs_a_layer() -> None:
    with pytest.raises(KeyError, match=r"chat\.invented has no layer"):
        part("chat.invented.module")


def test_the_picture_leaves_out_arrows_that_others_imply() -> None:
    modules = {"chat.routes": {"chat.controllers", "chat.errors"}, "chat.controllers": {"chat.errors"}}
    modules["chat.errors"] = set()
    assert architecture.arrows(modules) == [("chat.controllers", "chat.errors"), ("chat.routes", "chat.controllers")]


def test_packages_that_import_each_other_are_refused() -> None:
    modules = {"chat.lib.a": {"chat.models.a"}, "chat.models.a": set(), "chat.models.b": {"chat.lib.a"}}
    with pytest.raises(ValueError, match="a cycle of imports"):
        architecture.arrows(modules)


def test_the_picture_is_up_to_date() -> None:
    assert architecture.PICTURE.read_text() == architecture.svg(MODULES), "run scripts/architecture.py"
