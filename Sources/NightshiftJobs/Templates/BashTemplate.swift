enum BashTemplate {
  static let files = [
    JobTemplate.File(path: "run.sh", contents: script, isExecutable: true),
    JobTemplate.File(path: "test.sh", contents: test, isExecutable: true),
  ]

  private static let script = #"""
    #!/usr/bin/env bash
    # JOB_NAME: measures a folder and keeps the list of its largest files.
    #
    # In:   the payload, one line of JSON on standard input.
    # Out:  lines on standard output: {"$progress": …}, {"$log": …}, {"$artifact": …}; other text is log; the
    #       last line that is JSON without $ is the result. What goes to standard error is log too.
    # Exit: 0 done · 75 run me again later · 64 to 78 give up at once · anything else is tried again.
    set -euo pipefail

    # Text as a JSON string.
    json_string() {
      local text=$1
      text=${text//\\/\\\\}
      text=${text//\"/\\\"}
      text=${text//$'\n'/\\n}
      text=${text//$'\t'/\\t}
      text=${text//$'\r'/\\r}
      printf '"%s"' "$text"
    }
    progress() { printf '{"$progress": %s, "message": %s}\n' "$1" "$(json_string "$2")"; }

    # Two flat fields need no more than this; install jq for anything larger.
    payload=$(cat)
    [[ $payload =~ \"path\"[[:space:]]*:[[:space:]]*\"([^\"\\]+)\" ]] || {
      echo 'the payload must be like {"path": "/var/log"}' >&2
      exit 64
    }
    path=${BASH_REMATCH[1]}
    largest=10
    if [[ $payload =~ \"largest\"[[:space:]]*:[[:space:]]*([0-9]+) ]]; then largest=${BASH_REMATCH[1]}; fi

    if [[ ! -d $path ]]; then
      # Perhaps it is made later: come back without counting a failure.
      echo "there is no folder $path yet"
      echo '{"$retryAfter": "5m"}'
      exit 75
    fi

    progress 0.1 "listing $path"
    sizes=$TMPDIR/sizes.tsv
    # Files that vanish while we look are no failure.
    find "$path" -type f -printf '%s\t%p\n' 2>"$TMPDIR/unreadable.txt" >"$sizes" || true
    if [[ -s $TMPDIR/unreadable.txt ]]; then
      unreadable=$(json_string "could not read all of it: $(head -n 1 "$TMPDIR/unreadable.txt")")
      printf '{"$log": %s, "level": "warning"}\n' "$unreadable"
    fi

    progress 0.6 "adding up"
    files=$(wc -l <"$sizes")
    bytes=$(awk -F '\t' '{ sum += $1 } END { printf "%d", sum }' "$sizes")
    printf 'bytes\tfile\n' >"$TMPDIR/largest.tsv"
    sort -rn "$sizes" | awk -v largest="$largest" 'NR <= largest' >>"$TMPDIR/largest.tsv"
    echo '{"$artifact": "largest.tsv"}'

    progress 1 "done"
    printf '{"path": %s, "files": %d, "bytes": %d}\n' "$(json_string "$path")" "$files" "$bytes"

    """#

  static let test = #"""
    #!/usr/bin/env bash
    # Runs the job with sample payloads and checks what it says. Needs no server: bash test.sh
    set -euo pipefail
    cd "$(dirname "$0")"

    TMPDIR=$(mktemp -d)
    export TMPDIR
    trap 'rm -rf "$TMPDIR"' EXIT
    fail() {
      echo "FAILED: $*" >&2
      exit 1
    }
    # Runs the job in $output and $status.
    run() {
      status=0
      output=$(printf '%s\n' "$1" | bash run.sh 2>"$TMPDIR/errors.txt") || status=$?
    }

    sample=$TMPDIR/sample
    mkdir -p "$sample/below"
    printf '12345' >"$sample/five"
    printf '123' >"$sample/below/three"

    run "{\"path\": \"$sample\", \"largest\": 1}"
    [[ $status == 0 ]] || fail "exit $status: $(cat "$TMPDIR/errors.txt")"
    result=$(tail -n 1 <<<"$output")
    [[ $result == *'"files": 2'* && $result == *'"bytes": 8'* ]] || fail "result $result"
    [[ $output == *'{"$artifact": "largest.tsv"}'* ]] || fail "no artifact in: $output"
    [[ $(tail -n 1 "$TMPDIR/largest.tsv") == 5*five ]] || fail "the largest file is not five"
    [[ $(wc -l <"$TMPDIR/largest.tsv") == 2 ]] || fail "more files are listed than were asked for"

    run '{"path": "/does/not/exist"}'
    [[ $status == 75 ]] || fail "a folder that is not there yet: exit $status instead of 75"

    run '{}'
    [[ $status == 64 ]] || fail "a bad payload: exit $status instead of 64"

    echo "all passed"

    """#
}
