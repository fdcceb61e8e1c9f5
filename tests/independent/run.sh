#!/usr/bin/env bash
# Runs the suite and `originproof explore` against the independent server; fails if either finds something.
# Usage: run.sh PATH_TO_ORIGINPROOF
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

start server "listening on " python3 "$here/server.py" --port 0 --token independent-token
CLOUDFLARE_API_TOKEN=independent-token CLOUDFLARE_EMAIL=operator@example.org \
  CLOUDFLARE_API_KEY=independent-key "$binary" run --strict --target "$url"
for seed in 1 2 3; do
  CLOUDFLARE_API_TOKEN=independent-token "$binary" explore -q --strict --seed "$seed" --requests 3000 --target "$url"
done
