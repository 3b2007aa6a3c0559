-- The name of this file is the name of the output: <prefix>/output/example/data.parquet
select * from {{ ref('gold_orders_by_country') }}
