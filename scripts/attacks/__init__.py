"""The attacks of `scripts/attack.py`, by what they aim at: each module is a group, each function one attack or several."""

from importlib import import_module

GROUPS = (  # in the order in which they run: what floods comes last but for what looks back on all
    *("identity", "sessions", "reading", "rooms", "blocks", "assignment", "injection", "texts", "images", "uploads"),
    *("crosssite", "headers", "leaks", "protocol", "sockets", "limits", "afterwards"),
)


def load() -> None:
    """Put all attacks on the list."""
    for group in GROUPS:
        import_module(f"scripts.attacks.{group}")
