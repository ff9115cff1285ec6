# shellcheck shell=bash
# Operators take turns by a lease in their account, and each holder has a higher token than the one before. This machine remembers
# the highest that it has seen: a command that slept while another took over is refused, whatever it still believes.

# Kept twice: one copy survives a restart, the other does not need room on the disk.
known_lease() {
  local file token highest=0
  for file in "$RUN/lease" "$LIB/lease"; do
    { read -r token <"$file"; } 2>/dev/null || continue
    if [[ $token =~ ^[1-9][0-9]{0,15}$ && $token -gt $highest ]]; then highest=$token; fi
  done
  echo "$highest"
}

keep_lease() {
  printf '%s\n' "$1" | write_file "$RUN/lease" 644 || true
  printf '%s\n' "$1" | write_file "$LIB/lease" 644 ||
    note 'the lease could not be written to the disk: it holds until a restart'
}

require_token() {
  [[ $1 =~ ^[1-9][0-9]{0,15}$ ]] || die "'$1' is no token of a lease" 'anny-box --lease NUMBER VERB'
}

# require_lease TOKEN VERB: with the lock in hand, so that nothing of an older holder is under way. `claim` is told instead of refused.
require_lease() {
  local known
  known=$(known_lease)
  if [[ $1 -gt $known ]]; then
    keep_lease "$1"
  elif [[ $1 -lt $known && $2 != claim ]]; then
    die "another command has taken over since (its token is $known, this one's $1)" \
      'anny-bluegreen status says what is there and what to do' "{\"lease\":$known}"
  fi
}

# Whatever an older holder had under way here has ended once this answers.
verb_claim() {
  verb_status
}
