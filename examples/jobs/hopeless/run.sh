#!/usr/bin/env bash
# Always fails, so that there is a dead letter to look at, to edit and to try again.
echo "looking for the printer in the basement"
echo "no answer from printer.basement.example: it has not been seen since 1998" >&2
exit 1
