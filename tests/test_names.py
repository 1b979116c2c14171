"""Names and emails: what can't be seen is refused, and the same text is the same account."""

from collections.abc import Callable

import pytest

from chat.errors import BadRequestError
from chat.models.user import is_email, normal_email
from chat.models.values import clean_name
from tests.clients.http import PASSWORD, Browser, Person

SignUp = Callable[..., Person]
UNSEEN = {
    "a direction": "Ann\u202eeve",
    "a direction's isolate": "\u2066Ann\u2069",
    "a mark": "Ann\u200f",
    "no width": "A\u200bnn",
    "a word joiner": "A\u2060nn",
    "a byte order mark": "\ufeffAnn",
    "a soft hyphen": "A\u00adnn",
    "a joiner between letters": "A\u200dnn",
    "a variation of a letter": "A\ufe0fnn",
    "a tag": "Ann\U000e0041",
    "a filler": "\u3164",
    "a line break": "Ann\nEve",
    "a tab": "Ann\tEve",
    "an escape": "Ann\x1b[2J",
    "a C1 control": "Ann\x85Eve",
    "a private character": "Ann\ue000",
    "an unassigned character": "Ann\u0378",
    "Braille's blank": "\u2800",
}


@pytest.mark.parametrize("name", UNSEEN.values(), ids=UNSEEN.keys())
def test_a_name_with_what_cannot_be_seen_is_refused(sign_up: SignUp, client: Browser, name: str) -> None:
    ann = sign_up("Ann")
    body = {"fullName": name, "email": "eve@example.org", "password": PASSWORD}
    assert client.post("/api/auth/signup", body).status_code == 400
    assert ann.http.put("/api/auth/update-profile", {"fullName": name}).status_code == 400
    assert ann.http.post("/api/rooms", {"name": name}).status_code == 400
    room = ann.create_room("Design")["_id"]
    assert ann.http.put(f"/api/rooms/{room}", {"name": name}).status_code == 400


@pytest.mark.parametrize(
    "name",
    ["Ann", "Zoë O'Brien-Smith", "علی\u200cرضا", "שלום", "王小明", "한국어", "ไทย", "Design ❤️",
     "👩\u200d💻 Dev 👍🏽", "1️⃣ First",
     "👨\u200d👩\u200d👧 Family", "🇩🇪 Berlin", "<b>&", "C# & C++"],
)  # fmt: skip
def test_names_of_all_languages_and_emoji_are_kept(name: str) -> None:
    assert clean_name(name, "name") == name


def test_a_name_is_composed_and_its_spaces_are_plain() -> None:
    assert clean_name("  Jose\u0301\u00a0Garci\u0301a ", "name") == "José García"
    with pytest.raises(BadRequestError, match="the name is missing"):
        clean_name(" \n", "name")


@pytest.mark.parametrize("email", ["Jose\u0301@example.org", "JOSÉ@Example.org", "ｊｏｓé@example.org"])
def test_an_email_is_one_account_however_it_is_composed(sign_up: SignUp, client: Browser, email: str) -> None:
    ann = sign_up("Ann", "josé@example.org")
    assert ann.user["email"] == "josé@example.org"
    taken = client.post("/api/auth/signup", {"fullName": "Eve", "email": email, "password": PASSWORD})
    assert (taken.status_code, taken.json()["code"]) == (400, "user_exists")
    assert client.post("/api/auth/login", {"email": email, "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    "email",
    ["a\u200bnn@example.org", "ann@exam\u00adple.org", "ann\u202e@example.org", "an\x07n@example.org", "ann@\x7f"],
)
def test_an_email_with_what_cannot_be_seen_is_refused(client: Browser, email: str) -> None:
    answer = client.post("/api/auth/signup", {"fullName": "Eve", "email": email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "email", ["a@b", "ann+x@example.org", "שלום@example.org", "علی@مثال.org", "o'brien@example.org"]
)
def test_other_emails_are_fine(email: str) -> None:
    assert normal_email(email) == email
    assert is_email(email)


@pytest.mark.parametrize("email", ["jose\u0301@example.org", "a\u200bnn@example.org"])
def test_an_account_of_before_keeps_its_email(app: object, client: Browser, sign_up: SignUp, email: str) -> None:
    from chat.models.user import User

    parts = app.extensions["chat"]  # type: ignore[attr-defined]
    parts.store.users.add(User(email=email, full_name="Ann", password_hash=parts.passwords.hash(PASSWORD)))
    assert client.post("/api/auth/login", {"email": email, "password": PASSWORD}).status_code == 200
