#!/usr/bin/env bash
# Measures the cost of `originproof proxy`: throughput and latency of the mock, directly and through the proxy. The two
# alternate, so that other load on the machine affects both. Reads a page of a v2 list, with and without credentials.
# Usage: proxy.sh PATH_TO_ORIGINPROOF
# Needs wrk, and installs it from the system's packages if it is absent. ROUNDS (default 3) is the number of rounds, and
# SECONDS_EACH (default 5) the length of each measurement.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../tests/lib.sh"
rounds=${ROUNDS:-3} seconds=${SECONDS_EACH:-5}
if ! command -v wrk >/dev/null; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends wrk >/dev/null || die "cannot install wrk"
fi

serve --seed-mappings 20
direct=$url
start proxy "listening on " "$binary" proxy --upstream "${direct%/client/v4}" --listen 127.0.0.1:0
proxy=$pid
by_proxy=$url/client/v4

# Prints one line: requests per second, and the median and 99th percentile of the latency in milliseconds.
measure() {
    local at=$1
    shift
    wrk --threads 1 --connections 8 --duration "${seconds}s" --latency "$@" \
        "$at/zones/0123456789abcdef0123456789abcdef/origin/cloud_regions" >"$scratch/wrk" || die "$(cat "$scratch/wrk")"
    if grep -q 'Socket errors' "$scratch/wrk"; then die "$(cat "$scratch/wrk")"; fi
    awk 'function ms(text) { return text ~ /us$/ ? text / 1000 : text ~ /ms$/ ? text + 0 : text * 1000 }
        $1 == "50%" { half = ms($2) } $1 == "99%" { most = ms($2) } /^Requests\/sec/ { rate = $2 }
        END { printf "%.0f %.3f %.3f\n", rate, half, most }' "$scratch/wrk"
}

# Alternates rounds with and without the proxy; prints the medians of both, and their ratio.
compare() {
    local what=$1
    shift
    : >"$scratch/direct"
    : >"$scratch/by_proxy"
    for _ in $(seq "$rounds"); do
        measure "$direct" "$@" >>"$scratch/direct"
        measure "$by_proxy" "$@" >>"$scratch/by_proxy"
    done
    python3 -I - "$what" "$scratch/direct" "$scratch/by_proxy" <<'PYTHON'
import statistics
import sys

what, *paths = sys.argv[1:]
direct, proxy = (
    [statistics.median(column) for column in zip(*(map(float, line.split()) for line in open(path)))] for path in paths
)
for name, one, other in zip(["requests/s", "p50 in ms", "p99 in ms"], direct, proxy):
    print(f"{what:20} {name:10} directly {one:9.3f}   by the proxy {other:9.3f}   ratio {other / one:.2f}")
PYTHON
}

echo "median of $rounds rounds of $seconds s, in turns"
compare "with credentials" --header "Authorization: Bearer mock-token"
compare "without credentials"
stop "$proxy" INT || die "the proxy ended with $?: $(cat "$scratch/proxy.out")"
sed -n 's/^note: //p' "$scratch/proxy.out"
