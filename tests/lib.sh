# Shared code of the scripts that drive the built program from outside; source it at the start of a run.sh.
# Sets `binary` (the program), `here` (the script's folder) and `scratch` (a folder that is deleted at the end), and
# changes to the project's root. All processes from `serve` and `start` are ended when the script ends, however it ends.
# shellcheck shell=bash

die() { echo "$(basename "$(dirname "$0")")/$(basename "$0"): $*" >&2; exit 1; }

[ $# -eq 1 ] || die "usage: $(basename "$0") PATH_TO_ORIGINPROOF"
binary=$(realpath "$1")
[ -f "$binary" ] && [ -x "$binary" ] || die "no executable at $1"
here=$(cd "$(dirname "$0")" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Credentials, targets and proxies of the caller's environment must not affect the tests.
unset CLOUDFLARE_API_TOKEN CLOUDFLARE_API_KEY CLOUDFLARE_EMAIL CLOUDFLARE_API_USER_SERVICE_KEY CLOUDFLARE_BASE_URL \
    CLOUDFLARE_ZONE_ID ORIGINPROOF_TARGET
export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}" no_proxy="127.0.0.1${no_proxy:+,$no_proxy}"

scratch=$(mktemp -d)
children=()
clean_up() {
    for child in "${children[@]}"; do stop "$child" || true; done
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Ends a child process with a signal (TERM by default), and kills it after five seconds; returns its exit code.
# Usage: stop PID [SIGNAL]
stop() {
    local pid=$1 code=0
    kill "-${2:-TERM}" "$pid" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || code=$?
    for index in "${!children[@]}"; do [ "${children[index]}" = "$pid" ] && unset 'children[index]'; done
    return "$code"
}

# Starts a server and waits until it prints its address in a line that matches the pattern. Sets `url` (the address)
# and `pid` (the process); the output is in $scratch/NAME.out. Usage: start NAME PATTERN COMMAND...
start() {
    local name=$1 pattern=$2
    shift 2
    : >"$scratch/$name.out"
    "$@" >"$scratch/$name.out" 2>&1 &
    pid=$!
    children+=("$pid")
    url=
    for _ in $(seq 400); do
        url=$(sed -n "s#^.*$pattern##p" "$scratch/$name.out")
        if [ -n "$url" ] || ! kill -0 "$pid" 2>/dev/null; then break; fi
        sleep 0.05
    done
    [ -n "$url" ] || die "the $name does not listen: $(cat "$scratch/$name.out")"
}

# Starts a mock with these arguments and ends the previous one. Sets `url` (the address) and `mock` (the process).
mock=
serve() {
    if [ -n "$mock" ]; then stop "$mock" || true; fi
    start mock "listening on " "$binary" mock --listen 127.0.0.1:0 --token mock-token "$@"
    mock=$pid
}

# Creates a virtual environment with these packages, unless it exists. Usage: environment FOLDER PACKAGE==VERSION...
# PYTHON selects an interpreter other than python3.
environment() {
    local venv=$1 python=${PYTHON:-python3}
    shift
    if "$venv/bin/python" -Ic '' 2>/dev/null && [ "$(cat "$venv/installed" 2>/dev/null)" = "$*" ]; then return; fi
    command -v "$python" >/dev/null || die "$python is missing"
    "$python" -c 'import venv, ensurepip' 2>/dev/null \
        || die "$python has no venv or ensurepip module (on Debian and Ubuntu: install python3-venv)"
    "$python" -m venv --clear "$venv" || die "cannot make a virtual environment in $venv"
    "$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check "$@" || die "cannot install $*"
    echo "$*" >"$venv/installed"
}

# Installs npm packages below a folder, unless they are installed. Usage: node_packages FOLDER PACKAGE@VERSION...
node_packages() {
    local folder=$1
    shift
    if [ "$(cat "$folder/installed" 2>/dev/null)" = "$*" ]; then return; fi
    mkdir -p "$folder"
    npm install --silent --no-audit --no-fund --no-save --prefix "$folder" "$@" >/dev/null || die "cannot install $*"
    echo "$*" >"$folder/installed"
}

# Installs Chromium, node and npm from the system's packages if they are absent. Sets `chromium` (the browser);
# CHROMIUM selects another browser.
need_browser() {
    chromium=${CHROMIUM:-$(command -v chromium || true)}
    if [ -n "$chromium" ] && command -v npm >/dev/null; then return; fi
    local packages=()
    [ -n "$chromium" ] || packages+=(chromium)
    command -v npm >/dev/null || packages+=(nodejs npm)
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null \
        || die "cannot install ${packages[*]}"
    chromium=${chromium:-$(command -v chromium)}
}
PLAYWRIGHT=playwright-core@1.65.1
