#!/usr/bin/env bash
# Runs the suite against the independent server and passes on its exit code.
# Usage: run.sh PATH_TO_ORIGINPROOF
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

start server "listening on " python3 "$here/server.py" --port 0 --token independent-token
CLOUDFLARE_API_TOKEN=independent-token CLOUDFLARE_EMAIL=operator@example.org \
  CLOUDFLARE_API_KEY=independent-key "$binary" run --strict --target "$url"
