#!/usr/bin/env bash
# Calls the mock with the vendor's own Python SDK: version 5.9.0 for the v2 operations, 5.0.0 for the v1 operations.
# Usage: run.sh PATH_TO_ORIGINPROOF
# Needs python3 with venv and pip, and PyPI on the first run. The environments are kept below ORIGINPROOF_SDK_CACHE
# (relative to the project's root; default: target/vendor-sdk). PYTHON selects an interpreter other than python3.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cache=${ORIGINPROOF_SDK_CACHE:-target/vendor-sdk}
environment "$cache/cloudflare-5.9.0" cloudflare==5.9.0
environment "$cache/cloudflare-5.0.0" cloudflare==5.0.0
serve

# Runs one client and adds its number of calls to the total; the client's last line must end with "N calls".
total=0
client() {
    "$cache/cloudflare-$1/bin/python" -Iu "$here/$2" "$url" | tee "$scratch/client" || {
        kill -0 "$mock" 2>/dev/null || die "$2 failed, and the mock has ended: $(cat "$scratch/mock.out")"
        die "$2 failed"
    }
    total=$((total + $(sed -n '$s/.* \([0-9][0-9]*\) calls$/\1/p' "$scratch/client")))
}
client 5.9.0 v2_client.py
client 5.0.0 v1_client.py

echo "vendor SDKs: $total calls, all as promised"
