# p: memory that does not grow with the number of pictures, and that --jobs bounds.
. "$(dirname "$0")/common.sh"
MODEL=$DATA/mask.onnx
[ -r /proc/self/status ] || skip "no /proc to read the memory of a process from"
export ASAN_OPTIONS=quarantine_size_mb=1

# sampled FOLDER ARGUMENTS...: run p; `samples` gets its resident kilobytes, a line
# every few milliseconds.
sampled() {
    local folder=$1 process status
    shift
    rm -rf out
    "$CLEARCUT" p --quiet -m "$MODEL" "$@" "$folder" out >stdout 2>stderr &
    process=$!
    while read -r _ resident _ <"/proc/$process/statm" 2>/dev/null && [ "$resident" -gt 0 ]; do
        echo $((resident * 4))
        sleep 0.01
    done >samples 2>/dev/null
    wait $process
    status=$?
    checks=$((checks + 1))
    [ $status -eq 0 ] || fail "p ended with $status"
}
highest() { sort -n | tail -n 1; }

# ---- two thousand small pictures: the last are as cheap as the first ----
mkdir small
for n in $(seq 2000); do
    ln "$DATA/photo.png" "small/$n.png" 2>/dev/null || cp "$DATA/photo.png" "small/$n.png"
done
sampled small --jobs 4
check "all done" test "$(ls out | wc -l)" -eq 2000
count=$(wc -l <samples)
check "enough samples: $count" test "$count" -ge 12
early=$(sed -n "$((count / 4)),$((count / 2))p" samples | highest)
late=$(sed -n "$((count * 3 / 4)),\$p" samples | highest)
echo "2000 small pictures: $early kB in the second quarter, $late kB in the last, $count samples"
check "flat: $early kB, then $late kB" test "$late" -le $((early + 4000))

# ---- large ones: as many in memory as --jobs says, however many there are ----
mkdir few many
for n in $(seq 20); do
    ln "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg" "many/$n.jpg" 2>/dev/null ||
        cp "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg" "many/$n.jpg"
    [ "$n" -le 5 ] && cp "many/$n.jpg" few/
done
sampled few --jobs 2
few=$(highest <samples)
sampled many --jobs 2
many=$(highest <samples)
sampled many --jobs 8
wide=$(highest <samples)
echo "5 large pictures $few kB, 20 of them $many kB, with --jobs 8 $wide kB"
check "not by their number" test "$many" -le $((few * 5 / 4 + 8000))
# 1600 x 1200: 6 MB as a photo, 8 MB as a cut-out, both for a moment; jobs + 2 at most.
check "by --jobs" test "$wide" -le $((few + 8 * 24000))
finish
