"""The WSGI entry point: `flask run` and `gunicorn wsgi:app` both start here."""

from chat import create_app

app = create_app()
