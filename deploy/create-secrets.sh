#!/usr/bin/env bash
# Writes deploy/.env and deploy/secrets/ with random values. What exists is never overwritten: the
# vault's key and the ledger's signing key cannot be replaced without losing what they protect.
set -euo pipefail
cd "$(dirname "$0")"

random() { openssl rand -hex "$1"; }

if [ -e .env ]; then
  echo 'deploy/.env exists and stays as it is'
else
  umask 077
  auth=$(random 32) vault=$(random 32) mark=$(random 32) frames=$(random 32) passwords=$(random 32)
  sed -E \
    -e "s/^(POSTGRES_PASSWORD)=.*/\1=$(random 24)/" \
    -e "s/^(DATABASE_PASSWORD)=.*/\1=$(random 24)/" \
    -e "s/^(GRAFANA_PASSWORD)=.*/\1=$(random 12)/" \
    -e "s/^(AUTH_SECRET)=.*/\1=${auth}/" \
    -e "s/^(VAULT_KEY)=.*/\1=${vault}/" \
    -e "s/^(FINGERPRINT_KEY)=.*/\1=${mark}/" \
    -e "s/^(FRAME_KEY)=.*/\1=${frames}/" \
    -e "s/^(OCPP_PASSWORD_KEY)=.*/\1=${passwords}/" \
    -e "s/^(STRIPE_SECRET_KEY)=.*/\1=sk_test_$(random 12)/" \
    -e "s/^(STRIPE_WEBHOOK_SECRETS)=.*/\1=whsec_$(random 24)/" \
    -e '1,2d' \
    env.example > .env
  echo 'wrote deploy/.env'
fi

mkdir -p secrets
if [ -e secrets/ledger-signing-key.pem ]; then
  echo 'deploy/secrets/ledger-signing-key.pem exists and stays as it is'
else
  openssl genpkey -algorithm ed25519 -out secrets/ledger-signing-key.pem
  # Compose mounts the file as it is, and the ledger in its container is user 10001.
  chmod 0444 secrets/ledger-signing-key.pem
  chmod 0711 secrets
  echo 'wrote deploy/secrets/ledger-signing-key.pem'
fi
