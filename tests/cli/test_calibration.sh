# --calibrate-to and --calibration: with int8 the first result is that of later ones.
. "$(dirname "$0")/common.sh"
MODEL=$CLEARCUT_SOURCE_DIR/assets/page-model.onnx

# 1 x 3 x 256 x 256 float32: all of one value (0.25, 1), in four bytes.
numbers() { # bytes in octal, file
    printf "$1%.0s" $(seq 64) >"$2.part"
    for _ in $(seq 3072); do cat "$2.part"; done >"$2"
}
numbers '\000\000\200\076' quarter.f32
numbers '\000\000\200\077' one.f32
int8() { # status, input, output, options
    local status=$1 input=$2 output=$3
    shift 3
    run "$status" infer "$MODEL" --in "$input" --out "$output" --precision int8 --device cpu "$@"
}

"$CLEARCUT" infer "$MODEL" --in one.f32 --out probe.f32 --precision int8 --device cpu 2>stderr ||
    { grep -q 'int8 is faster' stderr && skip "this processor has no int8 kernels"; }

int8 0 one.f32 calibrating.f32 --calibrate-to ranges
check "the file says what it is" grep -q '^clearcut calibration 1$' ranges
int8 0 one.f32 told.f32 --calibration ranges
check "the same picture, the same numbers" cmp -s calibrating.f32 told.f32
int8 0 quarter.f32 first.f32 --calibration ranges
int8 0 quarter.f32 fifth.f32 --calibration ranges --repeat 5
check "the first is as the fifth" cmp -s first.f32 fifth.f32
int8 0 quarter.f32 untold.f32
checks=$((checks + 1))
cmp -s first.f32 untold.f32 && fail "the ranges make no difference"

run 2 infer "$MODEL" --in one.f32 --out no.f32 --calibration ranges
says 'add --precision int8'
int8 2 one.f32 no.f32 --calibration ranges --calibrate-to other
says 'together'
int8 4 one.f32 no.f32 --calibration missing
says missing
tail -n 1 ranges >damaged
int8 4 one.f32 no.f32 --calibration damaged
says damaged 'make it anew with --calibrate-to'
check "no output of a refused run" test ! -e no.f32
mkdir empty out
run 1 batch empty out --precision int8 --model "$MODEL" --device cpu --calibrate-to never
says 'no picture to calibrate with'
finish
