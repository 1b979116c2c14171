"""A memory of what happened recently."""

from collections import OrderedDict


class Recent:
    """The ids that were added last, at most ``size`` of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._ids: OrderedDict[str, None] = OrderedDict()

    def add(self, id: str) -> None:
        """Remember an id; the oldest is forgotten if there are too many."""
        self._ids[id] = None
        if len(self._ids) > self._size:
            self._ids.popitem(last=False)

    def discard(self, id: str) -> None:
        """Forget an id."""
        self._ids.pop(id, None)

    def __contains__(self, id: str) -> bool:
        return id in self._ids
