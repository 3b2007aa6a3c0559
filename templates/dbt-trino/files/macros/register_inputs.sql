{#
  Drops the Trino tables of inputs whose approval ended, and makes one of every input table whose columns are known: Trino reads no file without them. A table without
  columns is named and left out; write its columns into your own `models/sources.yml` when nobody else
  tells them. Managed by the provisioner: changes to this file are not kept.
#}
{% macro register_inputs() %}
  {% if execute and flags.WHICH in ['run', 'build', 'seed', 'test', 'snapshot'] %}
    {% do drop_ended_inputs() %}
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

{# Only external tables, which lose no data, and only in the schema that is for inputs. #}
{% macro drop_ended_inputs() %}
  {% set place = api.Relation.create(database = 'hive', schema = target.schema ~ '_in') %}
  {# A Trino without a catalog of that name has no inputs either. #}
  {% if run_query("show catalogs like 'hive'").rows %}
    {% set approved = graph.sources.values() | selectattr('schema', 'equalto', place.schema) | map(attribute = 'identifier') | map('lower') | list %}
    {% for row in run_query("select table_name from hive.information_schema.tables where table_schema = '" ~ place.schema ~ "'").rows %}
      {% if row[0] not in approved %}
        {% set table = place.incorporate(path = {'identifier': row[0]}) %}
        {% if 'external_location' in run_query('show create table ' ~ table).rows[0][0] %}
          {% do run_query('drop table ' ~ table) %}
          {% do log('Input ' ~ row[0] ~ ': its approval ended, its table is dropped', info = true) %}
        {% endif %}
      {% endif %}
    {% endfor %}
  {% endif %}
{% endmacro %}
