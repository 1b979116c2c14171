"""Fills the chat with a dozen demo users, pictures and a few conversations: `.venv/bin/python scripts/seed.py`.

It uses the API, through Flask's test client: no server has to run. Safe to run twice, and on a database in use: users are
known by their email, messages by their clientId.
"""

import base64
import colorsys
import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chat import create_app
from chat.config import Config

PASSWORD = "password123"  # noqa: S105  # everyone may know it
NAMES = ("Ann", "Bob", "Carl", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo", "Jana", "Kim", "Lou")
CONVERSATIONS = {
    ("Ann", "Bob"): (
        "Hi Bob! Does the new chat work for you?",
        "It does. I closed the laptop in the middle of a sentence, and it was still there when I came back.",
        "That is the idea: nothing gets lost.",
        "And edits? I always find the typo after I have sent it.",
        "Edit it, delete it, react to it. Try it on this one.",
    ),
    ("Ann", "Carl"): ("Lunch at noon?", "Make it half past.", "Deal."),
    ("Dora", "Ann"): ("Do you have the slides from yesterday?", "I'll send them tonight.", "Thanks!"),
    ("Emil", "Ann"): ("The build is green again.",),
}
ROOM = (
    ("Ann", "Welcome, everyone. This room is for everything about the launch."),
    ("Fay", "The texts are done, the pictures are on their way."),
    ("Gus", "Then we are ready on Thursday."),
    ("Hana", "Thursday it is."),
)


class DemoUser:
    """A demo user, logged in. A new one gets a picture."""

    def __init__(self, app: Flask, number: int, name: str) -> None:
        self._client = app.test_client()
        account = {"fullName": name, "email": f"{name.lower()}@example.org", "password": PASSWORD}
        answer = self._client.post("/api/auth/signup", json=account)
        new = answer.status_code == 200
        self.id: str = (answer.json or {})["_id"] if new else self.call("POST", "/api/auth/login", account)["_id"]
        if new:
            self.call("PUT", "/api/auth/update-profile", {"profilePic": _picture(number, name)})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request. Exits with its message if it fails."""
        answer = self._client.open(path, method=method, json=body)
        if answer.status_code not in (200, 201):
            sys.exit(f"{method} {path}: {(answer.json or {}).get('message')}")
        return answer.json

    def send(self, path: str, text: str, client_id: str) -> None:
        """Send a message, unless it has been sent before."""
        self.call("POST", path, {"text": text, "clientId": f"seed-{client_id}"})


def main() -> None:
    """Fill the store that the settings name."""
    app = create_app(replace(Config.from_env(), rate_limits=False))
    users = {name: DemoUser(app, number, name) for number, name in enumerate(NAMES)}
    for names, texts in CONVERSATIONS.items():
        for number, text in enumerate(texts):
            sender, receiver = (users[name] for name in (names if number % 2 == 0 else names[::-1]))
            sender.send(f"/api/messages/send/{receiver.id}", text, f"{'-'.join(names)}-{number}")
    _fill_room(users)
    for user in users.values():
        user.call("POST", "/api/auth/logout")
    print(f"{len(users)} demo users are there: log in as ann@example.org, or any other, with {PASSWORD!r}.")


def _fill_room(users: dict[str, DemoUser]) -> None:
    owner = users["Ann"]
    if any(room["name"] == "Launch" for room in owner.call("GET", "/api/rooms")):
        return
    members = [users[name].id for name, _ in ROOM]
    room = owner.call("POST", "/api/rooms", {"name": "Launch", "public": True, "members": members})
    for number, (name, text) in enumerate(ROOM):
        users[name].send(f"/api/rooms/{room['_id']}/messages", text, f"launch-{number}")


def _picture(number: int, name: str) -> str:
    """An initial on a colour of its own, as a data URI."""
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(number / len(NAMES), 0.55, 0.5))
    image = Image.new("RGB", (256, 256), (red, green, blue))
    font = ImageFont.load_default(140)
    ImageDraw.Draw(image).text((128, 128), name[0], fill="white", font=font, anchor="mm")
    out = io.BytesIO()
    image.save(out, "png")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


if __name__ == "__main__":
    main()
