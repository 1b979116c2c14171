"""The architecture holds: imports point down only, and the picture shows them as they are."""

import re
from pathlib import Path

import pytest

from scripts import architecture
from scripts.architecture import HEIGHTS, LAYERS, ROOT, part

MODULES = architecture.imports("chat")
PAGE = (ROOT / "docs" / "architecture.md").read_text()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_nothing_above_it(module: str) -> None:
    above = {target for target in MODULES[module] if HEIGHTS[part(target)] > HEIGHTS[part(module)]}
    assert not above


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


def test_each_layer_names_parts_that_exist() -> None:
    assert {name for layer in LAYERS for name in layer.parts} == {part(module) for module in MODULES}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/]+\.py)`", PAGE))))
def test_the_page_names_files_that_exist(name: str) -> None:
    paths = [
        path.relative_to(ROOT) for folder in ("chat", "scripts", "tests") for path in (ROOT / folder).rglob("*.py")
    ]
    assert [path for path in paths if f"/{path}".endswith(f"/{name}")]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`@?([a-z]+_[a-z_]+)`", PAGE))))
def test_the_page_names_functions_that_exist(name: str) -> None:
    assert re.search(rf"\b{name}\b", _sources("chat"))


def test_the_code_names_tests_that_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", _sources("chat")))
    assert named
    assert not named - set(re.findall(r"def (test_\w+)", _sources("tests")))


def _sources(folder: str) -> str:
    return "".join(path.read_text() for path in Path(ROOT, folder).rglob("*.py"))
