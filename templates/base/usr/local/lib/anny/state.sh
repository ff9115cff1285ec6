# shellcheck shell=bash
# What travels: the app's state, the certificate, and the history. What it is at a moment: its manifest.

readonly CERTIFICATES=/etc/letsencrypt

# Makes the volume, owned by the app, where nothing is there yet.
ensure_state() {
  docker volume inspect "$STATE_VOLUME" >/dev/null 2>&1 || docker volume create "$STATE_VOLUME" >/dev/null
  mkdir -p "$STATE" "$CARRIED" "$CERTIFICATES"
}

# manifest_of DIRECTORY: one checksum over path, kind, mode, owner, size and content of everything in it.
manifest_of() {
  local list
  list=$(
    cd "$1" || exit 1
    find . -mindepth 1 \( -type f -printf '%P\t%y\t%m\t%U\t%s\n' -o -printf '%P\t%y\t%m\t%U\t%l\n' \) | sort
    find . -type f -print0 | sort -z | xargs -0 -r sha256sum
  )
  jq -cn --arg digest "$(sha256sum <<<"$list" | cut -d' ' -f1)" \
    --argjson files "$(find "$1" -type f | wc -l)" \
    --argjson bytes "$(find "$1" -type f -printf '%s\n' | awk '{s += $1} END {print s + 0}')" \
    '{digest: $digest, files: $files, bytes: $bytes}'
}

state_manifest() {
  ensure_state
  manifest_of "$STATE"
}

# secrets: JSON of path -> content on stdin.
verb_secrets() {
  local files path
  files=$(cat)
  jq -e 'type == "object" and all(.[]; type == "string")' >/dev/null 2>&1 <<<"$files" || fail "secrets are not a JSON object of texts" "send them again"
  while read -r path; do
    [[ $path =~ ^(\.env|alert-webhook|ca\.crt|secrets/[A-Za-z0-9_-][A-Za-z0-9._-]*)$ ]] || fail "a secret may not go to \"$path\"" \
      "allowed are .env, alert-webhook, ca.crt and secrets/NAME"
  done < <(jq -r 'keys[]' <<<"$files")
  install -d -m 700 -o "$APP_UID" -g "$APP_UID" /opt/anny/secrets
  while read -r path; do
    jq -j --arg path "$path" '.[$path]' <<<"$files" | write_durably "/opt/anny/$path" 600
    case $path in
      secrets/*) chown "$APP_UID:$APP_UID" "/opt/anny/$path" && chmod 400 "/opt/anny/$path" ;;
      ca.crt) trust_certificates ;;
    esac
  done < <(jq -r 'keys[]' <<<"$files")
  ok
}
