{# Schemas are named as they are written, without the target's before it. Managed by the provisioner. #}
{% macro generate_schema_name(custom_schema_name, node) %}
  {{- (custom_schema_name or target.schema) | trim -}}
{% endmacro %}
