# shellcheck shell=bash
# What was asked of the issuer, and whether it may be asked again: nothing ever loops on it. The record lies with the
# certificates and travels with them, so that a new machine does not begin to count anew.

ISSUER_RECORD=$LETSENCRYPT/anny-issuer
readonly RECORD_LINES=100
readonly WEEK_SECONDS=604800
# Let's Encrypt refuses a name after 5 failures within an hour; one is left for a person.
readonly HOUR_FAILURES=4
# Minutes to wait after so many failures in a row.
readonly -a PAUSES=(0 1 15 60 120 240 480 720)

# Before the issuer is asked: a question that is cut off counts as well.
note_question() {
  install -d -m 700 "$LETSENCRYPT"
  write_record "$(tail -n "$RECORD_LINES" "$ISSUER_RECORD" 2>/dev/null || true)" failed 'it was cut off'
}

# note_answer OUTCOME [REASON]: what came of the last question.
note_answer() {
  write_record "$(head -n -1 "$ISSUER_RECORD")" "$@"
}

# write_record LINES OUTCOME [REASON]: and one line more, "EPOCH issued|failed SERVER REASON".
write_record() {
  local reason=${3:-}
  printf '%s\n' ${1:+"$1"} "$(date +%s) $2 $ACME_SERVER ${reason//[[:cntrl:]]/ }" | write_file "$ISSUER_RECORD" 600
}

# The issuer that the certificate is from, as certbot wrote it down.
lineage_server() {
  sed -n 's/^server *= *//p' "$LETSENCRYPT/renewal/$PUBLIC_NAME.conf" 2>/dev/null | head -n 1 || true
}

# Sets ISSUED_WEEK, FREE_AT (when the oldest of them no longer counts), FAILED_HOUR, FAILURES (in a row), FAILED_AT, FAILURE.
look_at_issuer() {
  local now kept=0
  now=$(date +%s)
  read -r ISSUED_WEEK FREE_AT FAILED_HOUR FAILURES FAILED_AT FAILURE < <(
    { cat "$ISSUER_RECORD" 2>/dev/null || true; } |
      awk -v server="$ACME_SERVER" -v now="$now" -v week="$WEEK_SECONDS" '
        $3 != server || $1 !~ /^[0-9]+$/ { next }
        $2 == "issued" { failures = 0; why = "" }
        $2 == "issued" && $1 > now - week { issued++; if (!oldest) oldest = $1 }
        $2 == "failed" { failures++; at = $1; why = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ ?/, "", why) }
        $2 == "failed" && $1 > now - 3600 { hour++ }
        END { print issued + 0, (oldest ? oldest + week : 0), hour + 0, failures + 0, at + 0, why }'
  )
  # What was issued by hand, without this record.
  if [[ $(lineage_server) == "$ACME_SERVER" ]]; then
    kept=$(find "$LETSENCRYPT/archive/$PUBLIC_NAME" -name 'cert*.pem' -mmin "-$((WEEK_SECONDS / 60))" 2>/dev/null | wc -l)
  fi
  if [[ $kept -gt $ISSUED_WEEK ]]; then ISSUED_WEEK=$kept FREE_AT=$((now + WEEK_SECONDS)); fi
}

# Sets NEXT_TRY: when it may be asked again, 0 for at once. look_at_issuer comes first.
look_at_next_try() {
  local pause=${PAUSES[FAILURES < ${#PAUSES[@]} ? FAILURES : ${#PAUSES[@]} - 1]}
  NEXT_TRY=0
  if [[ $FAILURES -gt 0 ]]; then NEXT_TRY=$((FAILED_AT + pause * 60)); fi
  if [[ $FAILED_HOUR -ge $HOUR_FAILURES && $NEXT_TRY -lt $((FAILED_AT + 3600)) ]]; then NEXT_TRY=$((FAILED_AT + 3600)); fi
  if [[ $ISSUED_WEEK -ge $ACME_WEEKLY_LIMIT ]]; then NEXT_TRY=$FREE_AT; fi
  if [[ $NEXT_TRY -le $(date +%s) ]]; then NEXT_TRY=0; fi
}

# require_issuer [now]
require_issuer() {
  look_at_issuer
  look_at_next_try
  [[ $ISSUED_WEEK -lt $ACME_WEEKLY_LIMIT ]] ||
    die "$ISSUED_WEEK certificates for $PUBLIC_NAME were issued within 7 days, and the issuer gives $ACME_WEEKLY_LIMIT (tls.weekly_limit)" \
      "the next is possible at $(moment "$FREE_AT"); a backup may have one that is still good"
  [[ $FAILED_HOUR -lt $HOUR_FAILURES ]] ||
    die "the issuer refused $FAILED_HOUR times within the hour, the last time: $FAILURE" \
      "mend that first; the issuer is asked again from $(moment "$NEXT_TRY") on"
  [[ $NEXT_TRY -eq 0 || ${1:-} == now ]] ||
    die "the issuer refused $FAILURES times in a row, the last time: $FAILURE" \
      "mend that; it is asked again from $(moment "$NEXT_TRY") on, or at once: anny-bluegreen ssh -- sudo anny-box certificate now"
}

next_try_text() {
  look_at_issuer
  look_at_next_try
  printf 'the issuer is asked again from %s on' "$(moment "$NEXT_TRY")"
}

moment() {
  if [[ $1 -eq 0 ]]; then echo 'now'; else date -u -d "@$1" +'%F %H:%M UTC'; fi
}

# What `plan` and `status` show of it.
issuer_json() {
  look_at_issuer
  look_at_next_try
  printf '{"server":%s,"issuedInWeek":%d,"weeklyLimit":%d,"failures":%d,"failure":%s,"nextTryAt":%d}' \
    "$(json_text "$ACME_SERVER")" "$ISSUED_WEEK" "$ACME_WEEKLY_LIMIT" "$FAILURES" "$(json_text "$FAILURE")" "$NEXT_TRY"
}
