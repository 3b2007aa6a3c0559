{# As it came in. An approved input is read so: select * from {{ source('<schema>', '<table>') }} #}
select * from {{ ref('example_orders') }}
