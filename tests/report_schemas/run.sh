#!/usr/bin/env bash
# Validates SARIF reports against the schema of SARIF 2.1.0, and JUnit reports against the XSD of Jenkins, which the
# readers of CI systems follow. The reports cover passed, failed, expected, skipped, deviating and inconclusive cases,
# and a run that broke off.
# Usage: run.sh PATH_TO_ORIGINPROOF
# Needs cargo and python3 with venv and pip. The first run needs crates.io and PyPI, since the schemas are taken from
# packages. The environment is kept below ORIGINPROOF_SCHEMAS_CACHE (default: target/report-schemas).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# The packages that contain a schema, and the validators.
SARIF_CRATE=serde-sarif SARIF_VERSION=0.8.0
XSD_PACKAGE=pytest==8.3.5
VALIDATORS=(jsonschema==4.26.0 xmlschema==4.3.2)
cache=${ORIGINPROOF_SCHEMAS_CACHE:-target/report-schemas}
mkdir -p "$cache"
cache=$(realpath "$cache")

environment "$cache/venv" "${VALIDATORS[@]}"
if ! [ -f "$cache/ready" ]; then
    "$cache/venv/bin/python" -I -m pip --quiet --disable-pip-version-check download --no-deps --no-binary pytest \
        --dest "$scratch" "$XSD_PACKAGE" || die "cannot fetch $XSD_PACKAGE"
    tar -xzf "$scratch"/pytest-*.tar.gz -C "$scratch"
    cp "$scratch"/pytest-*/testing/example_scripts/junit-10.xsd "$cache/junit.xsd"
    mkdir "$scratch/crate"
    printf '[package]\nname = "schema"\nversion = "0.0.0"\nedition = "2024"\n[lib]\npath = "lib.rs"\n[dependencies]\n%s = { version = "=%s", default-features = false }\n' \
        "$SARIF_CRATE" "$SARIF_VERSION" >"$scratch/crate/Cargo.toml"
    : >"$scratch/crate/lib.rs"
    cargo metadata --quiet --format-version 1 --manifest-path "$scratch/crate/Cargo.toml" >"$scratch/metadata.json" \
        || die "cannot fetch $SARIF_CRATE"
    manifest=$(python3 -c 'import json, sys
print(next(p["manifest_path"] for p in json.load(open(sys.argv[1]))["packages"] if p["name"] == sys.argv[2]))' \
        "$scratch/metadata.json" "$SARIF_CRATE")
    cp "$(dirname "$manifest")/src/schema.json" "$cache/sarif.schema.json"
    touch "$cache/ready"
fi

# Runs the suite, writes NAME.json, NAME.sarif and NAME.xml, and checks the exit code of the run.
# Usage: reports NAME EXIT_CODE ARGUMENTS...
reports() {
    local name=$1 code=$2 is=0
    shift 2
    CLOUDFLARE_API_TOKEN=mock-token "$binary" run --quiet --save "$scratch/$name.json" --report "sarif=$scratch/$name.sarif" \
        --report "junit=$scratch/$name.xml" "$@" >"$scratch/$name.log" 2>&1 || is=$?
    [ "$is" -eq "$code" ] || die "the run '$name' ended with $is, not $code: $(cat "$scratch/$name.log")"
}

reports honest 0
serve --mutant v2-batch-replaces-the-collection
reports faulty 1 --target "$url" --filter '^batch/'
"$binary" run --quiet --target "$url" --token mock-token --filter '^batch/' --write-expect "$scratch/expect.yaml" >/dev/null 2>&1 || true
sed -i 's/reason: ""/reason: "<known> \& \\"accepted\\""/' "$scratch/expect.yaml"
reports expected 0 --target "$url" --filter '^batch/' --expect "$scratch/expect.yaml"
# The hooks and one generation are missing, so many cases are skipped.
serve --no-hooks --variation v1-is-not-routed
reports skipped 0 --target "$url" --zone 0123456789abcdef0123456789abcdef
# Only recommendations fail.
serve --variation own-texts-for-documented-codes
reports deviating 0 --target "$url" --filter '^read/'
# A document that is cut off in the middle, like that of a run that broke off, and a run with inconclusive cases.
head -c 60000 "$scratch/faulty.json" >"$scratch/broken-off.json"
for format in sarif:sarif junit:xml; do
    "$binary" report "$scratch/broken-off.json" --format "${format%:*}" -o "$scratch/broken-off.${format#*:}" 2>/dev/null
done
python3 - "$scratch/faulty.json" "$scratch/inconclusive.json" <<'PYTHON'
import sys
text = open(sys.argv[1], encoding="utf-8").read()
text = text.replace('"verdict":"violates","reason":null', '"verdict":"inconclusive","reason":"503 \\u0000\\u001b]]> <by> an \\"edge\\""')
open(sys.argv[2], "w", encoding="utf-8").write(text)
PYTHON
for format in sarif:sarif junit:xml; do
    "$binary" report "$scratch/inconclusive.json" --format "${format%:*}" -o "$scratch/inconclusive.${format#*:}"
done

"$cache/venv/bin/python" -I "$here/validate.py" "$cache" "$scratch"
