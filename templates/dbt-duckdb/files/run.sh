#!/usr/bin/env bash
# Commands of this project. Managed by the provisioner: changes to this file are not kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
Usage: ./run.sh COMMAND
  setup        install the tools into .venv (once)
  check        parse the project, and look whether the store lets it in
  dev          build and test; writes below dev/, which nobody else reads
  prod         build, test and publish
  freshness    how old the inputs are
  docs         make the documentation in target/
  dbt ...      any dbt command, with .env loaded
  python ...   Python with the tools and with .env loaded

WAREHOUSE_FILE=mine.duckdb ./run.sh ... works in a file of your own, while another process has dev.duckdb or prod.duckdb.
TEXT
}

# The project's own tools when they are there, else those of the machine.
[ -d .venv/bin ] && PATH="$PWD/.venv/bin:$PATH"

# Read at each call, so that keys are always the newest: dbt does not read .env itself.
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

command="${1:-help}"
[ $# -gt 0 ] && shift
case "$command" in
  setup) setup ;;
  check) free "${WAREHOUSE_FILE:-dev.duckdb}" && dbt parse && dbt debug ;;
  dev) free "${WAREHOUSE_FILE:-dev.duckdb}" && dbt build --target dev "$@" ;;
  prod) free "${WAREHOUSE_FILE:-prod.duckdb}" && dbt build --target prod "$@" ;;
  freshness) free "${WAREHOUSE_FILE:-dev.duckdb}" && dbt source freshness "$@" ;;
  docs) free "${WAREHOUSE_FILE:-dev.duckdb}" && dbt docs generate "$@" ;;
  dbt) dbt "$@" ;;
  python) python "$@" ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
