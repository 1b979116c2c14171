"""What a route takes, gives and may refuse, said once above the view: its checks and its description both come from it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import get_annotations
from typing import Any, TypeVar

from chat.middleware.body import body, id_from, query
from chat.schemas import Id

T = TypeVar("T")
Fails = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One route. ``answer`` is a type, or the media type of what is not JSON; ``takes`` has the view's parameters.

    ``fails`` are the codes of the failures that are its own; those that come with the guard and with what it takes are
    added where it is described. ``token`` is the setting with the bearer token that opens it: without one it is not there.
    """

    answer: object
    statuses: tuple[int, ...]
    fails: Fails
    headers: Mapping[str, str]
    token: str
    takes: Mapping[str, Any]

    def read(self, path: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        """The view's arguments out of the request, ids first. Raises `BadRequest` or `UnsupportedMediaType`."""
        for name, text in path.items():
            yield name, id_from(text) if self.takes[name] == Id else text
        if "query" in self.takes:
            yield "query", query(self.takes["query"])
        if "body" in self.takes:
            yield "body", body(self.takes["body"])


def gives(
    answer: object, *statuses: int, fails: Fails = (), headers: Mapping[str, str] | None = None, token: str = ""
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Declare a route: what it answers, with which statuses (200), and the codes of its own failures; see `Operation`.

    The view's parameters declare what it takes, and it gets them checked: those in the address by their names, a ``body``
    and a ``query`` as the Structs that they are annotated with.
    """

    def declare(view: Callable[..., T]) -> Callable[..., T]:
        takes = {name: kind for name, kind in get_annotations(view).items() if name != "return"}
        operation = Operation(answer, statuses or (200,), fails, headers or {}, token, takes)

        @wraps(view)
        def checked(**path: str) -> T:
            return view(**dict(operation.read(path)))

        checked.__dict__["operation"] = operation
        return checked

    return declare
