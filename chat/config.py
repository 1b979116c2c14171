"""Settings: the only reader of the environment.

`Config.from_env` fails fast and names the variable: if a server starts, its settings make sense. The module is long because
it is the one list of all settings.
"""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from dotenv import dotenv_values

from chat.rates import Rate, Rates

ROOT = Path(__file__).resolve().parent.parent
MIN_BCRYPT_COST = 10  # in production: bcrypt's customary default, and the cost in existing databases
MIN_SECRET_LENGTH = 32  # RFC 7518, 3.2: an HS256 key is at least as long as the hash, 256 bits
MAKE_ONE = 'make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
T = TypeVar("T")
# No pattern and no list of hosts: an origin that is allowed is allowed with the user's cookies.
_ORIGIN = re.compile(r"https?://([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)
Signup = Literal["open", "invite", "closed"]
Emails = Literal["everyone", "admins"]


class ConfigError(RuntimeError):
    """A setting is missing or makes no sense; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Cloudinary:
    """An account at Cloudinary; ``upload_prefix`` is another address of its API, for tests and proxies."""

    cloud_name: str
    api_key: str
    api_secret: str = field(repr=False)
    upload_prefix: str | None = None


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings. Each field is the environment variable of the same name in capitals."""

    app_env: str = "development"
    port: int = 3000
    data_dir: Path = Path("data")
    jwt_secret: str = field(repr=False)
    jwt_secret_previous: str | None = field(default=None, repr=False)
    mongo_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    cloudinary: Cloudinary | None = None
    client_origins: tuple[str, ...] = ("http://localhost:5173",)
    public_url: str = ""
    frontend_dist: Path = Path("../frontend/dist")
    metrics_token: str | None = field(default=None, repr=False)
    allow_query_user_id: bool = False
    trusted_proxies: int = 0  # in front of the server: that many entries at the end of X-Forwarded-For are believed
    rate_limits: bool = True
    rates: Rates = field(default_factory=Rates)
    refuse_common_passwords: bool = False
    bcrypt_cost: int = MIN_BCRYPT_COST  # 2^cost rounds

    signup: Signup | None = None  # who may create an account; None is "open", and production warns of it
    signup_domains: tuple[str, ...] = ()  # of emails that may sign up; none is all
    emails: Emails = "everyone"  # who sees the emails of others
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = ""
    verify_email: bool = False  # a new account has to follow a link that is sent to its email
    message_ttl_days: int = 0  # messages older than this lose their content; 0 is never
    session_idle_days: int = 30  # a session that is not used for so long ends
    session_max_days: int = 365  # so long after its login, any session ends

    max_text_length: int = 4000  # characters of a message
    max_name_length: int = 100  # characters of a user's or a room's name
    max_history_page: int = 1000  # messages of one page of history
    max_image_bytes: int = 5 * 2**20  # of an image, decoded
    max_image_pixels: int = 25_000_000
    max_request_bytes: int = 8 * 2**20  # of a body or a socket frame: an image of 5 MiB in base64, and some room
    max_sessions: int = 20  # of one user; the oldest ends when one more begins
    max_rooms_per_user: int = 500  # that one user owns
    max_sockets_per_user: int = 50  # to one process
    max_sockets_per_address: int = 2000  # to one process

    stall_ms: int = 0  # what blocks the event loop for so much CPU time is logged; 0 turns that off

    @property
    def production(self) -> bool:
        """Whether secrets must be strong and cookies are Secure."""
        return self.app_env == "production"

    @property
    def who_may_join(self) -> Signup:
        """Who may create an account."""
        return self.signup or "open"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read the settings from ``environ``; by default the process's environment over the file `.env`.

        Raises `ConfigError` naming the variable that is wrong.
        """
        env = _Env({**_dotenv(), **os.environ} if environ is None else environ)
        app_env = env.one_of(("development", "production"), "APP_ENV", "NODE_ENV") or "development"
        production = app_env == "production"
        data_dir = Path(env.text("DATA_DIR") or "data")
        flags = {name: env.flag(name.upper(), default) for name, default in cls._defaults(bool)}
        numbers = {name: env.number(name.upper(), default) for name, default in cls._defaults(int)}
        if production and flags["allow_query_user_id"]:
            raise ConfigError("ALLOW_QUERY_USER_ID lets anyone act as any user: unset it in production")
        if not 4 <= numbers["bcrypt_cost"] <= 31 or (production and numbers["bcrypt_cost"] < MIN_BCRYPT_COST):
            raise ConfigError(f"BCRYPT_COST is {numbers['bcrypt_cost']}: use {MIN_BCRYPT_COST} or a little more")
        if not 1 <= numbers["session_idle_days"] <= numbers["session_max_days"]:
            raise ConfigError("SESSION_IDLE_DAYS must be at least 1, and at most SESSION_MAX_DAYS")
        public_url = "".join(env.origins("PUBLIC_URL", ())[:1])
        smtp_url = _smtp_url(env, public_url)
        if flags["verify_email"] and not smtp_url:
            raise ConfigError("VERIFY_EMAIL needs a mail server: set SMTP_URL")
        return cls(
            app_env=app_env,
            data_dir=data_dir,
            jwt_secret=_jwt_secret(env.text("JWT_SECRET"), production, data_dir),
            jwt_secret_previous=_strong("JWT_SECRET_PREVIOUS", env.text("JWT_SECRET_PREVIOUS"), production),
            mongo_url=env.text("MONGO_URL", "DB_URL", "MONGODB_URI"),
            redis_url=env.text("REDIS_URL"),
            cloudinary=_cloudinary(env),
            client_origins=env.origins("CLIENT_ORIGINS", () if production else cls.client_origins),
            public_url=public_url,
            frontend_dist=ROOT / (env.text("FRONTEND_DIST") or cls.frontend_dist),
            metrics_token=env.text("METRICS_TOKEN"),
            rates=env.rates(),
            signup=cast(Signup | None, env.one_of(get_args(Signup), "SIGNUP")),
            signup_domains=env.domains("SIGNUP_DOMAINS"),
            emails=cast(Emails, env.one_of(get_args(Emails), "EMAILS") or cls.emails),
            smtp_url=smtp_url,
            mail_from=env.text("MAIL_FROM") or "",
            **cast(dict[str, Any], flags | numbers),
        )

    @classmethod
    def _defaults(cls, kind: type[T]) -> list[tuple[str, T]]:
        """The names and defaults of all settings of that type."""
        return [(one.name, cast(T, one.default)) for one in fields(cls) if one.type is kind]


class _Env:
    """The environment with types; an empty variable is an unset one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, *names: str) -> str | None:
        """The first of ``names`` that is set."""
        return next((value for name in names if (value := self._environ.get(name, "").strip())), None)

    def number(self, name: str, default: int) -> int:
        value = self._parse(name, default, int, "a whole number")
        if value < 0:
            raise ConfigError(f"{name} is {value}: it must be 0 or more")
        return value

    def flag(self, name: str, default: bool) -> bool:
        words = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)
        return self._parse(name, default, lambda value: words[value.lower()], "on or off")

    def one_of(self, allowed: tuple[str, ...], *names: str) -> str | None:
        value = self.text(*names)
        if value is not None and value not in allowed:
            raise ConfigError(f"{' or '.join(names)} is {value!r}: use {' or '.join(allowed)}")
        return value

    def origins(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self.text(name)
        if value is None:
            return default
        origins = tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ConfigError(
                    f"{name} has {origin!r}: use addresses like https://chat.example.org, comma-separated"
                )
        return origins

    def domains(self, name: str) -> tuple[str, ...]:
        domains = tuple(part.strip().lower() for part in (self.text(name) or "").split(",") if part.strip())
        for domain in domains:
            if not re.fullmatch(r"[^@\s/:]+", domain):
                raise ConfigError(f"{name} has {domain!r}: use domains like example.org, comma-separated")
        return domains

    def rates(self) -> Rates:
        wanted = "a rate such as '10 per 5 minutes'"
        rates = asdict(Rates())
        for name, default in rates.items():
            rates[name] = self._parse(f"RATE_{name.upper()}", default, _rate, wanted)
        return Rates(**rates)

    def _parse(self, name: str, default: T, parse: Callable[[str], T], wanted: str) -> T:
        value = self.text(name)
        if value is None:
            return default
        try:
            return parse(value)
        except (ValueError, KeyError):
            raise ConfigError(f"{name} is {value!r}: it must be {wanted}") from None


def _dotenv() -> dict[str, str]:
    return {name: value for name, value in dotenv_values(".env").items() if value is not None}


def _jwt_secret(secret: str | None, production: bool, data_dir: Path) -> str:
    """The secret that signs tokens. In development one is generated and kept, so that a restart logs no one out."""
    if secret := _strong("JWT_SECRET", secret, production):
        return secret
    if production:
        raise ConfigError(f"JWT_SECRET is not set: it needs {MIN_SECRET_LENGTH} characters; {MAKE_ONE}")
    kept = data_dir / "jwt_secret"
    if not kept.exists() or not kept.read_text().strip():
        data_dir.mkdir(parents=True, exist_ok=True)
        partial = data_dir / "jwt_secret.partial"  # renamed when it is whole: a crash leaves no empty secret
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(48))
        partial.rename(kept)
    return kept.read_text().strip()


def _rate(text: str) -> str:
    Rate.parse(text)  # raises ValueError
    return text


def _strong(name: str, secret: str | None, production: bool) -> str | None:
    if production and secret and len(secret) < MIN_SECRET_LENGTH:
        raise ConfigError(f"{name} is weak: it needs {MIN_SECRET_LENGTH} characters; {MAKE_ONE}")
    return secret


def _smtp_url(env: _Env, public_url: str) -> str | None:
    """The address of the mail server. Mails have links, and only PUBLIC_URL says where those lead."""
    url = env.text("SMTP_URL")
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ConfigError(
            "SMTP_URL must look like smtp://user:password@mail.example.org:587, or smtps://… for port 465"
        )
    for name, value in (("PUBLIC_URL", public_url), ("MAIL_FROM", env.text("MAIL_FROM"))):
        if not value:
            raise ConfigError(f"SMTP_URL needs {name} too")
    return url


def _cloudinary(env: _Env) -> Cloudinary | None:
    names = ("CLOUDINARY_CLOUD_NAME", "CLOUDINARY_API_KEY", "CLOUDINARY_API_SECRET")
    prefix = env.text("CLOUDINARY_UPLOAD_PREFIX")
    values = [env.text(name) for name in names]
    if (name := values[0]) and (key := values[1]) and (secret := values[2]):
        return Cloudinary(name, key, secret, prefix)
    if any(values):
        missing = ", ".join(name for name, value in zip(names, values, strict=True) if not value)
        raise ConfigError(f"Cloudinary needs all three of {', '.join(names)}; missing: {missing}")
    url = env.text("CLOUDINARY_URL")
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme != "cloudinary" or not (parts.hostname and parts.username and parts.password):
        raise ConfigError("CLOUDINARY_URL must look like cloudinary://<api_key>:<api_secret>@<cloud_name>")
    prefix = prefix or parse_qs(parts.query).get("upload_prefix", [None])[0]
    # The host as it was written: urlsplit lower-cases `hostname`, and cloud names are case-sensitive.
    cloud_name = parts.netloc.rpartition("@")[2]
    return Cloudinary(cloud_name, unquote(parts.username), unquote(parts.password), prefix)
