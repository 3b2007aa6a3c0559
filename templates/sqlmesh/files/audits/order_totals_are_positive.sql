AUDIT (
  name order_totals_are_positive
);

SELECT
  *
FROM @this_model
WHERE
  total <= 0
