# b: streams of frames. Exact counts, the same results as i, what is cut off, pipes
# that close, memory, patterns, Y4M.
. "$(dirname "$0")/common.sh"
set -m # so that background jobs do not ignore SIGINT
MODEL=$DATA/mask.onnx
RAW=$DATA/photo.rgb24 # 96 x 64, what photo.png holds
run 0 i -m "$MODEL" "$DATA/photo.png" single.png

# repeat N FILE: the file N times.
repeat() {
    local n
    for n in $(seq "$1"); do cat "$2"; done
}
# stream STATUS ARGUMENTS...: run b on the file `frames`.
stream() {
    local status=$1
    shift
    STDIN=frames run "$status" b -m "$MODEL" "$@"
}
size_is() { check "$1 has $(wc -c <"$1") bytes, wanted $2" test "$(wc -c <"$1")" -eq "$2"; }

# ---- as rembg: raw RGB in, PNG out, one behind the other or a file each ----
repeat 5 "$RAW" >frames
repeat 5 single.png >five.png
stream 0 96 64
check "five pictures, each the one of i" same stdout five.png
says "5 frames"
stream 0 --jobs 7 --quiet 96 64
check "whatever the threads" same stdout five.png
check "quiet" test ! -s stderr
stream 0 -o 'made/here/f%%-%03d.png' 96 64
check "nothing on stdout" test ! -s stdout
check "counted from 0" test "$(ls made/here | tr '\n' ' ')" = "f%-000.png f%-001.png f%-002.png f%-003.png f%-004.png "
check "each whole" same 'made/here/f%-004.png' single.png
stream 0 --output_specifier 'x%d.png' --json 96 64
prints '"frames":5' '"status":"ok"' '"engine":"cpu/'
check "files" same x4.png single.png
: >frames
stream 0 96 64
says "0 frames"

# ---- a frame that is cut off: after the whole ones, by its number ----
repeat 3 "$RAW" >frames
head -c 1000 "$RAW" >>frames
stream 1 96 64
says "frame 3 (counted from 0) is cut off" "1000 of 18432 bytes" "the 3 before it are done"
repeat 3 single.png >three.png
check "the whole ones are done" same stdout three.png
stream 1 --out-format rgba -o film.rgba 96 64
size_is film.rgba $((3 * 96 * 64 * 4))
stream 1 --json --out-format rgba -o film.rgba 96 64
prints '"status":"error"' '"frames":3'

# ---- other layouts ----
repeat 2 "$RAW" >frames
stream 0 --out-format rgba 96 64
size_is stdout $((2 * 96 * 64 * 4))
cp stdout frames
stream 0 --in-format rgba --out-format alpha 96 64
check "a Y4M of one plane" grep -aq "^YUV4MPEG2 W96 H64 F25:1 .* Cmono XCOLORRANGE=FULL$" stdout
header=$(head -n 1 stdout | wc -c)
size_is stdout $((header + 2 * (6 + 96 * 64)))
repeat 3 "$RAW" | head -c $((4 * (33 * 17 + 2 * 17 * 9))) >frames
stream 0 --in-format nv12 --out-format y4m --rate 30000/1001 33 17
check "Y4M" grep -aq "^YUV4MPEG2 W33 H17 F30000:1001 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED$" stdout
header=$(head -n 1 stdout | wc -c)
size_is stdout $((header + 4 * (6 + 33 * 17 + 2 * 17 * 9)))

# ---- Y4M in: what it says goes on ----
for kind in 420jpeg:1/2:1/2 420mpeg2:1/2:1/2 422:1/2:1 444:1:1 mono:0:0; do
    IFS=: read -r name across down <<<"$kind"
    case $name in
    420*) bytes=$((33 * 17 + 2 * 17 * 9)) out=$bytes tag=$name ;;
    422) bytes=$((33 * 17 + 2 * 17 * 17)) out=$bytes tag=422 ;;
    444) bytes=$((3 * 33 * 17)) out=$bytes tag=444 ;;
    mono) bytes=$((33 * 17)) out=$((33 * 17 + 2 * 17 * 9)) tag=420jpeg ;;
    esac
    {
        printf 'YUV4MPEG2 W33 H17 F50:1 Ip A4:3 C%s XCOLORRANGE=FULL XOTHER=1\n' "$name"
        for n in 1 2 3; do
            [ $n = 2 ] && printf 'FRAME Ip\n' || printf 'FRAME\n'
            repeat 3 "$RAW" | head -c $bytes
        done
    } >frames
    stream 0 --in-format y4m --out-format y4m
    check "$name goes on" grep -aqx "YUV4MPEG2 W33 H17 F50:1 Ip A4:3 C$tag XCOLORRANGE=FULL" stdout
    size_is stdout $(($(head -n 1 stdout | wc -c) + 3 * (6 + out)))
done
stream 0 --in-format y4m 33 17
stream 1 --in-format y4m 32 17
says "33 x 17, not 32 x 17"
head -c -5 frames >cut && mv cut frames
stream 1 --in-format y4m --out-format alpha
says "frame 2 (counted from 0) is cut off"
size_is stdout $(($(head -n 1 stdout | wc -c) + 2 * (6 + 33 * 17)))
printf 'YUV4MPEG2 W4 H4 C420p10\nFRAME\n' >frames
stream 1 --in-format y4m -o f%d.png
says "C420p10" "yuv420p"
printf 'YUV4MPEG2 W4 C420\nFRAME\n' >frames
stream 1 --in-format y4m -o f%d.png
says "without a usable width"
printf 'YUV4MPEG2 W4 H4\nFRAMEX\n' >frames
stream 1 --in-format y4m -o f%d.png
says "does not begin with FRAME"
cp "$RAW" frames
stream 1 --in-format y4m --out-format y4m -o film.y4m
says "no Y4M stream"
check "and nothing is left of it" absent film.y4m
: >frames
stream 1 --in-format y4m
says "is empty"

# ---- grounds, sizes, steadiness ----
repeat 2 "$RAW" >frames
run 0 i -m "$MODEL" --on white "$DATA/photo.png" white.png
repeat 2 white.png >two.png
stream 0 --on white 96 64
check "on white, as i" same stdout two.png
run 0 i -m "$MODEL" --on "$DATA/half.png" "$DATA/photo.png" ground.png
repeat 2 ground.png >two.png
stream 0 --on "$DATA/half.png" 96 64
check "on a picture, as i" same stdout two.png
stream 0 --max-size 48 --keep-small --out-format rgba 96 64
size_is stdout $((2 * 48 * 32 * 4))
stream 0 --max-size 48 --out-format rgba 96 64
size_is stdout $((2 * 96 * 64 * 4))
stream 0 --smooth 0.7 96 64
repeat 2 single.png >two.png
check "a still film stays as it is" same stdout two.png
head -c 18432 /dev/zero | tr '\0' '\200' >dark
cat "$RAW" dark >frames
stream 0 --out-format alpha 96 64
tail -c 6144 stdout >plain
stream 0 --out-format alpha --smooth 0.9 96 64
tail -c 6144 stdout >steadied
check "a film that changes is steadied" test "$(cmp -l plain steadied | wc -l)" -gt 100

# ---- wrong usage ----
run 2 b -m "$MODEL"
says "WIDTH and HEIGHT"
run 2 b -m "$MODEL" 96
run 2 b -m "$MODEL" 0 64
run 2 b -m "$MODEL" 1000000 1000000
run 2 b --in-format gif -m "$MODEL" 96 64
says "rgb24, rgba, nv12, y4m"
run 2 b --out-format gif -m "$MODEL" 96 64
run 2 b -o out.png -m "$MODEL" 96 64
says "%04d"
for pattern in '%s.png' '%d%d.png' '%n.png' '%5000d.png' '%-3d.png' '%'; do
    run 2 b -o "$pattern" -m "$MODEL" 96 64
done
run 2 b -o 'f%d.y4m' --out-format y4m -m "$MODEL" 96 64
run 2 b --json -m "$MODEL" 96 64
run 2 b --out-format alpha --on white -m "$MODEL" 96 64
run 2 b --smooth 1 -m "$MODEL" 96 64
run 2 b --smooth 0.5 --compat rembg -m "$MODEL" 96 64
run 2 b --matrix 2020 -m "$MODEL" 96 64
run 2 b --rate fast -m "$MODEL" 96 64
run 2 stream --range half -m "$MODEL" 96 64

# ---- whoever reads goes away; whoever writes stops; a signal ----
repeat 200 "$RAW" | "$CLEARCUT" b -m "$MODEL" 96 64 2>stderr | head -c 100 >/dev/null
check "a closed pipe ends it as it ends others" test "${PIPESTATUS[1]}" -eq 141
check "without a word" test "$(grep -vc 'frames\|note: device' stderr)" -eq 0
mkfifo feed
"$CLEARCUT" b -m "$MODEL" -o 'i%03d.png' 96 64 <feed >stdout 2>stderr &
process=$!
exec 3>feed
repeat 2 "$RAW" >&3
for _ in $(seq 100); do
    [ -e i001.png ] && break
    sleep 0.05
done
check "frames go out as they come" same i001.png single.png
kill -s INT $process
wait $process
check "interrupted while it waits: 130" test $? -eq 130
exec 3>&-
"$CLEARCUT" b -m "$MODEL" --out-format rgba -o film.never 96 64 <feed >stdout 2>stderr &
process=$!
exec 3>feed
cat "$RAW" >&3
sleep 0.3
kill -s INT $process
wait $process
exec 3>&-
check "no file of a run that was stopped" absent film.never

# ---- back-pressure: a reader that stops holds up the writer, not the memory ----
memory() { awk '/VmRSS/ { print $2 }' "/proc/$1/status"; }
if [ -r /proc/self/status ]; then
    export ASAN_OPTIONS=quarantine_size_mb=1
    mkfifo out
    "$CLEARCUT" b -m "$MODEL" --jobs 2 --out-format rgba 640 480 <feed >out 2>stderr &
    process=$!
    (while :; do head -c 9216000 /dev/zero || break; done >feed 2>/dev/null) &
    feeder=$!
    exec 4<out
    head -c 12288000 <&4 >/dev/null # ten frames
    first=$(memory $process)
    sleep 0.5
    stalled=$(memory $process)
    head -c 368640000 <&4 >/dev/null # three hundred more
    last=$(memory $process)
    exec 4<&-
    wait $process 2>/dev/null
    kill $feeder 2>/dev/null
    wait $feeder 2>/dev/null
    check "memory: $first, stalled $stalled, after 300 frames $last kB" test "$last" -lt $((first + 16000)) -a "$stalled" -lt $((first + 16000))
    unset ASAN_OPTIONS
fi
finish
