#!/usr/bin/env bash
# Tests the HTML report in headless Chromium: pages of real runs, of a run in which every string is hostile, and of a
# run with 1,000 cases.
# Usage: run.sh PATH_TO_ORIGINPROOF
# Needs node and npm, and the npm registry on the first run. Installs Chromium from the system's packages if it is
# absent (CHROMIUM selects another browser). npm packages are kept below ORIGINPROOF_PAGE_CACHE (default: target/page).
# With KEEP_PAGES=DIR the pages are kept in that folder.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cache=$(realpath -m "${ORIGINPROOF_PAGE_CACHE:-target/page}")
need_browser
node_packages "$cache" "$PLAYWRIGHT"
pages=${KEEP_PAGES:-$scratch/pages}
mkdir -p "$pages"

# Runs the suite as a user would, and writes NAME.json and NAME.html. Usage: report NAME EXIT_CODE ARGUMENTS...
report() {
    local name=$1 code=$2 is=0
    shift 2
    CLOUDFLARE_API_TOKEN=mock-token "$binary" run --quiet --save "$pages/$name.json" --report "html=$pages/$name.html" "$@" \
        >"$scratch/log" 2>&1 || is=$?
    [ "$is" -eq "$code" ] || die "the run '$name' ended with $is, not $code: $(cat "$scratch/log")"
}
report honest 0
serve --mutant v2-batch-replaces-the-collection
report faulty 1 --target "$url"

# Run documents that none of our targets would produce.
node "$here/generate.mjs" "$pages"
for name in big hostile broken-off empty; do
    "$binary" report "$pages/$name.json" --format html -o "$pages/$name.html" 2>"$scratch/log" \
        || die "no page of $name: $(cat "$scratch/log")"
done

NODE_PATH="$cache/node_modules" node "$here/drive.cjs" "$pages" "$chromium"
