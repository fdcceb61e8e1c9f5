#!/usr/bin/env bash
# Drives the mock with the vendor's own Python SDK: 5.9.0 for the v2 operations, 5.0.0 for the v1 ones.
# Usage: run.sh PATH_TO_ORIGINPROOF
# Needs python3 with venv and pip, and PyPI on the first run. The environments are kept below ORIGINPROOF_SDK_CACHE
# (relative to the project's root; target/vendor-sdk unless told). PYTHON names another interpreter than python3.
set -euo pipefail

die() { echo "run.sh: $*" >&2; exit 1; }

[ $# -eq 1 ] || die "usage: run.sh PATH_TO_ORIGINPROOF"
case $1 in /*) binary=$1 ;; *) binary=$PWD/$1 ;; esac
[ -f "$binary" ] && [ -x "$binary" ] || die "no executable at $1"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
cache=${ORIGINPROOF_SDK_CACHE:-target/vendor-sdk}
python=${PYTHON:-python3}

# The SDK takes credentials and proxies from the environment: neither belongs here.
unset CLOUDFLARE_API_TOKEN CLOUDFLARE_API_KEY CLOUDFLARE_EMAIL CLOUDFLARE_API_USER_SERVICE_KEY CLOUDFLARE_BASE_URL
export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}" no_proxy="127.0.0.1${no_proxy:+,$no_proxy}"

# Makes the virtual environment for one SDK version, unless it is there.
environment() {
    local version=$1 venv=$cache/cloudflare-$1 query='import importlib.metadata as m; print(m.version("cloudflare"))'
    if [ "$("$venv/bin/python" -I -c "$query" 2>/dev/null)" = "$version" ]; then return; fi
    command -v "$python" >/dev/null || die "$python is missing"
    "$python" -c 'import venv, ensurepip' 2>/dev/null \
        || die "$python has no venv or ensurepip module (on Debian and Ubuntu: install python3-venv)"
    "$python" -m venv --clear "$venv" || die "cannot make a virtual environment in $venv"
    "$venv/bin/python" -I -m pip --version >/dev/null || die "pip is missing in $venv"
    "$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check "cloudflare==$version" \
        || die "cannot install cloudflare==$version from the package index"
}
environment 5.9.0
environment 5.0.0

scratch=$(mktemp -d)
mock=
stop_mock() {
    if [ -n "$mock" ]; then
        kill "$mock" 2>/dev/null || true
        for _ in $(seq 50); do kill -0 "$mock" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$mock" 2>/dev/null || true
        wait "$mock" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap stop_mock EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$binary" mock --listen 127.0.0.1:0 --token mock-token >"$scratch/out" 2>"$scratch/err" &
mock=$!
url=
for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$scratch/out")
    if [ -n "$url" ] || ! kill -0 "$mock" 2>/dev/null; then break; fi
    sleep 0.1
done
[ -n "$url" ] || die "the mock does not listen: $(cat "$scratch/out" "$scratch/err")"

# Runs one client; its last line ends with "N calls", which are added up.
total=0
client() {
    "$cache/cloudflare-$1/bin/python" -Iu "$here/$2" "$url" | tee "$scratch/client" || {
        kill -0 "$mock" 2>/dev/null || die "$2 failed, and the mock has ended: $(cat "$scratch/err")"
        die "$2 failed"
    }
    total=$((total + $(sed -n '$s/.* \([0-9][0-9]*\) calls$/\1/p' "$scratch/client")))
}
client 5.9.0 v2_client.py
client 5.0.0 v1_client.py

echo "vendor SDKs: $total calls, all as promised"
