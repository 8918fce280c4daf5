#!/bin/sh
# Every test, as CI runs it:
#   1. style: formatter, include rule, sizes
#   2. the whole suite in a release build
#   3. the whole suite under AddressSanitizer and UndefinedBehaviorSanitizer
#   4. the threaded tests under ThreadSanitizer
# Skipped tests are listed at the end with their reason in the log.
set -eu
build=${1:-build}
mkdir -p "$build"
jobs=$(nproc 2>/dev/null || echo 2)
failed=0

say() { printf '\n== %s\n' "$*"; }

# ---- oracles: Pillow and ONNX Runtime, pinned, in a folder of their own ----
oracle=$build/oracle
if [ ! -x "$oracle/bin/python" ] || ! cmp -s tests/oracle/requirements.txt "$oracle/requirements.txt"
then
    say "preparing the oracles (Pillow, ONNX Runtime) in $oracle"
    if python3 -m venv "$oracle" &&
        "$oracle/bin/pip" install -q -r tests/oracle/requirements.txt; then
        cp tests/oracle/requirements.txt "$oracle/requirements.txt"
    else
        echo "The oracles could not be installed (no network?): tests that need them will be skipped."
        rm -rf "$oracle"
    fi
fi
if [ -x "$oracle/bin/python" ]; then
    CLEARCUT_ORACLE_PYTHON=$PWD/$oracle/bin/python
    case $oracle in /*) CLEARCUT_ORACLE_PYTHON=$oracle/bin/python ;; esac
    export CLEARCUT_ORACLE_PYTHON
fi

configure() { # folder, then flags
    folder=$1
    shift
    cmake -S . -B "$folder" -DCLEARCUT_TESTS=ON "$@" >"$folder.log" 2>&1 || {
        cat "$folder.log"
        exit 1
    }
    cmake --build "$folder" --parallel "$jobs" >"$folder.log" 2>&1 || {
        grep -E 'error|warning|FAILED' "$folder.log" | head -n 40
        echo "build of $folder failed; see $folder.log"
        exit 1
    }
}

run() { # folder, then ctest arguments
    folder=$1
    shift
    (cd "$folder" && ctest --output-on-failure -j "$jobs" "$@") || failed=1
}

say 'style'
scripts/check-style.sh --quick || failed=1

say 'release build: every test'
configure "$build/test-release" -DCMAKE_BUILD_TYPE=Release -DCLEARCUT_WERROR=ON
run "$build/test-release"

say 'AddressSanitizer and UndefinedBehaviorSanitizer: every test'
configure "$build/test-asan" -DCMAKE_BUILD_TYPE=Release -DCLEARCUT_SANITIZE=address,undefined
ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 \
    UBSAN_OPTIONS=print_stacktrace=1 run "$build/test-asan"

say 'ThreadSanitizer: the threaded tests'
configure "$build/test-tsan" -DCMAKE_BUILD_TYPE=Release -DCLEARCUT_SANITIZE=thread
run "$build/test-tsan" -R 'threads|network|api'

if [ "$failed" -ne 0 ]; then
    say 'FAILED: see above'
    exit 1
fi
say 'all tests passed'
