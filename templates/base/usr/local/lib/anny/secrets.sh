# shellcheck shell=bash
# The app's secrets, and what else only the operator has. They come on stdin as {path: content}, which is the whole set; nothing of
# it is ever logged, and what an answer says of it is names.

# Beside .env and what the app finds under /secrets: the app knows nothing of them.
readonly -a MACHINE_SECRETS=(ca.crt alert-webhook backup/{repository,password,credentials,ssh_key,known_hosts})

verb_secrets() {
  require_role candidate writer relay
  read_secrets
  put_secrets "$WORK/secrets"
  use_certificate
  answer_done
}

# read_secrets: what came on stdin lies in $WORK/secrets, which is in memory.
read_secrets() {
  local directory=$WORK/secrets path
  cat >"$WORK/secrets.json"
  jq -e 'type == "object" and all(.[]; type == "string")
         and all(keys[]; test("\\A(\\.env|ca\\.crt|alert-webhook|secrets/[A-Za-z0-9_][A-Za-z0-9._-]*
                           |backup/(repository|password|credentials|ssh_key|known_hosts))\\z"; "x"))' \
    "$WORK/secrets.json" >/dev/null 2>&1 ||
    die 'the secrets are no object of texts by path' "allowed: .env, secrets/NAME, ${MACHINE_SECRETS[*]}"
  # It becomes a line of curl's configuration, which could as well name a file to overwrite.
  jq -e '."alert-webhook" // "" | rtrimstr("\n") | . == "" or test("\\Ahttps?://[!#-\\[\\]-~]+\\z")' \
    "$WORK/secrets.json" >/dev/null 2>&1 ||
    die 'alert-webhook is no address' 'it is one line: https://…'
  install -d -m 700 "$directory/secrets" "$directory/backup"
  while read -r path; do
    jq -rj --arg path "$path" '.[$path]' "$WORK/secrets.json" >"$directory/$path"
  done < <(jq -r 'keys[]' "$WORK/secrets.json")
}

# put_secrets DIRECTORY: the container is made anew before its next start. Readable to the app's user alone, and in a directory of
# root's: deploy has the user id of most apps.
put_secrets() {
  local name file
  touch "$REMAKE"
  sync "$REMAKE" "$LIB"
  install -d -m 700 -o root -g root "$OPT/secrets"
  rm -rf "$OPT"/secrets/.new.*
  for file in "$1"/secrets/*; do
    [[ -e $file ]] || continue
    write_file "$OPT/secrets/${file##*/}" 600 "$APP_UID:$APP_UID" <"$file"
  done
  for file in "$OPT"/secrets/*; do [[ -e $1/secrets/${file##*/} ]] || rm -f "$file"; done
  install -d -m 700 -o root -g root "$OPT/backup"
  for name in .env "${MACHINE_SECRETS[@]}"; do
    if [[ -e $1/$name ]]; then write_file "$OPT/$name" 600 <"$1/$name"; else rm -f "$OPT/$name"; fi
  done
}

# What would change, by name alone.
verb_compare_secrets() {
  require_role candidate writer relay
  read_secrets
  answer_json "{\"changes\":$(secret_changes "$WORK/secrets")}"
}

# secret_changes DIRECTORY: [{"name","change"}]; a variable of .env by its name, a file by its path.
secret_changes() {
  local path
  {
    variable_changes "$1/.env"
    { secret_files "$1"; secret_files "$OPT"; } | sort -u | while read -r path; do
      if [[ ! -e $OPT/$path ]]; then echo "$path added"
      elif [[ ! -e $1/$path ]]; then echo "$path removed"
      elif ! cmp -s "$OPT/$path" "$1/$path"; then echo "$path changed"; fi
    done
  } | jq -Rnc '[inputs | split(" ") | {name: .[0], change: .[1]}]'
}

# secret_files DIRECTORY: those beside .env, by their path in it.
secret_files() {
  local name
  for name in "${MACHINE_SECRETS[@]}"; do [[ ! -e $1/$name ]] || echo "$name"; done
  if [[ -d $1/secrets ]]; then find "$1/secrets" -type f ! -name '.*' -printf 'secrets/%f\n'; fi
}

# What jq would say of a failure could hold a value.
variable_changes() {
  local before=$OPT/.env after=$1
  [[ -e $before ]] || before=/dev/null
  [[ -e $after ]] || after=/dev/null
  jq -nr --rawfile before "$before" --rawfile after "$after" '
    def variables: [split("\n")[] | select(test("^[A-Za-z_][A-Za-z0-9_]*="))
      | capture("^(?<key>[^=]+)=(?<value>.*)$")] | from_entries;
    ($before | variables) as $old | ($after | variables) as $new | ($old + $new) | keys[] as $name
    | if ($old | has($name) | not) then "\($name) added" elif ($new | has($name) | not) then "\($name) removed"
      elif $old[$name] != $new[$name] then "\($name) changed" else empty end' 2>/dev/null
}

# The live machine gets another set: its app is made anew with it while requests wait. One that is not healthy with it gets the
# former set back, and requests go on waiting until it serves again.
verb_use_secrets() {
  local changes
  require_role writer
  refuse_held
  read_secrets
  changes=$(secret_changes "$WORK/secrets")
  if [[ $changes == '[]' && ! -e $REMAKE ]] && app_running; then
    answer_json '{"changes":[],"restarted":false}'
    return
  fi
  if jq -e 'length > 0 and all(.[]; .name | IN($ARGS.positional[]))' --args "${MACHINE_SECRETS[@]}" <<<"$changes" >/dev/null && [[ ! -e $REMAKE ]]; then
    put_secrets "$WORK/secrets"
    # The app knows nothing of these.
    rm -f "$REMAKE"
    use_certificate
    answer_json "{\"changes\":$changes,\"restarted\":false}"
    return
  fi
  keep_former
  hold_app
  put_secrets "$WORK/secrets"
  use_certificate
  if ! { start_app && wait_started "$START_SECONDS"; }; then use_former_again; fi
  resume_writer || die_unhealthy "$START_SECONDS"
  note "secrets changed: $(jq -r 'map("\(.name) \(.change)") | join(", ")' <<<"$changes")"
  answer_json "{\"changes\":$changes,\"restarted\":true}"
}

# In memory, for as long as this verb runs.
keep_former() {
  local path
  install -d -m 700 "$WORK/former/secrets" "$WORK/former/backup"
  for path in .env $(secret_files "$OPT"); do
    [[ ! -e $OPT/$path ]] || cp "$OPT/$path" "$WORK/former/$path"
  done
}

use_former_again() {
  local found="HTTP $HEALTH_STATUS" lines
  [[ $HEALTH_STATUS -ne 0 ]] || found='no answer'
  # Gone with the container. Not in this machine's log: what the app says of a secret may be the secret.
  lines=$(docker logs --tail 5 "$CONTAINER" 2>&1 | cut -c1-300 | awk '!seen[$0]++' || true)
  stop_app
  put_secrets "$WORK/former"
  use_certificate
  resume_writer ||
    die "the app is healthy neither with the new secrets ($found) nor with the former ones, which are back" \
      'anny-bluegreen logs shows what the app wrote' "$(jq -cn --arg lines "$lines" '{$lines}')"
  die "the app was not healthy with the new secrets: $found; it serves with the former ones again" \
    'mend .env (or what it names), then run the same command again' "$(jq -cn --arg lines "$lines" '{$lines}')"
}
