#!/usr/bin/env bash
# Fails as long as fewer than two attempts have failed before. The context file tells how many.
set -euo pipefail

context=$(cat "$NIGHTSHIFT_CONTEXT")
[[ $context =~ \"failures\":([0-9]+) ]]
failures=${BASH_REMATCH[1]}

echo "attempt $NIGHTSHIFT_ATTEMPT, after $failures failures"
if ((failures < 2)); then
  echo "the service is not ready yet" >&2
  exit 1
fi
printf '{"attempts": %d}\n' "$NIGHTSHIFT_ATTEMPT"
