#!/usr/bin/env bash
# Run once by the PostgreSQL image on an empty volume: a role and a database of its own per service.
set -euo pipefail

for name in ocpp_gateway authorization pricing_engine payment_capture ledger reconciliation; do
  # psql quotes what comes as a variable.
  psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
    --set name="$name" --set password="$DATABASE_PASSWORD" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
