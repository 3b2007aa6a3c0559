select
  cast(order_id as integer) as order_id,
  upper(trim(country)) as country,
  cast(amount as decimal(18, 2)) as amount
from {{ ref('bronze_orders') }}
where order_id is not null
