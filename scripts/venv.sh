# Makes .venv with the requirements of the file named in $1, unless it has them. Sourced by the scripts beside it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The first that really runs: a version manager leaves commands for versions that are switched off.
for python in python3 python3.13 python3.12 python3.11 ""; do
    [ -n "$python" ] || break
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed: install python3 (Debian, Ubuntu: apt-get install python3 python3-venv)." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "Python's venv module is missing: apt-get install python3-venv" >&2
    exit 1
fi

stamp=.venv/.$(basename "$1").$(cat requirements*.txt | cksum | cut -d' ' -f1)
if [ ! -e "$stamp" ]; then
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    echo "Installing $1 into .venv ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$1"
    touch "$stamp"
fi
export PATH="$PWD/.venv/bin:$PATH"
