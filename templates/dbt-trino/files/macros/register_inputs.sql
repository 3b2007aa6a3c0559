{#
  Makes a Trino table of every input table whose columns are known: Trino reads no file without them. A table without
  columns is named and left out; write its columns into your own `models/sources.yml` when nobody else
  tells them. Managed by the provisioner: changes to this file are not kept.
#}
{% macro register_inputs() %}
  {% if execute and flags.WHICH in ['run', 'build', 'seed', 'test', 'snapshot'] %}
    {% for source in graph.sources.values() if source.meta.get('uri') %}
      {% set columns = source.columns.values() | selectattr('data_type') | list %}
      {% if columns | length == 0 %}
        {% do log('Input ' ~ source.source_name ~ '.' ~ source.name ~ ': its columns are not known, it is left out', info = true) %}
      {% else %}
        {# Not a plain `create schema`: it needs a place in the store, as the product's own schemas do. #}
        {% do create_schema(api.Relation.create(database = source.database, schema = source.schema)) %}
        {# Names are the provider's: quotes in them are doubled. #}
        {% set typed = [] %}
        {% for column in columns %}
          {% do typed.append('"' ~ column.name | replace('"', '""') ~ '" ' ~ column.data_type) %}
        {% endfor %}
        {% set location = source.meta.uri ~ source.name ~ '/' %}
        {% call statement('register_input') %}
          create table if not exists {{ source.relation_name }} ({{ typed | join(', ') }})
          with (external_location = '{{ location | replace("'", "''") }}', format = 'PARQUET')
        {% endcall %}
      {% endif %}
    {% endfor %}
  {% endif %}
{% endmacro %}
