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

command="${1:-help}"
[ $# -gt 0 ] && shift
case "$command" in
  setup) setup ;;
  check) sqlmesh lint && sqlmesh test && sqlmesh format --check ;;
  dev) sqlmesh plan dev --include-unmodified --auto-apply "$@" ;;
  plan) sqlmesh plan --auto-apply "$@" ;;
  run) sqlmesh run "$@" ;;
  sync) python scripts/sync.py "$@" ;;
  sqlmesh) sqlmesh "$@" ;;
  python) python "$@" ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
