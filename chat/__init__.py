"""A chat backend: the factory puts the parts together."""

import logging
from functools import partial
from wsgiref.types import WSGIApplication

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from chat import cli
from chat.config import Config
from chat.current import EXTENSION, Parts
from chat.lib import image_process, logs
from chat.lib.image_stores import open_image_store
from chat.lib.images import Images
from chat.lib.limits import Limits
from chat.lib.mail import Mailer
from chat.lib.metrics import Metrics
from chat.lib.passwords import Passwords
from chat.lib.recent import Recent
from chat.lib.slots import Slots
from chat.lib.tokens import Tokens
from chat.middleware import chores, failures, metrics, origins
from chat.middleware.auth import credential
from chat.middleware.headers import SecurityHeaders
from chat.middleware.proxies import UntrustedProxies
from chat.openapi import ALIAS
from chat.realtime import server, stalls
from chat.realtime.bus import Bus, MessagesLost, UserChanged
from chat.realtime.connections import Connections
from chat.realtime.directory import Directory
from chat.realtime.emitter import Emitter
from chat.realtime.presence import Presence
from chat.realtime.sessions import Sessions
from chat.routes import admin, auth, docs, messages, rooms, site
from chat.sockets import CLIENT_EVENTS
from chat.store import open_store
from chat.store.cache import CachedUsers

log = logging.getLogger(__name__)
__all__ = ["create_app"]


def create_app(config: Config | None = None) -> Flask:
    """The app with its settings, by default those of the environment. Raises `ConfigError`."""
    config = config or Config.from_env()
    logs.setup(config.production)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = config.max_request_bytes
    app.extensions[EXTENSION] = parts = _build(config)
    if config.production and config.signup is None:
        log.warning("ANYONE WHO KNOWS THE ADDRESS CAN JOIN: set SIGNUP=invite, or SIGNUP=open if that is meant")
    failures.init_app(app)
    origins.init_app(app, config)
    chores.init_app(app, config)
    metrics.init_app(app, parts.metrics)
    for blueprint in (auth.bp, messages.bp, rooms.bp, admin.bp, site.bp, docs.bp):
        app.register_blueprint(blueprint)
    app.register_blueprint(messages.bp, name=ALIAS, url_prefix="/api/message")
    cli.init_app(app)
    server.init_app(
        app,
        config,
        parts.bus,
        known_events=CLIENT_EVENTS.keys(),
        may_connect=partial(origins.may_connect, config),
        check_host=partial(origins.require_known_host, config),
        credential=credential,
        admit=partial(parts.limits.hit, "connects_from"),
    )
    users = parts.store.users
    Sessions(parts.connections, parts.emitter, parts.bus, users.sessions_alive, users.endings)
    if config.stall_ms:
        stalls.watch(config.stall_ms / 1000, parts.metrics.count_stall)
    app.wsgi_app = _wrapped(app.wsgi_app, config)  # type: ignore[assignment, method-assign]  # Flask's own way to wrap it
    return app


def _build(config: Config) -> Parts:
    """The parts of an app, from the bottom up."""
    connections = Connections(config)
    bus = Bus(config.redis_url, None if config.mongo_url else config.data_dir)
    store = open_store(config.mongo_url, config.data_dir)
    store.users = users = CachedUsers(store.users, lambda user_id: bus.publish(UserChanged(user_id)))
    bus.subscribe(UserChanged, lambda change: users.forget(change.user_id))
    bus.subscribe(MessagesLost, lambda lost: users.forget())
    emitter = Emitter(connections)
    presence = Presence(connections, bus, emitter)
    Directory(bus, presence)
    image_store = open_image_store(config.cloudinary, config.data_dir, config.public_url)
    return Parts(
        config=config,
        store=store,
        cached_users=users,
        images=Images(image_store, image_process.shared, config.max_image_bytes, config.max_image_pixels),
        limits=Limits(config),
        slots=Slots(config.rate_limits),
        mailer=Mailer(config.smtp_url or "", config.mail_from),
        metrics=Metrics(online_users=lambda: len(presence.here()), sockets=connections.count),
        passwords=Passwords(config.bcrypt_cost),
        tokens=Tokens(
            config.jwt_secret,
            config.jwt_secret_previous,
            idle_days=config.session_idle_days,
            max_days=config.session_max_days,
        ),
        announced=Recent(size=10_000),  # messages
        bus=bus,
        connections=connections,
        emitter=emitter,
        presence=presence,
    )


def _wrapped(wsgi_app: WSGIApplication, config: Config) -> WSGIApplication:
    """What applies to the responses of Flask and of Socket.IO alike wraps both."""
    wsgi_app = SecurityHeaders(wsgi_app, config.production)
    if proxies := config.trusted_proxies:
        return ProxyFix(wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)
    return UntrustedProxies(wsgi_app)
