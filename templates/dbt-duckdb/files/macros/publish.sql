{#
  Writes a model to the store as one Parquet file: an upload becomes visible whole. A post-hook of the models in
  models/publish. Managed by the provisioner: changes to this file are not kept.
#}
{% macro publish() %}
  {% if execute and not flags.EMPTY %}
    copy (select * from {{ this }})
    to '{{ adapter.external_root() }}/{{ this.identifier }}/data.parquet' (format parquet, compression zstd)
  {% endif %}
{% endmacro %}
