select
  country,
  cast(count(*) as integer) as orders,
  cast(sum(amount) as decimal(18, 2)) as total
from {{ ref('silver_orders') }}
group by country
