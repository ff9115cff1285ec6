# shellcheck shell=bash
# What clients got from this machine's own app: from nginx's log, which each answer is written to as it ends.

# Its first fields are for this: seconds since the epoch, 1 when the app was asked (and not for its health), status, how long it all
# took, how long the app took to begin its answer, "-". More than one time there: the request met a stopped app and waited.
ACCESS_LOG=/var/log/nginx/anny.access.log

verb_traffic() {
  local seconds=${1:-}
  require_number "$seconds" 1 86400 'the seconds to look back'
  answer_json "$(traffic_json "$seconds")"
}

# Read backwards, so that an hour costs an hour's lines, however long the file; and at a low priority: requests go first.
# The distribution's logrotate leaves the day before as it is, uncompressed.
traffic_json() {
  local -a files=()
  local file
  for file in "$ACCESS_LOG" "$ACCESS_LOG.1"; do [[ ! -r $file ]] || files+=("$file"); done
  [[ ${#files[@]} -gt 0 ]] || files=(/dev/null)
  # awk ends at the first line that is too old, and tac by it.
  { nice -n 10 tac "${files[@]}" 2>/dev/null || true; } |
    nice -n 10 awk -v seconds="$1" -v now="$(date +%s%3N)" "$COUNT_TRAFFIC"
}

# A line may be torn: the disk was full. Lines lie in the order of their times but for what nginx's processes write at once. Times have milliseconds, so that counting
# them takes the place of sorting.
readonly COUNT_TRAFFIC='
BEGIN { from = now - seconds * 1000; slowest = 600000 }
length($1) != 14 || $1 !~ /^[0-9]+[.][0-9]+$/ { next }
$1 * 1000 < from - 2000 { exit }
$1 * 1000 < from || $2 != 1 || $3 == 101 { next }
{
  begun = $5
  # Nginx answered itself, or the client went away before the app said anything: that took as long as its patience lasted.
  if ($5 == "-" && $3 < 499) next
  if ($5 == "-" && $3 == 499) begun = $4
  requests++
  if ($3 >= 500) errors++
  if ($6 != "-" || begun == "-") next
  ms = int(begun * 1000 + 0.5)
  if (ms > slowest) ms = slowest
  if (ms > longest) longest = ms
  took[ms]++
  timed++
}
END {
  for (ms = 0; ms <= longest; ms++) {
    if (!(ms in took)) continue
    seen += took[ms]
    if (p50 == "" && seen >= timed * 0.50) p50 = ms
    if (p95 == "" && seen >= timed * 0.95) p95 = ms
    if (p99 == "" && seen >= timed * 0.99) p99 = ms
  }
  printf "{\"seconds\":%d,\"requests\":%d,\"errors\":%d,\"p50Ms\":%d,\"p95Ms\":%d,\"p99Ms\":%d}\n", \
    seconds, requests, errors, p50, p95, p99
}'
