#!/bin/sh
# Run by the Postgres image when its volume is empty: a user and databases for Turnkeeper, and others
# for Temporal, so that neither can read what belongs to the other.
set -eu

: "${DB_PASSWORD_TURNKEEPER:?is the password of the database user turnkeeper}"
: "${DB_PASSWORD_TEMPORAL:?is the password of the database user temporal}"

admin() { psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" "$@"; }

# psql quotes the values (:'name'), so a password may hold any character here.
admin --dbname postgres \
  --set turnkeeper_password="$DB_PASSWORD_TURNKEEPER" \
  --set temporal_password="$DB_PASSWORD_TEMPORAL" <<'SQL'
create role turnkeeper login password :'turnkeeper_password';
create role temporal login password :'temporal_password';
create database turnkeeper owner turnkeeper;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke connect on database turnkeeper, temporal, temporal_visibility from public;
SQL

# Only an administrator may install it; the migrations find it there.
admin --dbname turnkeeper --command 'create extension if not exists vector'
