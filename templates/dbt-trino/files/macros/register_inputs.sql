{#
  Makes a Trino table of every input table whose columns are known: Trino reads no file without them. A table without
  columns is named and left out; write its columns into your own `models/sources.yml` until the provider's contract has
  them. Managed by the provisioner: changes to this file are not kept.
#}
{% macro register_inputs() %}
  {% if execute and flags.WHICH in ['run', 'build', 'seed', 'test', 'snapshot'] %}
    {% for source in graph.sources.values() if source.meta.get('uri') %}
      {% set columns = source.columns.values() | selectattr('data_type') | list %}
      {% if columns | length == 0 %}
        {% do log('Input ' ~ source.source_name ~ '.' ~ source.name ~ ': its columns are not known, it is left out', info = true) %}
      {% else %}
        {% do run_query('create schema if not exists ' ~ source.database ~ '.' ~ source.schema) %}
        {% set table = source.database ~ '.' ~ source.schema ~ '.' ~ source.identifier %}
        {% set typed = [] %}
        {% for column in columns %}{% do typed.append('"' ~ column.name ~ '" ' ~ column.data_type) %}{% endfor %}
        {% set properties = "external_location = '" ~ source.meta.uri ~ source.name ~ "/', format = 'PARQUET'" %}
        {% do run_query('create table if not exists ' ~ table ~ ' (' ~ typed | join(', ') ~ ') with (' ~ properties ~ ')') %}
      {% endif %}
    {% endfor %}
  {% endif %}
{% endmacro %}
