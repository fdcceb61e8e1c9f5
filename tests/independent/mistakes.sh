#!/usr/bin/env bash
# Runs the suite against the independent server with three mistakes at a time. Each mistake must be shown as a cause by the
# clause that it breaks; there must be at most four causes, and the output must stay below 150 lines.
# Usage: mistakes.sh PATH_TO_ORIGINPROOF
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
export PYTHONDONTWRITEBYTECODE=1 CLOUDFLARE_API_TOKEN=independent-token

clauses=$(python3 "$here/mistakes.py" --list)

# Usage: tried MISTAKE...
tried() {
  start server "listening on " python3 "$here/mistakes.py" "$@" -- --port 0
  local code=0
  "$binary" run --target "$url" >"$scratch/shown" 2>/dev/null || code=$?
  stop "$pid" || true
  [ "$code" -eq 1 ] || die "$*: run ended with $code: $(tail -5 "$scratch/shown")"
  local lines causes
  lines=$(wc -l <"$scratch/shown")
  causes=$(grep -c '^cause [0-9]* of' "$scratch/shown")
  [ "$lines" -le 150 ] || die "$*: $lines lines"
  [ "$causes" -le 4 ] || die "$*: $causes causes: $(grep '^cause' "$scratch/shown")"
  for mistake in "$@"; do
    local clause
    clause=$(awk -v name="$mistake" '$1 == name { print $2 }' <<<"$clauses")
    grep -q "^cause .* $clause " "$scratch/shown" ||
      die "$mistake breaks $clause, which is no cause: $(grep '^cause' "$scratch/shown")"
  done
  echo "$*: $causes causes in $lines lines"
}

tried failures-have-no-result addresses-of-paths-are-compared-as-text one-page-too-many
tried a-batch-replaces-all codes-are-texts lists-lose-the-oldest
tried a-delete-keeps-the-mapping regions-are-bare-names a-create-overwrites
