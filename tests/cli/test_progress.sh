# On a terminal: a progress line for what lasts over a second, and default names.
. "$(dirname "$0")/common.sh"
command -v script >/dev/null || skip "no script(1) to make a terminal with"
script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip "script(1) cannot make a terminal here"
head -c 12288 /dev/zero >in.f32
cp "$DATA/photo.png" .

# A run of several seconds, cut short by SIGINT once the line has been drawn.
script -qec "timeout -s INT 2.5 '$CLEARCUT' infer '$DATA/mask.onnx' --in in.f32 --out out.f32 --reference --repeat 1000000 --threads 1" \
    /dev/null </dev/null >typescript 2>/dev/null
check "the line names the work, the stage and the seconds" grep -aqE 'mask\.onnx: infer, [12] s' typescript
check "no output" absent out.f32

script -qec "'$CLEARCUT' i -m '$DATA/mask.onnx' photo.png" /dev/null </dev/null >typescript 2>/dev/null
check "the name ends in .out.png" test -s photo.out.png
check "quick work draws no line" test -z "$(grep -aE 'infer, [0-9]+ s' typescript)"
script -qec "'$CLEARCUT' i -m '$DATA/mask.onnx' photo.png -" /dev/null </dev/null >typescript 2>/dev/null
check "no picture on a terminal" grep -aq "does not belong on a terminal" typescript
finish
