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

command="${1:-help}"
[ $# -gt 0 ] && shift
case "$command" in
  setup) setup ;;
  check) dbt parse && dbt debug ;;
  dev) dbt build --target dev "$@" ;;
  prod) dbt build --target prod "$@" ;;
  freshness) dbt source freshness "$@" ;;
  docs) dbt docs generate "$@" ;;
  dbt) dbt "$@" ;;
  python) python "$@" ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
