# shellcheck shell=bash
# One machine copies another's state directly: rsync over SSH, by a key made for this once that can do nothing else.

readonly PULL_KEY=$RUN/pull_key
readonly PULL_KEYS=/etc/anny/pull_keys
readonly ADMIT_SECONDS=900

verb_pull_key() {
  require_role pull-key candidate relay
  rm -f "$PULL_KEY" "$PULL_KEY.pub"
  ssh-keygen -q -t ed25519 -N '' -C anny-pull -f "$PULL_KEY"
  jq -Rc '{publicKey: .}' <"$PULL_KEY.pub"
}

verb_admit() {
  need "public key" "${1:-}" 'ssh-ed25519 [A-Za-z0-9+/=]{60,90}( [a-z-]*)?'
  need address "${2:-}" "$ADDRESS"
  require_role admit writer
  local until
  until=$(date -u -d "+$ADMIT_SECONDS seconds" +%Y%m%d%H%M%SZ)
  echo "command=\"sudo -n /usr/local/sbin/anny-box serve-pull\",from=\"$2\",expiry-time=\"$until\",restrict $1" | write_durably "$PULL_KEYS" 644
  ok
}

# The forced command of an admitted key: a read-only rsync daemon on stdin and stdout.
verb_serve_pull() {
  [ "$(role)" = writer ] || fail "only a writer gives its state away" "anny-bluegreen status"
  exec rsync --server --daemon --config=/etc/anny/rsyncd.conf .
}

verb_pull() {
  need address "${1:-}" "$ADDRESS"
  need "host key" "${2:-}" 'ssh-ed25519 [A-Za-z0-9+/=]{60,90}( .*)?'
  require_role pull candidate relay
  app_runs && fail "the app runs: its state would change under it" "stop first"
  [ -s "$PULL_KEY" ] || fail "there is no key to pull with" "pull-key and admit come first"
  ensure_state
  printf '%s %s\n' "$1" "$2" >"$RUN/pull_known_hosts"
  # The answer to a failure is JSON, so what rsync says goes through a file.
  if ! {
    pull_module "$1" state "$STATE/" && pull_module "$1" certificate "$CERTIFICATES/" && pull_module "$1" history "$CARRIED/"
  } >"$RUN/pull.log" 2>&1; then
    fail "copying from $1: $(tail -n 3 "$RUN/pull.log" | tr '\n' ' ')" "run the same command again"
  fi
  use_certificate
  state_manifest
}

# One connection for all modules and for the second pull: the firewall counts connections.
pull_module() {
  local address=$1 module=$2 to=$3
  local shell="ssh -l deploy -i $PULL_KEY -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes"
  shell+=" -o HostKeyAlgorithms=ssh-ed25519 -o UserKnownHostsFile=$RUN/pull_known_hosts -o GlobalKnownHostsFile=/dev/null"
  shell+=" -o ConnectTimeout=10 -o ControlMaster=auto -o ControlPath=$RUN/pull-%h -o ControlPersist=60"
  # The kept connection must not keep this verb's lock as well.
  rsync -aHAX --numeric-ids --delete --fsync --timeout=60 -e "$shell" "$address::$module/" "$to" 9>&-
}
