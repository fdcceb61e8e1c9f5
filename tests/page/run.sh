#!/usr/bin/env bash
# Drives the HTML report in headless Chromium: pages of real runs, of a run in which every string is hostile, and of one
# with 1,000 cases.
# Usage: run.sh PATH_TO_ORIGINPROOF
# Needs node and npm, and the npm registry on the first run; installs Chromium from the system's packages if it is
# absent (CHROMIUM names another one). What npm installs is kept below ORIGINPROOF_PAGE_CACHE (target/page unless told);
# with KEEP_PAGES=DIR the pages are left there, to look at.
set -euo pipefail

PLAYWRIGHT=playwright-core@1.65.1

die() { echo "run.sh: $*" >&2; exit 1; }

[ $# -eq 1 ] || die "usage: run.sh PATH_TO_ORIGINPROOF"
binary=$(realpath "$1")
[ -x "$binary" ] || die "no executable at $1"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
cache=${ORIGINPROOF_PAGE_CACHE:-target/page}
mkdir -p "$cache"
cache=$(realpath "$cache")
unset CLOUDFLARE_API_TOKEN CLOUDFLARE_API_KEY CLOUDFLARE_EMAIL CLOUDFLARE_ZONE_ID ORIGINPROOF_TARGET
export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}" no_proxy="127.0.0.1${no_proxy:+,$no_proxy}"

chromium=${CHROMIUM:-$(command -v chromium || true)}
if [ -z "$chromium" ] || ! command -v npm >/dev/null; then
    packages=()
    [ -n "$chromium" ] || packages+=(chromium)
    command -v npm >/dev/null || packages+=(nodejs npm)
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null \
        || die "cannot install ${packages[*]}"
    chromium=${chromium:-$(command -v chromium)}
fi
if ! [ -d "$cache/node_modules/${PLAYWRIGHT%@*}" ]; then
    npm install --silent --no-audit --no-fund --no-save --prefix "$cache" "$PLAYWRIGHT" >/dev/null \
        || die "cannot install $PLAYWRIGHT"
fi

scratch=$(mktemp -d)
mock=
clean_up() {
    if [ -n "$mock" ]; then kill "$mock" 2>/dev/null || true; wait "$mock" 2>/dev/null || true; fi
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
pages=${KEEP_PAGES:-$scratch/pages}
mkdir -p "$pages"

# Runs as a user makes them, with their pages.
report() {
    local name=$1 code=$2 is=0
    shift 2
    CLOUDFLARE_API_TOKEN=mock-token "$binary" run --quiet --save "$pages/$name.json" --report "html=$pages/$name.html" "$@" \
        >"$scratch/log" 2>&1 || is=$?
    [ "$is" -eq "$code" ] || die "the run '$name' ended with $is, not $code: $(cat "$scratch/log")"
}
report honest 0
"$binary" mock --token mock-token --mutant v2-batch-replaces-the-collection >"$scratch/out" 2>&1 &
mock=$!
url=
for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$scratch/out")
    if [ -n "$url" ] || ! kill -0 "$mock" 2>/dev/null; then break; fi
    sleep 0.1
done
[ -n "$url" ] || die "the mock does not listen: $(cat "$scratch/out")"
report faulty 1 --target "$url"

# Run documents that no target of ours would bring about.
node "$here/generate.mjs" "$pages"
for name in big hostile broken-off empty; do
    "$binary" report "$pages/$name.json" --format html -o "$pages/$name.html" 2>"$scratch/log" \
        || die "no page of $name: $(cat "$scratch/log")"
done

NODE_PATH="$cache/node_modules" node "$here/drive.cjs" "$pages" "$chromium"
