"""Fills the chat with a dozen demo users, pictures and a few conversations: `.venv/bin/python scripts/seed.py`.

Safe to run twice, and on a database in use: users are known by their email, messages by their clientId.
"""

import base64
import colorsys
import io
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chat import create_app
from chat.controllers import auth, messages, rooms
from chat.controllers.messages import Content
from chat.models.user import User
from chat.store import store

PASSWORD = "password123"  # noqa: S105  # everybody may know it
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
    ("Ann", "Welcome, everybody. This room is for everything about the launch."),
    ("Fay", "The texts are done, the pictures are on their way."),
    ("Gus", "Then we are ready on Thursday."),
    ("Hana", "Thursday it is."),
)


def main() -> None:
    """Fill the store that the settings name."""
    with create_app().app_context():
        users = {name: _user(number, name) for number, name in enumerate(NAMES)}
        for names, texts in CONVERSATIONS.items():
            for number, text in enumerate(texts):
                sender, receiver = (users[name] for name in (names if number % 2 == 0 else names[::-1]))
                messages.send(sender, receiver.id, _content(f"{'-'.join(names)}-{number}", text))
        _fill_room(users)
    print(f"{len(users)} demo users are there: log in as ann@example.org, or any other, with {PASSWORD!r}.")


def _user(number: int, name: str) -> User:
    email = f"{name.lower()}@example.org"
    if known := store.find_user_by_email(email):
        return known
    user, _ = auth.signup(name, email, PASSWORD, auth.Visitor("seed", "localhost"))
    return auth.update_profile(user, None, _picture(number, name))


def _fill_room(users: dict[str, User]) -> None:
    owner = users["Ann"]
    if any(room["name"] == "Launch" for room in rooms.mine_and_public(owner)):
        return
    members = [users[name].id for name, _ in ROOM]
    room = rooms.create(owner, "Launch", public=True, member_ids=members)
    for number, (name, text) in enumerate(ROOM):
        rooms.send(users[name], room["_id"], _content(f"launch-{number}", text))


def _content(client_id: str, text: str) -> Content:
    return Content(text=text, client_id=f"seed-{client_id}")


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
