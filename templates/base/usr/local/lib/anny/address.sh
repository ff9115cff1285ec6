# shellcheck shell=bash
# The reserved address that traffic comes by, where the account switches by one: the network leads it to one machine at a time,
# and whoever may get it has it configured beforehand. On lo: what goes out from here goes out by the machine's own address.

readonly ANSWERS_AT=$LIB/answers-at
readonly LEAVE_SECONDS=10
readonly LEAVE_LOOKS=15
readonly LEAVE_LOOK_SECONDS=0.04
readonly STAY_TRIES=3
readonly STAY_AGAIN_SECONDS=3
readonly METADATA=http://169.254.169.254/v1.json

verb_answer_at() {
  local address=${1:-}
  if [[ $address == none ]]; then
    rm -f "$ANSWERS_AT"
  else
    require_address "$address"
    printf '%s\n' "$address" | write_file "$ANSWERS_AT" 644
  fi
  stay
  apply_address
  answer_done
}

# Between detach and attach the address leads nowhere, and then to a machine that knows nothing of what was open here. So what is open
# ends with its next answer, and whoever opens anew knocks again a second later: by then the address has moved.
verb_leave() {
  local address tries
  require_role relay
  if [[ -s $ANSWERS_AT ]]; then
    address=$(<"$ANSWERS_AT")
    mkdir -p "$RUN/leaving"
    touch "$RUN/leaving/$address"
    # Whatever becomes of the caller: who has not left by then stays. It must come to pass: nobody new gets in before.
    systemd-run --quiet --collect --on-active="$LEAVE_SECONDS" -p Restart=on-failure -p RestartSec="$STAY_AGAIN_SECONDS" \
      /usr/local/sbin/anny-box stay
    iptables -w 2 -I INPUT -d "$address" -p tcp --syn -j DROP
    for ((tries = 0; tries < LEAVE_LOOKS; tries += 1)); do
      [[ -n $(ss -Htn state established src "$address") ]] || break
      sleep "$LEAVE_LOOK_SECONDS"
    done
  fi
  answer_done
}

# Without the lock: a verb that takes long must not keep clients out.
verb_stay() {
  stay
  answer_done
}

stay() {
  local flag
  for flag in "$RUN"/leaving/*; do
    [[ -e $flag ]] || continue
    let_in "${flag##*/}" || die "new connections to ${flag##*/} are dropped still: iptables is busy" \
      'the machine tries again by itself; or run the same command again'
    rm -f "$flag"
  done
}

# A rule that cannot be deleted may be there still, while somebody else holds iptables: only a look at all of them tells.
let_in() {
  local address=$1 tries rules
  for ((tries = 0; tries < STAY_TRIES; tries += 1)); do
    while iptables -w 2 -D INPUT -d "$address" -p tcp --syn -j DROP 2>/dev/null; do :; done
    rules=$(iptables -w 2 -S INPUT 2>/dev/null) || continue
    grep -F -e "-d $address/32 " <<<"$rules" | grep -q -e '-j DROP' || return 0
  done
  return 1
}

# Who serves nothing answers nothing there.
apply_address() {
  local wanted='' known
  [[ $ROLE == none || $ROLE == fenced || ! -s $ANSWERS_AT ]] || wanted=$(<"$ANSWERS_AT")
  known=$(ip -o -4 address show dev lo scope global | awk '{print $4}')
  for known in $known; do
    [[ $known == "$wanted/32" ]] || ip address delete "$known" dev lo
  done
  [[ -z $wanted ]] || ip address replace "$wanted/32" dev lo
}

# The name leads to the reserved address, and the platform leads that to this machine: nothing on the machine itself can tell, since it
# has the address. The address stays attached where traffic is switched by the record again: alone it says nothing of who the writer is.
address_leads_here() {
  local address said
  [[ -s $ANSWERS_AT ]] || return 1
  address=$(<"$ANSWERS_AT")
  [[ $(name_addresses) == "$address" ]] || return 1
  said=$(curl -fsS -m 3 "$METADATA" 2>/dev/null) || return 1
  jq -e --arg address "$address" 'any(.interfaces[].ipv4.additional[]?.address; . == $address)' <<<"$said" >/dev/null
}

# All that the name leads to; nothing where that cannot be found out.
name_addresses() {
  { timeout 5 getent ahostsv4 "$PUBLIC_NAME" || true; } | awk '{print $1}' | sort -u
}
