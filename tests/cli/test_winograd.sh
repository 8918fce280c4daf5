# The derivation of Winograd's matrices proves itself in exact fractions.
. "$(dirname "$0")/common.sh"
PYTHON=${CLEARCUT_ORACLE_PYTHON:-}
[ -n "$PYTHON" ] || skip "CLEARCUT_ORACLE_PYTHON is not set (make test sets it)"

check "F(4,3) and F(6,3)" "$PYTHON" "$CLEARCUT_SOURCE_DIR/tests/oracle/winograd_transforms.py" \
    >"$WORK/matrices"
checks=$((checks + 1))
[ "$(grep -c proven "$WORK/matrices")" = 2 ] || fail "two proofs are printed"
finish
