"""Settings: read by name, refused by name."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from chat.config import ROOT, Cloudinary, Config, ConfigError
from chat.rates import Rates

SECRET = "s" * 32


def _read(tmp_path: Path, **environ: str) -> Config:
    return Config.from_env({"DATA_DIR": str(tmp_path), **environ})


def test_nothing_has_to_be_set_in_development(tmp_path: Path) -> None:
    config = _read(tmp_path)
    assert (config.port, config.production, config.mongo_url, config.cloudinary) == (3000, False, None, None)
    assert config.client_origins == ("http://localhost:5173",)


def test_the_development_secret_is_made_once_and_kept_to_the_owner(tmp_path: Path) -> None:
    first = _read(tmp_path).jwt_secret
    assert len(first) >= 32
    assert _read(tmp_path).jwt_secret == first
    assert (tmp_path / "jwt_secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("secret", [{}, {"JWT_SECRET": "short"}, {"JWT_SECRET": "   "}])
@pytest.mark.parametrize("name", ["APP_ENV", "NODE_ENV"])
def test_production_refuses_a_missing_or_weak_secret_and_says_how_to_make_one(
    tmp_path: Path, name: str, secret: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=r"JWT_SECRET .*token_urlsafe"):
        _read(tmp_path, **{name: "production"}, **secret)


def test_production_refuses_to_believe_user_ids(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ALLOW_QUERY_USER_ID"):
        _read(tmp_path, APP_ENV="production", JWT_SECRET=SECRET, ALLOW_QUERY_USER_ID="1")


@pytest.mark.parametrize("name", ["MONGO_URL", "DB_URL", "MONGODB_URI"])
def test_the_database_has_three_names(tmp_path: Path, name: str) -> None:
    assert _read(tmp_path, **{name: "mongodb://localhost/chat"}).mongo_url == "mongodb://localhost/chat"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "three"),
        ("APP_ENV", "prod"),
        ("RATE_LIMITS", "maybe"),
        ("RATE_SENDS", "often"),
        ("MAX_SESSIONS", "-1"),
        ("CLIENT_ORIGINS", "example.org"),
        ("CLIENT_ORIGINS", "https://example.org/path"),
        ("CLIENT_ORIGINS", "*"),
        ("CLIENT_ORIGINS", "https://*.example.org"),
        ("CLIENT_ORIGINS", "https://a.example, https://b.example*"),
        ("CLIENT_ORIGINS", "https://.*"),
        ("CLIENT_ORIGINS", "https://(a|b).example"),
        ("CLIENT_ORIGINS", "https://a?.example"),
        ("CLIENT_ORIGINS", "https://[a-z].example"),
        ("CLIENT_ORIGINS", "https://user@example.org"),
        ("CLIENT_ORIGINS", "null"),
        ("PUBLIC_URL", "https://*.example.org"),
        ("CLOUDINARY_API_KEY", "only-one"),
        ("SIGNUP", "perhaps"),
        ("SIGNUP_DOMAINS", "https://example.org"),
        ("EMAILS", "no one"),
        ("SMTP_URL", "mail.example.org"),
        ("VERIFY_EMAIL", "on"),
        ("SESSION_IDLE_DAYS", "0"),
        ("SESSION_MAX_DAYS", "29"),
        ("CLOUDINARY_URL", "https://example.org"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        _read(tmp_path, **{name: value})


def test_no_other_origin_is_allowed_by_default_in_production(tmp_path: Path) -> None:
    assert _read(tmp_path, APP_ENV="production", JWT_SECRET=SECRET).client_origins == ()


def test_origins_are_a_list_with_commas(tmp_path: Path) -> None:
    config = _read(tmp_path, CLIENT_ORIGINS="https://a.example/, http://b.example:8080, http://[::1]:5173")
    assert config.client_origins == ("https://a.example", "http://b.example:8080", "http://[::1]:5173")


def test_cloudinary_is_set_by_three_names_or_one_address(tmp_path: Path) -> None:
    three = {"CLOUDINARY_CLOUD_NAME": "Demo", "CLOUDINARY_API_KEY": "k", "CLOUDINARY_API_SECRET": "s"}
    assert _read(tmp_path, **three).cloudinary == Cloudinary("Demo", "k", "s")
    assert _read(tmp_path, CLOUDINARY_URL="cloudinary://k:s@Demo").cloudinary == Cloudinary("Demo", "k", "s")


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    config = _read(tmp_path, JWT_SECRET=SECRET, CLOUDINARY_URL="cloudinary://k:hidden@d", MONGO_URL="mongodb://u:pw@h/")
    assert SECRET not in repr(config)
    assert "hidden" not in repr(config)
    assert "pw" not in repr(config)


def test_the_previous_secret_is_held_to_the_same_strength(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="JWT_SECRET_PREVIOUS is weak"):
        _read(tmp_path, APP_ENV="production", JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS="short")


def test_mail_needs_a_sender_and_the_address_where_links_lead(tmp_path: Path) -> None:
    mail = {"SMTP_URL": "smtp://u:hidden@mail.example.org:587"}
    with pytest.raises(ConfigError, match="SMTP_URL needs PUBLIC_URL too"):
        _read(tmp_path, **mail, MAIL_FROM="chat@example.org")
    with pytest.raises(ConfigError, match="SMTP_URL needs MAIL_FROM too"):
        _read(tmp_path, **mail, PUBLIC_URL="https://chat.example.org")
    config = _read(tmp_path, **mail, PUBLIC_URL="https://chat.example.org", MAIL_FROM="chat@example.org")
    assert config.smtp_url == mail["SMTP_URL"]
    assert "hidden" not in repr(config)


def test_sign_up_is_open_unless_it_is_set(tmp_path: Path) -> None:
    assert _read(tmp_path).who_may_join == "open"
    config = _read(tmp_path, SIGNUP="invite", SIGNUP_DOMAINS="Example.org, b.example")
    assert (config.who_may_join, config.signup_domains) == ("invite", ("example.org", "b.example"))


def test_rates_are_written_in_words(tmp_path: Path) -> None:
    assert _read(tmp_path, RATE_SENDS="5 per hour").rates.sends == "5 per hour"


def test_the_tables_of_limits_are_true() -> None:
    """README.md has a row for each rate and for what else the limits turn off, and .env.example the same defaults."""
    limits = {f"RATE_{name.upper()}": rate for name, rate in asdict(Rates()).items()}
    others = ("max_rooms_per_user", "max_sockets_per_user", "max_sockets_per_address", "max_sessions")
    limits |= {name.upper(): str(getattr(Config, name)) for name in others}
    rows = re.findall(r"^\|[^|]*\| ([^|]+) \| `([A-Z_]+)` \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {setting: most for most, setting in rows} == limits
    documented = (ROOT / ".env.example").read_text().splitlines()
    assert {f"# {setting}={most}" for setting, most in limits.items()} <= set(documented)
