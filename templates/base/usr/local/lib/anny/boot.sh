# shellcheck shell=bash
# After a boot: what the role file says, and a writer only when the name still leads to it.

ensure_id() {
  [ -s "$VAR/id" ] || tr -d '-' </proc/sys/kernel/random/uuid | write_durably "$VAR/id" 644
  install -m 644 "$VAR/id" "$RUN/id"
}

verb_boot() {
  ensure_id
  ensure_placeholder
  trust_certificates
  use_certificate
  case $(role) in
    writer) systemctl start --no-block anny-writer-check.service ;;
    relay) apply_role ;;
    candidate)
      apply_role
      # The other machine may have committed meanwhile: this one is then the writer in all but name.
      if [ "$(role_get .takeover.from)" != "" ]; then systemctl start --no-block anny-app.service; fi
      ;;
    *) apply_role ;;
  esac
  ok
}

# Asks without the lock until the name can be asked: a machine that nobody can reach by name need not serve.
verb_writer_check() {
  local said
  while [ "$(role)" = writer ] && [ ! -e "$MODE/writer" ]; do
    said=$(curl -s --max-time 5 --cacert "$TRUST" "https://$PUBLIC_NAME/.well-known/anny/writer" || true)
    if [[ $said =~ ^[0-9a-f]{32}$ ]]; then with_lock serve_or_fence "$said"; else sleep 2; fi
  done
}

serve_or_fence() {
  [ "$(role)" = writer ] || return 0
  if [ "$1" = "$(cat "$VAR/id")" ]; then
    start_app
  else
    logger -t anny-box "the name leads to another machine ($1): fenced"
    change_role '.role = "fenced" | .since = $at' --argjson at "$(now)"
  fi
  apply_role
}
