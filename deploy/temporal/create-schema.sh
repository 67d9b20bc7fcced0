#!/bin/sh
# Brings the schema of Temporal's two databases up to date. Can be run again at any time: what is
# there stays. Runs in temporalio/admin-tools; SQL_PASSWORD holds the password.
set -eu

: "${SQL_PASSWORD:?is the password of the database user temporal}"
host=${POSTGRES_HOST:-postgres}
port=${POSTGRES_PORT:-5432}

sql() { # database, command…
  database=$1
  shift
  temporal-sql-tool --plugin postgres12 --ep "$host" -p "$port" -u temporal --db "$database" "$@"
}

update() { # database, schema
  echo "Schema of the database '$1':"
  sql "$1" setup-schema -v 0.0
  sql "$1" update-schema --schema-name "postgresql/v12/$2"
}

update temporal temporal
update temporal_visibility visibility
