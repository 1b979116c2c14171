"""Every address that changes something or needs a login, with a body that would be taken."""

from dataclasses import dataclass
from typing import Any

from tests.attacks.target import Target

THUMB = "%F0%9F%91%8D"


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a path and a body; words in braces stand for ids."""

    method: str
    path: str
    body: Any = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.replace(THUMB, '{emoji}')}"


ENTRANCE = (
    Route("POST", "/api/auth/signup", {"fullName": "Eve", "email": "{email}", "password": "{password}"}),
    Route("POST", "/api/auth/login", {"email": "{email}", "password": "{password}"}),
    Route("POST", "/api/auth/logout"),
)
CHANGING = (
    Route("PUT", "/api/auth/update-profile", {"fullName": "Changed"}),
    Route("PUT", "/api/auth/password", {"currentPassword": "{password}", "newPassword": "{password}2"}),
    Route("PUT", "/api/auth/email", {"email": "{email}", "password": "{password}"}),
    Route("POST", "/api/auth/confirmation"),
    Route("DELETE", "/api/auth/sessions"),
    Route("DELETE", "/api/auth/sessions/{session}"),
    Route("DELETE", "/api/auth/account", {"password": "{password}"}),
    Route("POST", "/api/messages/send/{friend}", {"text": "changed"}),
    Route("PUT", "/api/messages/{message}", {"text": "changed"}),
    Route("DELETE", "/api/messages/{message}"),
    Route("PUT", f"/api/messages/{{message}}/reactions/{THUMB}"),
    Route("DELETE", f"/api/messages/{{message}}/reactions/{THUMB}"),
    Route("POST", "/api/messages/read", {"conversation": "{conversation}", "seq": 1}),
    Route("POST", "/api/messages/block/{friend}"),
    Route("DELETE", "/api/messages/block/{friend}"),
    Route("POST", "/api/rooms", {"name": "Changed", "public": False, "members": ["{friend}"]}),
    Route("PUT", "/api/rooms/{room}", {"name": "Changed"}),
    Route("DELETE", "/api/rooms/{room}"),
    Route("PUT", "/api/rooms/{room}/owners/{me}"),
    Route("POST", "/api/rooms/{room}/join"),
    Route("POST", "/api/rooms/{room}/members", {"userId": "{friend}"}),
    Route("DELETE", "/api/rooms/{room}/members/{me}"),
    Route("POST", "/api/rooms/{room}/messages", {"text": "changed"}),
)
READING = (
    Route("GET", "/api/auth/check"),
    Route("GET", "/api/auth/sessions"),
    Route("GET", "/api/auth/export"),
    Route("GET", "/api/messages/users"),
    Route("GET", "/api/messages/{friend}"),
    Route("GET", "/api/messages/search?q=a"),
    Route("POST", "/api/messages/sync", {"cursors": {}}),
    Route("GET", "/api/rooms"),
    Route("GET", "/api/rooms/{room}"),
    Route("GET", "/api/rooms/{room}/messages"),
)
REASON = {"reason": "because"}
ADMINS = (  # what only admins can do
    Route("GET", "/api/admin/users"),
    Route("GET", "/api/admin/users/{friend}"),
    Route("POST", "/api/admin/users/{friend}/deactivate", REASON),
    Route("POST", "/api/admin/users/{friend}/reactivate", REASON),
    Route("POST", "/api/admin/users/{friend}/log-out", REASON),
    Route("PUT", "/api/admin/users/{me}/admin", REASON),
    Route("DELETE", "/api/admin/users/{friend}/admin", REASON),
    Route("GET", "/api/admin/users/{friend}/export?reason=because"),
    Route("DELETE", "/api/admin/users/{friend}", REASON),
    Route("POST", "/api/admin/users/{friend}/reset-link", REASON),
    Route("GET", "/api/admin/reports"),
    Route("POST", "/api/admin/reports/{message}", {"outcome": "dismissed", "reason": "because"}),
    Route("DELETE", "/api/admin/messages/{message}", REASON),
    Route("POST", "/api/admin/invitations", {"days": 1}),
    Route("GET", "/api/admin/invitations"),
    Route("DELETE", "/api/admin/invitations/{friend}"),
    Route("GET", "/api/admin/rooms"),
    Route("PUT", "/api/admin/rooms/{room}", {"messageTtlDays": 1, **REASON}),
    Route("DELETE", "/api/admin/rooms/{room}", REASON),
    Route("GET", "/api/admin/log"),
    Route("GET", "/api/admin/log/export"),
)
GUARDED = CHANGING + READING + ADMINS
WITH_BODY = tuple(route for route in ENTRANCE + GUARDED if route.body)


class Household:
    """A user with one of everything that an address may name: a friend, a message, a room, a second login."""

    def __init__(self, target: Target) -> None:
        self.me, self.friend = target.person("Hanna"), target.bob
        self.message = self.me.send(self.friend, "unchanged")["_id"]
        self.room = self.me.call("POST", "/api/rooms", {"name": "Unchanged"})["_id"]
        self.me.log_in()
        sessions = self.me.call("GET", "/api/auth/sessions")
        self.session = next(session["id"] for session in sessions if not session["current"])

    def fill(self, template: Any) -> Any:
        """A path or a body with the ids of this household."""
        names = {"friend": self.friend.id, "message": self.message, "room": self.room, "me": self.me.id}
        names |= {"session": self.session, "conversation": self.me.conversation(self.friend)}
        return fill(template, "", **names, email=self.me.email, password=self.me.password)

    def state(self) -> Any:
        """All that an attack could change; the times of last use aside."""
        me, paths = self.me, ("/api/auth/check", f"/api/messages/{self.friend.id}", "/api/rooms", "/api/messages/users")
        seen = [me.call("GET", path) for path in (*paths, f"/api/rooms/{self.room}/messages")]
        people = [entry for entry in seen[3] if entry["_id"] == self.friend.id]
        steady = [{k: v for k, v in entry.items() if k != "lastSeen"} for entry in people]
        sessions = [session["id"] for session in me.call("GET", "/api/auth/sessions")]
        return [*seen[:3], seen[4], steady, sessions]


def fill(template: Any, otherwise: str, **names: str) -> Any:
    """A path or a body with names for the words in braces, ``otherwise`` for those without one."""
    if isinstance(template, dict):
        return {key: fill(value, otherwise, **names) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, otherwise, **names) for value in template]
    if not isinstance(template, str):
        return template
    words = ("friend", "message", "room", "me", "session", "conversation", "email", "password")
    for word in words:
        template = template.replace(f"{{{word}}}", names.get(word, otherwise))
    return template
