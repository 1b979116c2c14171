"""Looks over the shoulder of every attack: no answer may hold what stays inside, and none may be a breakdown."""

import json
import re
from typing import Any

import requests

FORBIDDEN_KEYS = {"password", "passwordhash", "password_hash", "hash", "fingerprint", "sessions", "secret", "__v"}
HASH = re.compile(r"\$2[abxy]\$\d\d\$|pbkdf2:|scrypt:|\$argon2")
INSIDES = re.compile(r"Traceback \(most recent|File \"[^\"]+\", line \d+|site-packages|sqlite3\.|pymongo\.|werkzeug\.")


class Watch:
    """What was seen in all answers and socket frames of a run."""

    def __init__(self) -> None:
        self.seen = 0
        self.hashes: list[str] = []
        self.insides: list[str] = []
        self.breakdowns: list[str] = []
        self.versions: set[str] = set()

    def answer(self, answer: requests.Response) -> None:
        """Look at an answer."""
        where = f"{answer.request.method} {answer.request.path_url:.80}: {answer.status_code}"
        if answer.status_code >= 500:
            self.breakdowns.append(where)
        self.versions.add(answer.headers.get("Server", ""))
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith(("application/json", "text/html")):
            self.text(answer.text, where)

    def text(self, text: str, where: str) -> None:
        """Look at a text that the server sent."""
        self.seen += 1
        if HASH.search(text) or keys(_json(text)) & FORBIDDEN_KEYS:
            self.hashes.append(f"{where} {text:.120}")
        if '"internal_error"' in text:
            self.breakdowns.append(f"{where} {text:.120}")
        if INSIDES.search(text):
            self.insides.append(f"{where} {text:.120}")


def keys(value: Any) -> set[str]:
    """The names of all fields in there, however deep, in small letters."""
    if isinstance(value, dict):
        return {str(key).lower() for key in value}.union(*(keys(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(keys(inner) for inner in value))
    return set()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
