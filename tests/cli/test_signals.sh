# SIGINT and SIGTERM: status 130, finished outputs whole, no unfinished ones.
. "$(dirname "$0")/common.sh"
set -m # so that background jobs do not ignore SIGINT
mkdir out
head -c 12288 /dev/zero >in.f32

# interrupt SIGNAL: while 'infer' repeats a network for minutes.
interrupt() {
    local process status
    checks=$((checks + 1))
    "$CLEARCUT" infer "$DATA/mask.onnx" --in in.f32 --out out/result.f32 --reference \
        --repeat 1000000 --threads 1 >stdout 2>stderr &
    process=$!
    sleep 0.5
    kill -0 "$process" 2>/dev/null || fail "it ended before it could be interrupted"
    kill -s "$1" "$process"
    wait "$process"
    status=$?
    [ "$status" -eq 130 ] || fail "SIG$1 ended it with $status"
    only
}
interrupt INT
interrupt TERM

# Waiting for standard input that never comes: the first signal is enough.
checks=$((checks + 1))
mkfifo never
sleep 60 >never &
sleeper=$!
"$CLEARCUT" i -m "$DATA/mask.onnx" - out/result.png <never >stdout 2>stderr &
process=$!
sleep 0.5
kill -s INT "$process"
wait "$process"
[ $? -eq 130 ] || fail "interrupted while waiting for input"
kill "$sleeper"
only

# In the middle of many photos: what is there is whole, and there are no others.
checks=$((checks + 1))
mkdir in
for n in $(seq 1000); do
    ln "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg" "in/$n.jpg" 2>/dev/null ||
        cp "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg" "in/$n.jpg"
done
"$CLEARCUT" scan --keep -o out in/*.jpg >stdout 2>stderr &
process=$!
for _ in $(seq 100); do
    sleep 0.1
    [ "$(ls out | wc -l)" -gt 2 ] && break
done
kill -s INT "$process"
wait "$process"
[ $? -eq 130 ] || fail "interrupted among photos"
check "some were finished" test "$(ls out | wc -l)" -gt 2
check "not all were" test "$(ls out | wc -l)" -lt 1000
check "no temporary files" test -z "$(ls -A out | grep -v '\.flat\.png$')"
for result in out/*; do
    check "$result is whole" test "$(tail -c 8 "$result" | head -c 4)" = IEND
done
finish
