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
      if [ "$(role_get .takeover.from)" != "" ]; then start_app; fi
      ;;
    *) apply_role ;;
  esac
  ok
}

# Loops without the lock until the name can be asked; a machine that nobody can reach by name need not serve.
verb_monitor_writer() {
  local mine said
  mine=$(cat "$VAR/id")
  while :; do
    said=$(curl -s --max-time 5 --cacert "$TRUST" "https://$PUBLIC_NAME/.well-known/anny/writer" || true)
    [ "$(role)" = writer ] || return 0
    if [ "$said" = "$mine" ]; then
      start_app
      apply_role
      return 0
    fi
    if [[ $said =~ ^[0-9a-f]{32}$ ]]; then
      logger -t anny-box "the name leads to another machine ($said): fenced"
      change_role '.role = "fenced" | .since = $at' --argjson at "$(now)"
      apply_role
      return 0
    fi
    sleep 2
  done
}
