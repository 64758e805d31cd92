#!/usr/bin/env bash
# Compresses a log with gzip, checks the archive, and keeps it with the job.
set -euo pipefail

json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  printf '"%s"' "$text"
}
progress() { printf '{"$progress": %s, "message": %s}\n' "$1" "$(json_string "$2")"; }

payload=$(cat)
file=
if [[ $payload =~ \"file\"[[:space:]]*:[[:space:]]*\"([^\"\\]+)\" ]]; then file=${BASH_REMATCH[1]}; fi
lines=20000
if [[ $payload =~ \"lines\"[[:space:]]*:[[:space:]]*([0-9]+) ]]; then lines=${BASH_REMATCH[1]}; fi

if [[ -z $file ]]; then
  file=$TMPDIR/machine.log
  progress 0.1 "writing $lines lines"
  read -r load _ </proc/loadavg
  awk -v lines="$lines" -v load="$load" -v host="$(uname -n)" 'BEGIN {
    srand(1)
    for (line = 1; line <= lines; line++)
      printf "%s request=%d status=%d milliseconds=%d load=%s\n", host, line, rand() < 0.98 ? 200 : 500, 5 + 200 * rand() ^ 4, load
  }' >"$file"
fi
if [[ ! -f $file ]]; then
  echo "there is no file $file" >&2
  # EX_NOINPUT: it will not be there the next time either.
  exit 66
fi

progress 0.4 "compressing $(basename "$file")"
archive=$(basename "$file").gz
gzip -9 -c -- "$file" >"$TMPDIR/$archive"

progress 0.8 "checking"
gzip -t "$TMPDIR/$archive"
before=$(stat -L -c %s -- "$file")
after=$(stat -c %s "$TMPDIR/$archive")
printf '{"$artifact": %s}\n' "$(json_string "$archive")"

progress 1 "done"
printf '{"file": %s, "bytes": %d, "compressed": %d, "percent": %d}\n' \
  "$(json_string "$(basename "$file")")" "$before" "$after" $((before > 0 ? after * 100 / before : 0))
