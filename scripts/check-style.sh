#!/bin/sh
# The house rules that a script can check. --quick leaves out clang-tidy and
# cppcheck, which take minutes.
set -u
failed=0
sources=$(git ls-files --cached --others --exclude-standard '*.c' '*.h' | grep -v '^third_party/')

complain() {
    failed=1
    printf '%s\n' "$*"
}

# ---- formatter (Debian 12's; other versions lay some lines out differently) ----
if clang-format --version 2>/dev/null | grep -q 'version 14'; then
    for file in $sources; do
        clang-format --dry-run -Werror "$file" >/dev/null 2>&1 ||
            complain "$file: not formatted; run: clang-format -i $file"
    done
else
    echo 'skipped: the layout check needs clang-format 14'
fi

# ---- includes point one way: cli, server -> clearcut.h; api -> zoo, matte, page,
# device -> nn, image -> core ----
allowed() {
    case $1 in
    core) echo 'core' ;;
    image) echo 'core image' ;;
    nn) echo 'core nn' ;;
    zoo | matte | page | device) echo "core image nn $1" ;;
    api) echo 'core image nn zoo matte page device api' ;;
    cli | server) echo "$1" ;;
    esac
}
for file in $(printf '%s\n' "$sources" | grep '^src/'); do
    room=$(printf '%s' "$file" | cut -d/ -f2)
    rooms=$(allowed "$room")
    for include in $(sed -n 's/^ *# *include "\([^"]*\)".*/\1/p' "$file"); do
        case $include in
        clearcut.h) case $room in cli | server | api) continue ;; esac ;;
        */*) ;;
        *) case $room in cli | server) continue ;; esac ;;
        esac
        target=${include%%/*}
        case " $rooms " in
        *" $target "*) ;;
        *) complain "$file: must not include \"$include\" ($room may use: $rooms)" ;;
        esac
    done
done

# ---- sizes ----
for file in $sources; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 1000 ] || complain "$file: $lines lines; the limit is 1000"
done

# ---- functions that write without a bound ----
for file in $(printf '%s\n' "$sources" | grep '^src/'); do
    if grep -nE '(^|[^a-z_])(strcpy|strcat|sprintf|vsprintf|gets|abort|assert|exit) *\(' "$file" |
        grep -vE '^[0-9]+: *(\*|//|/\*)' | grep -v 'static_assert'; then
        case $file in
        src/cli/*) ;;
        *) complain "$file: uses a banned function (see above)" ;;
        esac
    fi
done

if [ "${1:-}" != --quick ]; then
    if command -v cppcheck >/dev/null 2>&1; then
        cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability,performance \
            --inline-suppr --suppressions-list=scripts/cppcheck-suppressions.txt \
            -Isrc -Iinclude src || failed=1
    fi
    if command -v clang-tidy >/dev/null 2>&1; then
        cmake -S . -B build/tidy -DCMAKE_C_COMPILER=clang -DCLEARCUT_TESTS=OFF >/dev/null &&
            printf '%s\n' "$sources" | grep '^src/.*\.c$' | grep -v _neon |
            xargs -P "$(nproc)" -n 4 clang-tidy -p build/tidy --quiet --warnings-as-errors='*' || failed=1
    fi
fi

[ "$failed" -eq 0 ] && echo 'style: clean'
exit "$failed"
