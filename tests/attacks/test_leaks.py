"""What should not be told: files and numbers of the server, who has an account, what is private."""

from tests.attacks.checks import absent, attack, json_of, refused
from tests.attacks.target import Target
from tests.attacks.watch import HASH, keys
from tests.clients.http import shown

FILES = (
    *("/.env", "/.git/config", "/.git/HEAD", "/.flaskenv", "/wsgi.py", "/chat/config.py", "/gunicorn.conf.py"),
    *(
        "/data/chat.db",
        "/chat.db",
        "/data/jwt_secret",
        "/jwt_secret",
        "/requirements.txt",
        "/pyproject.toml",
        "/.env.example",
    ),
    *("/backup.sql", "/dump.rdb", "/docker-compose.yml", "/Dockerfile", "/id_rsa", "/.ssh/id_rsa", "/package.json"),
    *(
        "/../.env",
        "/static/../.env",
        "/%2e%2e/.env",
        "/web/../config.py",
        "/__init__.py",
        "/index.html/../../config.py",
    ),
)
INSIDE = (
    "JWT_SECRET",
    "[core]",
    "ref: refs",
    "SQLite format",
    "create_app",
    "def ",
    "import ",
    "FLASK_",
    "PRIVATE KEY",
)


@attack("asks for the server's own files", "none of them")
def test_files(target: Target) -> None:
    for path in FILES:
        answer = target.ask("GET", path)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            for word in INSIDE:
                assert answer.status_code >= 400 or word not in answer.text, f"{path}: {shown(answer)}"


CONSOLES = (
    *(
        "/console",
        "/debug",
        "/?__debugger__=yes&cmd=resource&f=style.css",
        "/server-status",
        "/actuator/env",
        "/metrics",
    ),
    *("/debug/pprof", "/phpinfo.php", "/admin", "/graphql", "/socket.io/admin", "/api/debug", "/api/admin/users"),
)


@attack("looks for consoles, debuggers and numbers that were left open", "none that opens")
def test_consoles(target: Target) -> None:
    for path in CONSOLES:
        answer = target.ask("GET", path)
        absent("Werkzeug", answer.text)
        absent("python_info", answer.text)
        kind = answer.headers.get("Content-Type", "")
        assert answer.status_code >= 400 or kind.startswith("text/html"), f"{path}: {shown(answer)}"


@attack("learns from the words of a login whether an email has an account", "the same answer to both")
def test_enumeration(target: Target) -> None:
    answers = []
    for email in (target.bob.email, f"nobody-{target.bob.id}@example.org"):
        answers.append(target.ask("POST", "/api/auth/login", json={"email": email, "password": "wrong one"}))
    for answer in answers:
        refused(answer, 400, "invalid_credentials")
        assert "Set-Cookie" not in answer.headers, dict(answer.headers)
    assert answers[0].text == answers[1].text
    assert {*answers[0].headers} - {"Date"} == {*answers[1].headers} - {"Date"}


@attack(
    "looks for password hashes and sessions in {}",
    "no such field, and nothing that looks like a hash",
    path={path: path for path in ("/api/auth/check", "/api/messages/users", "/api/auth/sessions", "/api/rooms")},
)
def test_hashes(target: Target, path: str) -> None:
    assert target.secret_message
    assert target.private_room
    answer = target.ann.ask("GET", path)
    found = keys(json_of(answer)) & {"password", "passwordhash", "password_hash", "sessions", "token", "hash"}
    assert not found, f"{found} {answer.text:.200}"
    assert not HASH.search(answer.text), f"{found} {answer.text:.200}"


USER = {"_id", "email", "fullName", "profilePic", "createdAt", "updatedAt"}


@attack("looks for more than a user's public fields, at the signup and at the login", "only the public fields")
def test_user_fields(target: Target) -> None:
    for user in (
        json_of(target.bob.ask("GET", "/api/auth/check")),
        target.bob.call("PUT", "/api/auth/update-profile", {"fullName": "Bob"}),
    ):
        assert set(user) == USER


@attack("learns from failures how the server is built", "words for people, without its inside")
def test_failures(target: Target) -> None:
    for method, path, body in (
        ("POST", "/api/auth/login", b'{"email": '),
        ("POST", "/api/auth/login", b'{"email": 7, "password": []}'),
        ("GET", "/api/messages/%ff", b""),
        ("POST", f"/api/messages/send/{target.bob.id}", b"\xff"),
    ):
        answer = target.mallory.ask(method, path, data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 404), shown(answer)
        for word in ("msgspec", "Traceback", "python", ".py", "sqlite", "mongo", "werkzeug", "flask", "orjson"):
            absent(word.lower(), answer.text.lower())


@attack("reads the presence of all without logging in", "no socket, and no list")
def test_presence(target: Target) -> None:
    opened = target.ask("GET", "/socket.io/?EIO=4&transport=polling")
    absent(target.bob.id, opened.text)
    refused(target.ask("GET", "/api/messages/users"), 401, "no_token")
