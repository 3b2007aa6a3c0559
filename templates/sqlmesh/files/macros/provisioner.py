"""Brings inputs in as views and outputs out as Parquet files.

Managed by the provisioner: changes to this file are not kept. SQLMesh stores this code with its state at each plan, so
everything that may change is read from the environment (.env) when it runs.
"""

import os
import re

from sqlmesh import macro

# A view whose approval ended says so with these words, to whoever still reads it.
ENDED = "The approval of input"


def quoted(name):
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def input_uris():
    """Schema and output root of each approved input, from S3_INPUTS (`schema=uri,schema=uri`)."""
    entries = [entry.split("=", 1) for entry in os.environ.get("S3_INPUTS", "").split(",") if "=" in entry]
    return [(schema.strip(), uri.strip().rstrip("/")) for schema, uri in entries]


def output_uri(table):
    """Where a table is published. One object per table, so that readers see all of it or the version before."""
    root = "/".join(os.environ[name].strip("/") for name in ("S3_BUCKET", "S3_PREFIX"))
    return f"s3://{root}/output/{table}/data.parquet"


def first_line(error):
    """What went wrong, short enough for a line of its own."""
    return str(error).strip().split("\n")[0]


def tables_below(adapter, uri):
    """Names of the folders with files below an output root; files starting with `.` or `_` are not data."""
    pattern = re.compile(re.escape(uri) + r"/([A-Za-z0-9][A-Za-z0-9_-]*)/[^._/][^/]*")
    found = [pattern.fullmatch(row[0]) for row in adapter.fetchall(f"SELECT file FROM glob({literal(uri + '/*/*')})")]
    return sorted({match.group(1) for match in found if match})


def place(adapter, schema, *table):
    """A schema or table by its full name: alone, a schema that is called as a catalog is (`temp`) would be ambiguous."""
    return ".".join(map(quoted, (adapter.get_current_catalog(), schema, *table)))


def ended_views(adapter):
    """Schema and table of each input view whose approval ended; ours are known by what they read, or by the hint."""
    approved = {schema for schema, _ in input_uris()}
    views = adapter.fetchall(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database()"
        f" AND (contains(sql, '/' || view_name || '/[!._]*') OR contains(sql, {literal(ENDED)}))"
    )
    return sorted((schema, table) for schema, table in views if schema not in approved)


def replace_by_hint(adapter, schema, table):
    """Puts a view with the same columns in the place of an input's, which fails with words that say why."""
    columns = adapter.fetchall(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database()"
        f" AND schema_name = {literal(schema)} AND table_name = {literal(table)} ORDER BY column_index"
    )
    nothing = ", ".join(f"NULL::{type} AS {quoted(name)}" for name, type in columns)
    hint = f"{ENDED} {schema} ended: read {schema}.{table} no more, or ask for access again in the portal"
    view = place(adapter, schema, table)
    adapter.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {nothing} WHERE error({literal(hint)})")


def create_input_views(adapter):
    """One schema per input, one view per table. An input that can not be read must not stop the rest of the project."""
    for schema, table in ended_views(adapter):
        replace_by_hint(adapter, schema, table)
    for schema, uri in input_uris():
        try:
            tables = tables_below(adapter, uri)
        except Exception as error:
            print(f"Input {schema}: cannot list {uri}: {first_line(error)}")
            continue
        if not tables:
            print(f"Input {schema}: nothing published yet below {uri}")
        adapter.execute(f"CREATE SCHEMA IF NOT EXISTS {place(adapter, schema)}")
        for table in tables:
            # All files, whatever they are called: some engines write Parquet without an extension.
            files = f"read_parquet({literal(f'{uri}/{table}/[!._]*')}, union_by_name = true)"
            view = place(adapter, schema, table)
            try:
                adapter.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {files}")
            except Exception as error:
                print(f"Input {schema}: cannot read {table}: {first_line(error)}")


def publish_statement(view, table):
    """SQL that writes a view to the product's output."""
    return f"COPY (SELECT * FROM {view}) TO {literal(output_uri(table))} (FORMAT PARQUET, COMPRESSION ZSTD)"


@macro()
def input_views(evaluator):
    """Makes the views of all inputs; used under `before_all`."""
    if evaluator.runtime_stage == "before_all":
        create_input_views(evaluator.engine_adapter)
    return []


@macro()
def publish_outputs(evaluator, schema):
    """Publishes every view of the product's schema, in prod only; used under `after_all`."""
    if evaluator.runtime_stage != "after_all" or evaluator.this_env != "prod":
        return []
    own = str(getattr(schema, "name", schema))
    views = [(view, [part.strip('"') for part in view.split(".")]) for view in evaluator.views]
    return [publish_statement(view, parts[-1]) for view, parts in views if parts[-2] == own]
