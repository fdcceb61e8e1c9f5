#!/usr/bin/env bash
# Judges real clients: the vendor's SDKs for Python and TypeScript, and curl. What they break must be exactly what the
# lists of expected failures beside the adapters say.
# Usage: run.sh PATH_TO_ORIGINPROOF
# Needs python3 with venv, node, npm and curl, and PyPI and npm on the first run. The packages are kept below
# ORIGINPROOF_SDK_CACHE (default: target/vendor-sdk).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cache=$(realpath -m "${ORIGINPROOF_SDK_CACHE:-target/vendor-sdk}")
command -v npm >/dev/null && command -v curl >/dev/null || {
    apt-get update -qq && apt-get install -y -qq --no-install-recommends curl nodejs npm >/dev/null
}
for version in 5.9.0 5.0.0; do environment "$cache/cloudflare-$version" "cloudflare==$version"; done
for version in 7.3.0 6.3.0; do node_packages "$cache/npm-$version" "cloudflare@$version"; done

# Usage: judge EXIT_CODE LIST COMMAND...
judge() {
    local code=$1 list=$2 is=0
    shift 2
    echo "-- $list"
    "$binary" clients --quiet --limit 15s --expect "clients/$list" -- "$@" || is=$?
    [ "$is" -eq "$code" ] || die "$*: the exit code is $is, not $code"
}
judge 0 python/expect-5.9.0.yaml "$cache/cloudflare-5.9.0/bin/python" clients/python/adapter.py
judge 0 python/expect-5.0.0.yaml "$cache/cloudflare-5.0.0/bin/python" clients/python/adapter.py
judge 0 typescript/expect-7.3.0.yaml env "SDK=$cache/npm-7.3.0" node clients/typescript/adapter.mjs
# A body that breaks off leaves this version waiting: its adapter is killed, and the scenario is not judged (3).
judge 3 typescript/expect-6.3.0.yaml env "SDK=$cache/npm-6.3.0" node clients/typescript/adapter.mjs
judge 0 curl/expect.yaml python3 clients/curl/adapter.py
