"""The WSGI entry point: `flask run` and `gunicorn wsgi:app` both start here."""

import sys

from chat import create_app
from chat.config import ConfigError
from chat.errors import ChatError

try:
    app = create_app()
except (ConfigError, ChatError, OSError) as error:
    print(f"The chat can't start: {error}", file=sys.stderr)
    sys.exit(3)  # the code with which gunicorn's workers say that starting another would not help
