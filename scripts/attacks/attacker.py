"""An account with a session: who asks, who is asked, and whom it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from scripts.attacks.checks import Unexpected, content, shown, went_well
from scripts.attacks.wire import Socket

if TYPE_CHECKING:
    from scripts.attacks.world import World


class Attacker:
    """Somebody with an account; the token is the one of their latest login."""

    def __init__(self, world: World, name: str, email: str, password: str) -> None:
        self.world, self.name, self.email, self.password = world, name, email, password
        self.id = self.token = ""

    def sign_up(self) -> None:
        """Make the account."""
        body = {"fullName": self.name, "email": self.email, "password": self.password}
        self._enter(self.world.ask("POST", "/api/auth/signup", json=body))

    def log_in(self) -> Attacker:
        """The same person on another device."""
        other = Attacker(self.world, self.name, self.email, self.password)
        body = {"email": self.email, "password": self.password}
        other._enter(self.world.ask("POST", "/api/auth/login", json=body))
        return other

    def ask(self, method: str, path: str, json: Any = None, **options: Any) -> requests.Response:
        """A request of mine; ``json`` is its body."""
        return self.world.ask(method, path, self.token, json=json, **options)

    def call(self, method: str, path: str, json: Any = None) -> Any:
        """The content of the answer to a request that has to go well."""
        return went_well(self.ask(method, path, json))

    def send(self, to: Attacker, text: str, **fields: Any) -> dict[str, Any]:
        """Send a message that is taken; the message."""
        message: dict[str, Any] = self.call("POST", f"/api/messages/send/{to.id}", {"text": text, **fields})
        return message

    def conversation(self, other: Attacker) -> str:
        """The id of what the two of us write to each other."""
        return "_".join(sorted((self.id, other.id)))

    def texts_with(self, other: Attacker) -> list[str]:
        """What the conversation with that person says, as I see it."""
        return [message.get("text", "") for message in self.call("GET", f"/api/messages/{other.id}")]

    def socket(self, **options: Any) -> Socket:
        """An open socket of mine."""
        return Socket(self.world, **{"token": self.token, **options})

    def delete(self) -> bool:
        """Delete the account; whether it is gone."""
        answer = self.ask("DELETE", "/api/auth/account", {"password": self.password})
        if answer.status_code == 401:  # this session has ended
            self.token = self.log_in().token
            answer = self.ask("DELETE", "/api/auth/account", {"password": self.password})
        return answer.status_code == 200 or (content(answer) or {}).get("code") == "user_not_found"

    def _enter(self, answer: requests.Response) -> None:
        user = went_well(answer)
        self.token = _cookie(answer)
        if not isinstance(user, dict) or not isinstance(user.get("_id"), str) or not self.token:
            raise Unexpected(f"no account could be made: {shown(answer)}")
        self.id = user["_id"]


def _cookie(answer: requests.Response) -> str:
    """The session's token in an answer; empty where there is none."""
    for cookie in answer.raw.headers.getlist("Set-Cookie"):
        name, _, value = cookie.partition("=")
        if name == "jwt":
            return str(value.partition(";")[0])
    return ""
