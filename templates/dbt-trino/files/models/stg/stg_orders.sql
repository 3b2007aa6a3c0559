{# As it came in. An approved input is read so: select * from {{ source('<schema>', '<table>') }} #}
select
  cast(order_id as integer) as order_id,
  upper(trim(country)) as country,
  cast(amount as decimal(18, 2)) as amount
from {{ ref('example_orders') }}
