#!/bin/sh
# Every test, as CI runs it:
#   1. style: formatter, include rule, sizes
#   2. the whole suite in a release build
#   3. the whole suite under AddressSanitizer and UndefinedBehaviorSanitizer
#   4. the threaded tests under ThreadSanitizer
#   5. the engine's tests for ARM64 (NEON kernels) under QEMU, on x86-64 machines
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

source=.
configure() { # folder, then flags
    folder=$1
    shift
    cmake -S "$source" -B "$folder" "$@" >"$folder.log" 2>&1 || {
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

say 'ARM64: the engine under QEMU'
if [ "$(uname -m)" = aarch64 ] || [ "$(uname -m)" = arm64 ]; then
    echo 'This is ARM64: the suites above have tested its kernels.'
elif command -v aarch64-linux-gnu-gcc >/dev/null 2>&1 && command -v qemu-aarch64 >/dev/null 2>&1; then
    source=tests/cross
    configure "$build/test-arm64" -DCMAKE_BUILD_TYPE=Release -DCLEARCUT_WERROR=ON \
        -DCMAKE_TOOLCHAIN_FILE="$PWD/tests/cross/aarch64.cmake"
    run "$build/test-arm64"
else
    echo 'SKIPPED: the NEON kernels were not tested; that needs aarch64-linux-gnu-gcc and qemu-aarch64'
    echo '(Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user)'
fi

if [ "$failed" -ne 0 ]; then
    say 'FAILED: see above'
    exit 1
fi
say 'all tests passed'
