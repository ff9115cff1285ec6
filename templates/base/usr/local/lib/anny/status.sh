# shellcheck shell=bash
# What this machine is, in one object.

readonly RELAYED_LOG=/var/log/nginx/anny.relayed.log

verb_status() {
  local held=false
  is_held && held=true
  role_json | jq -c \
    --argjson held "$held" --argjson holdUntil "$(hold_until)" \
    --argjson app "$(app_json)" --argjson certificate "$(certificate_json)" \
    --argjson image "$(jq -c '{name, digest}' /etc/anny/image.json 2>/dev/null || echo '{"name":"","digest":""}')" \
    --argjson lastBackupAt "$(last_backup_at)" --argjson relayed "$(relayed_json)" \
    --arg hostPublicKey "$(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)" \
    --arg bootId "$(cat /proc/sys/kernel/random/boot_id)-$(stat -c %Y /run/systemd 2>/dev/null)" \
    --argjson uptimeSeconds "$(cut -d. -f1 /proc/uptime)" \
    --argjson diskFreeBytes "$(df --output=avail -B1 "$VAR" | tail -n 1)" \
    --argjson failedUnits "$(systemctl list-units --failed --plain --no-legend | awk '{print $1}' | jq -Rsc 'split("\n") | map(select(. != ""))')" \
    '. + {held: $held, holdUntil: $holdUntil, app: $app, image: $image, certificate: $certificate, lastBackupAt: $lastBackupAt,
      relayed: $relayed, hostPublicKey: $hostPublicKey, bootId: $bootId, uptimeSeconds: $uptimeSeconds, diskFreeBytes: $diskFreeBytes,
      failedUnits: $failedUnits}'
}

app_json() {
  local running=false restarts
  app_runs && running=true
  restarts=$(systemctl show -p NRestarts --value anny-app.service)
  jq -cn --argjson running "$running" --argjson restarts "${restarts:-0}" \
    --arg image "$(docker inspect -f '{{.Image}}' "$APP_NAME" 2>/dev/null || true)" \
    --arg startedAt "$(docker inspect -f '{{.State.StartedAt}}' "$APP_NAME" 2>/dev/null || true)" \
    '{running: $running, image: $image, startedAt: $startedAt, restarts: $restarts}'
}

last_backup_at() {
  local newest
  newest=$(find "$BACKUP_DIR" -maxdepth 1 -name '*.tar.age' -printf '%T@\n' 2>/dev/null | sort -n | tail -n 1)
  echo "${newest%.*}" | grep -E '^[0-9]+$' || echo 0
}

relayed_json() {
  local requests=0 last_at=0
  if [ -s "$RELAYED_LOG" ]; then
    requests=$(wc -l <"$RELAYED_LOG")
    last_at=$(stat -c %Y "$RELAYED_LOG")
  fi
  jq -cn --argjson requests "$requests" --argjson lastAt "$last_at" '{requests: $requests, lastAt: $lastAt}'
}
