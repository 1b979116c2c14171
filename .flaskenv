FLASK_APP=wsgi
# From the environment only: flask reads this file before .env. scripts/start and gunicorn take PORT from both.
FLASK_RUN_PORT=${PORT:-3000}
