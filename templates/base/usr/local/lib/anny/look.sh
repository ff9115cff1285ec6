# shellcheck shell=bash
# Verbs that change nothing.

verb_status() {
  local app
  app=$(curl -sS -m 10 --unix-socket "$DOCKER_SOCKET" "http://docker/containers/$CONTAINER/json" |
    jq -ce '{running: (.State.Running | booleans), image: .Image, startedAt: .State.StartedAt, restarts: .RestartCount}') ||
    app='{"running":false,"image":"","startedAt":"","restarts":0}'
  answer_json "$(jq -cn \
    --arg role "$ROLE" --arg release "$RELEASE" --arg slot "$SLOT" --argjson since "$SINCE" \
    --argjson generation "$GENERATION" --argjson wrote "$WROTE" --arg relayTo "$RELAY_TO" \
    --argjson holdUntil "$(hold_until)" \
    --argjson app "$app" \
    --argjson image "$(image_json)" \
    --argjson certificate "$(certificate_json)" --argjson lastBackupAt "$(or_never last_backup_at)" \
    --argjson savedAt "$(or_never saved_at)" --argjson checkedAt "$(or_never checked_at)" \
    --argjson relayed "$(relayed_json)" --argjson peerWrites "$(peer_writes_json)" --arg from "$TAKEOVER_FROM" --argjson at "$TAKEOVER_AT" \
    --arg hostPublicKey "$(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)" \
    --arg bootId "$(cat /proc/sys/kernel/random/boot_id)-$(init_start_ms)" \
    --argjson uptimeSeconds "$((($(uptime_ms) - $(init_start_ms)) / 1000))" \
    --argjson diskFreeBytes "$(disk_free)" --arg failed "$(failed_units)" --argjson now "$(date +%s)" \
    --argjson lease "$(known_lease)" --argjson issuer "$(issuer_json)" \
    '{$role, $release, $slot, $since, $generation, $wrote, $relayTo, held: ($holdUntil > 0), $holdUntil, $app, $image,
      $certificate, $issuer, $lastBackupAt, $savedAt, $checkedAt, $relayed, $peerWrites, takeover: {$from, $at}, $hostPublicKey, $bootId, $uptimeSeconds,
      $diskFreeBytes, $now, $lease, failedUnits: ($failed | split("\n") | map(select(. != "")))}')"
}

image_json() {
  jq -ce '{name: (.name | strings), digest: (.digest | strings)}' /etc/anny/image.json 2>/dev/null ||
    echo '{"name":"","digest":""}'
}

hold_until() {
  local rest until=0
  if held; then { read -r rest until <"$RUN/hold"; } 2>/dev/null || until=0; fi
  echo "${until:-0}"
}

# or_never FUNCTION: the moment that it says; 0 when it says none.
or_never() {
  local at
  at=$("$1" || true)
  echo "${at:-0}"
}

# nginx writes one line, the time, for each request that it forwarded, when that has ended.
relayed_json() {
  local requests last writes
  if [[ $ROLE != relay ]]; then
    echo '{"requests":0,"lastAt":0,"open":0,"writes":0}'
    return
  fi
  requests=$(wc -l <"$RELAYED_LOG" || echo 0)
  last=$(tail -n 1 "$RELAYED_LOG" | cut -d. -f1 || true)
  writes=$(wc -l <"$RELAYED_WRITES_LOG" 2>/dev/null || echo 0)
  printf '{"requests":%d,"lastAt":%d,"open":%d,"writes":%d}' "$requests" "${last:-0}" "$(relayed_open)" "$writes"
}

# A power cut may leave the file empty.
peer_writes_json() {
  local said=''
  if [[ $ROLE == relay ]]; then
    said=$(jq -c '{handedOver: (.handedOver | numbers), seen: (.seen | numbers), at: (.at | numbers)}' "$PEER_WRITES" 2>/dev/null || true)
  fi
  printf '%s' "${said:-null}"
}

# Nothing when it does not answer.
nginx_status() {
  curl -sS -m 2 --unix-socket "$RUN/requests.sock" http://nginx/ 2>/dev/null || true
}

# What is under way right now, by nginx's own count: requests whose body is still coming, WebSockets, answers that are not
# out yet. The question itself is one of them. -1 when nginx does not say.
relayed_open() {
  nginx_status | awk '$3 == "Writing:" { open = $4 - 1; said = 1 } END { print said ? open : -1 }'
}

# When this system's init started, in milliseconds of the kernel's uptime: a container's kernel is older than itself.
init_start_ms() {
  echo "$(($(sed 's/.*) //' /proc/1/stat | cut -d' ' -f20) * 1000 / $(getconf CLK_TCK)))"
}

disk_free() {
  df --output=avail -B1 "$LIB" | tail -n 1 | tr -d ' '
}

failed_units() {
  systemctl list-units --failed --plain --no-legend | cut -d' ' -f1
}

verb_logs() {
  local lines=${1:-200} all=${2:-}
  require_number "$lines" 1 10000 'a number of lines'
  {
    docker logs --tail "$lines" "$CONTAINER" 2>&1 || true
    if [[ $all == all ]]; then
      printf '\n--- anny-box\n'
      journalctl -q -t anny-box -n "$lines" --no-pager -o short-iso || true
      printf '\n--- nginx\n'
      tail -qn "$lines" /var/log/nginx/anny.error.log /var/log/nginx/anny.access.log 2>/dev/null || true
    fi
  } | tail -c 2000000 >"$WORK/logs"
  answer_json "$(jq -Rsc '{text: .}' <"$WORK/logs")"
}

verb_history() {
  answer_json "$(history_entries "$HISTORY" | jq -sc '{entries: .}')"
}
