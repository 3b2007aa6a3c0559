#!/usr/bin/env bash
# Commands of this project. Managed by the provisioner: changes to this file are not kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
Usage: ./run.sh COMMAND
  setup        install the tools into .venv (once)
  check        parse the project, and look whether Trino lets you in
  build        build and test
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
}

command="${1:-help}"
[ $# -gt 0 ] && shift
case "$command" in
  setup) setup ;;
  check) dbt parse && dbt debug ;;
  build) dbt build "$@" ;;
  docs) dbt docs generate "$@" ;;
  dbt) dbt "$@" ;;
  python) python "$@" ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
