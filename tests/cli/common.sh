# Shared by the test_*.sh scripts: sourced, not run.
#
# CLEARCUT is the program under test. Everything happens in a folder of its own
# that goes away at the end; HOME is there too, so that no model of the machine's
# user is found. A script counts failures with `check` and ends with `finish`.

set -u
: "${CLEARCUT:?CLEARCUT must be the path of the program under test}"
CLEARCUT_SOURCE_DIR=${CLEARCUT_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
DATA=$CLEARCUT_SOURCE_DIR/tests/cli/data
SHARED=${CLEARCUT_SHARED:-$CLEARCUT_SOURCE_DIR/../shared}

WORK=$(mktemp -d "${TMPDIR:-/tmp}/clearcut-cli-XXXXXX") || exit 1
trap 'rm -rf "$WORK"' EXIT
mkdir "$WORK/home"
export HOME=$WORK/home
unset CLEARCUT_HOME XDG_DATA_HOME XDG_CACHE_HOME U2NET_HOME REMBG_HOME MODEL_CHECKSUM_DISABLED
unset CLEARCUT_MIRROR
export CLEARCUT_OFFLINE=1 # no test reaches for the network
cd "$WORK" || exit 1

failures=0
checks=0

fail() {
    failures=$((failures + 1))
    echo "FAIL: $*"
    [ -s "$WORK/stderr" ] && sed 's/^/    stderr: /' "$WORK/stderr"
    return 1
}

# check NAME COMMAND...: the command must succeed.
check() {
    local name=$1
    shift
    checks=$((checks + 1))
    "$@" || fail "$name"
}

# run STATUS ARGUMENTS...: the program must end with that status. Its streams lie
# in $WORK/stdout and $WORK/stderr afterwards; standard input is empty.
run() {
    local expected=$1 status
    shift
    checks=$((checks + 1))
    "$CLEARCUT" "$@" <"${STDIN:-/dev/null}" >"$WORK/stdout" 2>"$WORK/stderr"
    status=$?
    [ "$status" -eq "$expected" ] || fail "clearcut $* ended with $status, not $expected"
}

# says TEXT...: the last run's stderr holds each of these.
says() {
    local text
    for text in "$@"; do
        checks=$((checks + 1))
        grep -qF -- "$text" "$WORK/stderr" || fail "stderr does not say \"$text\""
    done
}

# prints TEXT...: the last run's stdout holds each of these.
prints() {
    local text
    for text in "$@"; do
        checks=$((checks + 1))
        grep -qF -- "$text" "$WORK/stdout" || fail "stdout does not hold \"$text\""
    done
}

absent() { [ ! -e "$1" ]; }
same() { cmp -s "$1" "$2"; }

# only NAMES...: the folder `out` holds exactly these files and no others.
only() {
    checks=$((checks + 1))
    [ "$(ls -A out | sort | tr '\n' ' ')" = "$(printf '%s\n' "$@" | sort | tr '\n' ' ' | sed 's/^ $//')" ] ||
        fail "out/ holds: $(ls -A out | tr '\n' ' ')"
}

skip() {
    echo "SKIPPED: $*"
    exit 77
}

finish() {
    echo "$checks checks, $failures failures"
    [ "$failures" -eq 0 ]
    exit
}
