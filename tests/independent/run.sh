#!/usr/bin/env bash
# Runs the suite against the independent server and passes on its exit code.
# Usage: run.sh PATH_TO_ORIGINPROOF
set -euo pipefail
originproof=$(realpath "${1:?usage: run.sh PATH_TO_ORIGINPROOF}")
cd "$(dirname "$0")"

log=$(mktemp)
python3 server.py --port 0 --token independent-token >"$log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT

for _ in $(seq 100); do
  url=$(sed -n 's/^listening on //p' "$log")
  [ -n "$url" ] && break
  kill -0 "$server" 2>/dev/null || { echo "the server did not start" >&2; exit 1; }
  sleep 0.1
done

CLOUDFLARE_API_TOKEN=independent-token CLOUDFLARE_EMAIL=operator@example.org \
  CLOUDFLARE_API_KEY=independent-key "$originproof" run --strict --target "$url"
