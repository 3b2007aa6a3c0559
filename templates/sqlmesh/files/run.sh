#!/usr/bin/env bash
# Commands of this project. Managed by the provisioner: changes to this file are not kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
Usage: ./run.sh COMMAND
  setup                 install the tools into .venv (once)
  check                 lint, unit tests and formatting
  dev                   build into a dev environment; publishes nothing
  plan                  build into prod and publish
  run                   build what is due by its cron, and publish
  sync inputs|outputs   refresh the input views, or publish again
  sqlmesh ...           any SQLMesh command
  python ...            Python with the tools and with .env loaded

WAREHOUSE_FILE=mine.duckdb ./run.sh ... works in a file of your own, while another process has warehouse.duckdb.
TEXT
}

# The project's own tools when they are there, else those of the machine.
[ -d .venv/bin ] && PATH="$PWD/.venv/bin:$PATH"

# Read at each call, so that keys are always the newest.
if [ -f .env ]; then
  set -a
  . ./.env
  set +a
fi

setup() {
  [ -d .venv ] || python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
  # The packages hold DuckDB's extensions, so that nothing is downloaded when models run.
  .venv/bin/python -c 'from duckdb_extensions import import_extension as add; add("httpfs"); add("aws")'
}

# DuckDB lets one process at a time open its file. Says who has it open, where a tool would fail in words of its own.
free() {
  [ -f "$1" ] || return 0
  python - "$1" <<'PYTHON'
import re, sys
import duckdb

file = sys.argv[1]
try:
    duckdb.connect(file).close()
except duckdb.IOException as error:
    if "Could not set lock" not in str(error):
        raise
    holder = re.search(r"held in (.+?)(\. See|$)", str(error))
    sys.exit(
        f"{file} is open in another process: {holder[1] if holder else error}\n"
        "Wait for it or end it, or build in a file of your own: WAREHOUSE_FILE=mine.duckdb ./run.sh dev\n"
        "To read only, read the store: R/connect.R does, and so can any DuckDB that opens no file."
    )
PYTHON
}

# Views of inputs first, and the file that holds them free: SQLMesh itself looks for inputs only when a model changed.
ready() {
  free "${WAREHOUSE_FILE:-warehouse.duckdb}" && python scripts/sync.py inputs
}

command="${1:-help}"
[ $# -gt 0 ] && shift
case "$command" in
  setup) setup ;;
  check) sqlmesh lint && sqlmesh test && sqlmesh format --check ;;
  dev) ready && sqlmesh plan dev --include-unmodified --auto-apply "$@" ;;
  plan) ready && sqlmesh plan --auto-apply "$@" ;;
  run) ready && sqlmesh run "$@" ;;
  sync) free "${WAREHOUSE_FILE:-warehouse.duckdb}" && python scripts/sync.py "$@" ;;
  sqlmesh) sqlmesh "$@" ;;
  python) python "$@" ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
