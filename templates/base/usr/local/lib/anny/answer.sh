# shellcheck shell=bash
# Answers: JSON on stdout.

fail() {
  jq -cn --arg error "$1" --arg next "$2" '{error: $error, next: $next}'
  exit 1
}

ok() {
  echo '{}'
}

now() {
  date +%s
}

# need NAME VALUE PATTERN: what comes from the caller is checked before anything else.
need() {
  local name=$1 value=$2 pattern=$3
  [[ $value =~ ^$pattern$ ]] || fail "$name \"${value:0:80}\" is not what it must be" "docs/anny-box.md says what the verb takes"
}
readonly ADDRESS='[0-9]{1,3}(\.[0-9]{1,3}){3}'
readonly SECONDS_ARGUMENT='[0-9]{1,5}'
