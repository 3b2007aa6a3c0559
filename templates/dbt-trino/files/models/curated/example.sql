-- The name of this file is the name of the output: <prefix>/output/example/
select
  country,
  cast(count(*) as integer) as orders,
  cast(sum(amount) as decimal(18, 2)) as total
from {{ ref('stg_orders') }}
group by country
