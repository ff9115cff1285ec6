# shellcheck shell=bash
# What nginx tests per request, made from the role. Later flags win (see the site's configuration), so the new one is set
# before the old one goes: at no moment is there none.

# apply_role: safe to do again, from any earlier state; after it the machine behaves as its role file says.
apply_role() {
  # Requests wait for it, and whom it believes does not change with it.
  if [[ $ROLE == relay ]]; then open_relay; fi
  mkdir -p "$RUN"/{mode,takeover,trust}
  install -d -m 711 "$RUN/pass"
  say_who_answers
  trust_relays
  case $ROLE in
    writer)
      touch "$RUN/mode/writer"
      rm -f "$RUN/mode/relay" "$RUN/relay-open"
      held || rm -f "$RUN/mode/hold"
      # Last: until now it was all that let the relay's requests in.
      flag_off takeover pass
      held || start_jobs ;;
    relay)
      stop_jobs
      end_tidying ;;
    *)
      rm -f "$RUN"/mode/* "$RUN"/{hold,quiesced,relay-open} "$PULL_KEYS"
      stop_jobs
      end_tidying ;;
  esac
  [[ ! -e $ANSWERS_AT ]] || apply_address
}

open_relay() {
  point_peer "$RELAY_TO"
  [[ -d $RUN/mode ]] || mkdir "$RUN/mode"
  : >"$RUN/mode/relay"
  : >"$RUN/relay-open"
  rm -f "$RUN"/mode/{writer,hold} "$RUN"/{hold,quiesced} "$PULL_KEYS"
}

flag_off() {
  local directory
  for directory in "$@"; do rm -f "$RUN/$directory"/*; done
}

held() {
  [[ -e $RUN/hold ]]
}

# /.well-known/anny/writer: a writer that boots asks for it by the public name, and compares.
say_who_answers() {
  printf '%s %s %s\n' "$(machine_id)" "$GENERATION" "$ROLE" >"$RUN/.who"
  mv -f "$RUN/.who" "$RUN/who"
}

# The two writers before this one may relay to it: what they say of the client's address is believed. So is the peer of a
# takeover.
trust_relays() {
  local address earlier
  mkdir -p "$RUN/trust"
  earlier=" $TAKEOVER_FROM $(earlier_writers | paste -sd ' ') "
  for address in $earlier; do touch "$RUN/trust/$address"; done
  for address in "$RUN"/trust/*; do
    [[ $earlier == *" ${address##*/} "* ]] || rm -f "$address"
  done
}

earlier_writers() {
  history_entries "$HISTORY" | jq -rs --arg own "$(own_address)" \
    'map(select(.event == "activated") | .address | strings) | map(select(. != $own and . != "")) | reverse |
     reduce .[] as $a ([]; if index($a) then . else . + [$a] end) | .[:2][] | select(test("\\A[0-9.]+\\z"))'
}

# Asked once a verb: requests may wait for it.
start_peer() {
  [[ ${PEER_STARTED:-} != "$1" ]] || return 0
  systemctl start "anny-peer@$1.socket"
  PEER_STARTED=$1
}

# One socket for each address: what is in flight through the old one ends undisturbed, and the link changes atomically.
point_peer() {
  start_peer "$1"
  ln -sfn "peer-$1.sock" "$RUN/.peer.sock"
  mv -Tf "$RUN/.peer.sock" "$RUN/peer.sock"
}
