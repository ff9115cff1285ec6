#!/bin/sh
# Asks what a client would. It only reads: it also runs against a machine that is not live yet.
set -eu
status() { curl -sS -m 10 -o /dev/null -w '%{http_code}' "$@"; }
expect() {
  [ "$2" = "$3" ] || { echo "$1 answers $3, not $2"; exit 1; }
}
expect /health 200 "$(status "$ANNY_BASE_URL/health")"
# There are two, separated by a comma, while keys are being changed.
expect /memory 200 "$(status -H "Authorization: Bearer ${ANNY_API_KEY%%,*}" "$ANNY_BASE_URL/memory?limit=1")"
expect '/memory without a key' 401 "$(status "$ANNY_BASE_URL/memory")"
echo 'health, memory and key are as they should be'
