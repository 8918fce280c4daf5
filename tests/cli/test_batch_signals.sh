# p, stopped: by SIGINT and by SIGKILL, at moments of chance. What is there is
# whole, and a second run finishes the work.
. "$(dirname "$0")/common.sh"
set -m # so that background jobs do not ignore SIGINT
MODEL=$DATA/mask.onnx
PHOTOS=120
mkdir in
for n in $(seq $PHOTOS); do
    ln "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg" "in/$n.jpg" 2>/dev/null ||
        cp "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg" "in/$n.jpg"
done
run 0 i -m "$MODEL" in/1.jpg whole.png

# stop SIGNAL: a run, once some outputs are there.
stop() {
    local process
    "$CLEARCUT" p --jobs 2 -m "$MODEL" in out >stdout 2>stderr &
    process=$!
    for _ in $(seq 200); do
        sleep 0.05
        [ "$(find out -name '*.png' 2>/dev/null | wc -l)" -gt "$2" ] && break
    done
    kill -s "$1" "$process"
    wait "$process" 2>/dev/null
    status=$?
}
all_whole() {
    checks=$((checks + 1))
    for result in out/*.png; do
        cmp -s "$result" whole.png || fail "$result is not whole"
    done
}

stop INT 3
check "status 130, not $status" test "$status" -eq 130
says "not begun"
check "not all were done" test "$(ls out | wc -l)" -lt $PHOTOS
check "no temporary files" test -z "$(ls -A out | grep -v '\.png$')"
all_whole
stop KILL 30
check "killed" test "$status" -eq 137
all_whole
run 0 p -m "$MODEL" in out
says "already there"
check "finished by the second run" test "$(ls -A out | wc -l)" -eq $PHOTOS
all_whole

# ---- on a terminal: a bar; else plain lines ----
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    rm -rf out
    script -qec "timeout -s INT 3 '$CLEARCUT' p --jobs 1 --png-level 12 -m '$MODEL' in out" /dev/null \
        </dev/null >typescript 2>/dev/null
    check "a bar with rate and time left" grep -aqE '\[#*\.*\] [0-9]+/120, [0-9.]+/s, [0-9:-]+ left' typescript
else
    echo "not tested: the bar (script(1) cannot make a terminal here)"
fi
finish
