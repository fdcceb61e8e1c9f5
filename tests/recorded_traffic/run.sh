#!/usr/bin/env bash
# Records the traffic of real clients with real recorders, and tests `originproof check` with the recordings. It must
# find nothing in the traffic of an honest mock, and the broken clause in that of a faulty one. `originproof proxy` is
# also tested, between the vendor's SDKs and the mock.
# Usage: run.sh PATH_TO_ORIGINPROOF
# Needs python3 with venv and pip, node and npm, and on the first run PyPI and the npm registry. Installs Chromium from
# the system's packages if it is absent. Installed packages are kept below target/ (ORIGINPROOF_TRAFFIC_CACHE,
# ORIGINPROOF_SDK_CACHE). With KEEP_TRAFFIC=DIR the recordings are kept in that folder.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cache=$(realpath -m "${ORIGINPROOF_TRAFFIC_CACHE:-target/recorded-traffic}")
sdk=${ORIGINPROOF_SDK_CACHE:-target/vendor-sdk}
need_browser
node_packages "$cache/browser" "$PLAYWRIGHT" chrome-har@1.3.1
environment "$cache/mitmproxy" mitmproxy==11.0.2
environment "$sdk/cloudflare-5.9.0" cloudflare==5.9.0
environment "$sdk/cloudflare-5.0.0" cloudflare==5.0.0
kept=${KEEP_TRAFFIC:-$scratch/traffic}
mkdir -p "$kept"

# Checks a recording, expects this exit code, and writes the result to NAME.json. Usage: check NAME CODE
check() {
    local is=0
    "$binary" check "$kept/$1.har" --report "json=$kept/$1.json" >"$scratch/check" 2>&1 || is=$?
    [ "$is" -eq "$2" ] || die "check of $1 ended with $is, not $2 (KEEP_TRAFFIC=DIR keeps the recording): $(cat "$scratch/check")"
}
judged() { python3 -I "$here/judged.py" "$@"; }

# Checks the recording of an honest mock: `check` must find nothing and leave out nothing.
# Usage: expect_clean NAME DESCRIPTION
expect_clean() {
    local counts
    check "$1" 0
    counts=$(judged clean "$kept/$1.json") || die "$2: check did not see what it should (KEEP_TRAFFIC=DIR keeps $1.har)"
    echo "$2: $counts"
}

# Records the traffic of a page in Chromium with two recorders.
record_browser() {
    NODE_PATH="$cache/browser/node_modules" timeout 60 node "$here/browser.cjs" "$url" "$chromium" \
        "$kept/$1-playwright.har" "$kept/$1-devtools.har" >"$scratch/client" 2>&1 \
        || die "the browser's recording $1 failed: $(tail -5 "$scratch/client" "$scratch/mock.out")"
}

# Records the traffic of clients of both generations with mitmproxy. The clients are started by one of the functions
# `strict_clients` and `tolerant_clients`. Usage: record_mitmproxy NAME FUNCTION
record_mitmproxy() {
    start mitmproxy "listening at " "$cache/mitmproxy/bin/mitmdump" --mode "reverse:${url%/client/v4}" \
        --listen-host 127.0.0.1 --listen-port 0 --set "confdir=$scratch/mitmproxy" --set flow_detail=0 \
        --set "hardump=$kept/$1.har"
    "$2" "http://${url%.}/client/v4"
    stop "$pid" || die "mitmproxy ended with $?: $(cat "$scratch/mitmproxy.out")"
}
client() {
    timeout 60 "$sdk/cloudflare-$1/bin/python" -I "${@:2}" >"$scratch/client" 2>&1 \
        || die "$2 failed: $(cat "$scratch/client" "$scratch/mock.out")"
}
# The strict clients compare every answer with what they expect; the tolerant clients accept any answer.
strict_clients() {
    client 5.0.0 tests/vendor_sdk/v1_client.py "$1"
    client 5.9.0 tests/vendor_sdk/v2_client.py "$1"
}
tolerant_clients() {
    client 5.0.0 "$here/client.py" "$1" v1
    client 5.9.0 "$here/client.py" "$1" v2
}

serve
mock_url=$url
record_browser honest
expect_clean honest-playwright "Chromium, Playwright's recorder"
expect_clean honest-devtools "Chromium, DevTools events"
record_mitmproxy honest-sdk strict_clients
expect_clean honest-sdk "the vendor's SDKs, mitmproxy"
url=$mock_url
record_mitmproxy honest-client tolerant_clients
expect_clean honest-client "the clients for faulty mocks, mitmproxy"

# Our own proxy: the clients work as without it, it finds nothing, and no file contains the credentials.
start proxy "listening on " "$binary" proxy --upstream "${mock_url%/client/v4}" --listen 127.0.0.1:0 --fail \
    --record "$kept/proxy.har" --save "$kept/proxy-run.json"
proxy=$pid
strict_clients "$url/client/v4"
stop "$proxy" INT || die "the proxy ended with $?: $(cat "$scratch/proxy.out")"
expect_clean proxy "the vendor's SDKs, originproof proxy"
passed=$(judged clean "$kept/proxy-run.json") || die "the proxy found something: $(cat "$scratch/proxy.out")"
for file in "$kept/proxy.har" "$kept/proxy-run.json"; do
    if grep -qF mock-token "$file"; then die "$(basename "$file") of the proxy has the token (KEEP_TRAFFIC=DIR keeps it)"; fi
done
echo "originproof proxy, as they passed: $passed; no credentials in its files"

# Faulty mocks: `check` must find the broken clause in each recording.
"$binary" list mutants --json >"$scratch/mutants.json"
count=0
while read -r recorder mutant; do
    case $recorder in '' | '#'*) continue ;; esac
    clause=$(python3 -Ic 'import json, sys
print(next(m["breaks"] for m in json.load(open(sys.argv[1])) if m["name"] == sys.argv[2]))' "$scratch/mutants.json" "$mutant") \
        || die "there is no mutant $mutant"
    serve --mutant "$mutant"
    case $recorder in
        browser) record_browser "$mutant"; recordings="$mutant-playwright $mutant-devtools" ;;
        mitmproxy) record_mitmproxy "$mutant" tolerant_clients; recordings=$mutant ;;
        *) die "mutants.txt: no recorder $recorder" ;;
    esac
    for recording in $recordings; do
        check "$recording" 1
        judged finds "$clause" "$kept/$recording.json" 2>"$scratch/why" \
            || die "$recording: $(cat "$scratch/why") (KEEP_TRAFFIC=DIR keeps the recording)"
    done
    count=$((count + 1))
done <"$here/mutants.txt"
echo "faulty mocks: $count found, each by the clause that it breaks"
