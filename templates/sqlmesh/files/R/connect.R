# DuckDB in R with this product's keys. Managed by the provisioner: changes to this file are not kept.
#
#   source("R/connect.R")
#   con <- connect()
#   input(con, "sales_leads", "example")   # a table of an approved input
#   output(con, "example")                 # a table that this product published
#
# Reads the store, not warehouse.duckdb: DuckDB lets one process at a time open that file.

sql_literal <- function(text) paste0("'", gsub("'", "''", text, fixed = TRUE), "'")

# Whether no key lies in .env: DuckDB then fetches one from the provisioner by itself.
fetches_key <- function() Sys.getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI") != ""

# SQL that makes the keys known to DuckDB.
secret_sql <- function() {
  endpoint <- Sys.getenv("S3_ENDPOINT")
  key <- if (fetches_key()) {
    ", PROVIDER credential_chain"
  } else {
    paste0(
      ", KEY_ID ", sql_literal(Sys.getenv("S3_ACCESS_KEY")),
      ", SECRET ", sql_literal(Sys.getenv("S3_SECRET_KEY")),
      ", SESSION_TOKEN ", sql_literal(Sys.getenv("S3_SESSION_TOKEN"))
    )
  }
  paste0(
    "CREATE OR REPLACE SECRET product (TYPE s3", key,
    ", REGION ", sql_literal(Sys.getenv("S3_REGION")),
    ", ENDPOINT ", sql_literal(sub("/+$", "", sub("^[a-z]+://", "", endpoint))),
    ", USE_SSL ", if (startsWith(endpoint, "http://")) "false" else "true",
    ", URL_STYLE ", sql_literal(Sys.getenv("S3_URL_STYLE", "path")), ")"
  )
}

# SQL that reads one table below an output root.
table_sql <- function(uri, table) {
  files <- paste0(sub("/+$", "", uri), "/", table, "/[!._]*")
  paste0("SELECT * FROM read_parquet(", sql_literal(files), ", union_by_name = true)")
}

# Output roots of the approved inputs, by schema.
input_uris <- function() {
  entries <- strsplit(Sys.getenv("S3_INPUTS"), ",", fixed = TRUE)[[1]]
  stats::setNames(sub("^[^=]*=", "", entries), sub("=.*$", "", entries))
}

# Opens DuckDB in memory. Reads .env again, so that a changed key counts at the next call.
connect <- function() {
  readRenviron(".env")
  con <- DBI::dbConnect(duckdb::duckdb())
  for (name in c("httpfs", if (fetches_key()) "aws")) {
    DBI::dbExecute(con, paste("INSTALL", name))
    DBI::dbExecute(con, paste("LOAD", name))
  }
  DBI::dbExecute(con, secret_sql())
  con
}

# A table of an approved input, as a data frame.
input <- function(con, schema, table) {
  uris <- input_uris()
  if (!schema %in% names(uris)) stop("No approved input: ", schema)
  DBI::dbGetQuery(con, table_sql(uris[[schema]], table))
}

# A table that this product published, as a data frame.
output <- function(con, table) {
  root <- paste0("s3://", Sys.getenv("S3_BUCKET"), "/", gsub("^/+|/+$", "", Sys.getenv("S3_PREFIX")), "/output")
  DBI::dbGetQuery(con, table_sql(root, table))
}
