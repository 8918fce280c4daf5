# Arguments: help, versions, options of every spelling, wrong usage (status 2).
. "$(dirname "$0")/common.sh"

# ---- help and version ----
run 0 --version
prints "clearcut, version "
run 0 -V
prints "clearcut, version "
run 0 version --json
check "version is JSON" grep -qxE '\{"version":"[0-9.]+"\}' stdout
run 0 --help
prints "scan" "infer" "models" "exit status"
run 2
prints "usage: clearcut COMMAND"
for command in i remove p batch scan infer models d pull version help; do
    run 0 "$command" --help
    prints "usage: clearcut" "--help"
    run 0 help "$command"
    run 0 "$command" -h
done
run 0 help
run 2 help nonsense
for option in --model --only-mask --bgcolor --format --png-level --quality --srgb --threads \
    --device --precision --json --max-pixels --compat; do
    run 0 i --help
    prints "$option"
done

# ---- the man page knows every option, and only those ----
sed 's/\\//g' "$CLEARCUT_SOURCE_DIR/docs/man/clearcut.1" >page
for command in i p b scan infer bench doctor models d; do
    "$CLEARCUT" help "$command" | grep -oE '^  (-[a-z]+, )?--[a-z_-]+' | grep -oE -- '--[a-z_-]+' |
        grep -v -- --help
done | sort -u >known
while read -r option; do
    check "$option is in the man page" grep -qF -- "$option" page
done <known
grep -oE -- '--[a-z_-]+' page | grep -vE -- '--(version|help)$' | sort -u >described
check "the man page invents nothing" test -z "$(comm -13 known described)"
rm page known described

# ---- unknown words ----
run 2 scna
says "did you mean \`clearcut scan\`?"
run 2 xyzzy
says "clearcut help"
for later in s serve; do
    run 2 "$later"
    says "not in this version yet"
done
run 2 i --only-msk a b
says "unknown option --only-msk" "did you mean --only-mask?"
run 2 i -omm a b
says "did you mean -om?"
run 2 i -vm a b
says "-vm is not in this version yet"
run 2 scan --zzzzzzzz x
says "unknown option --zzzzzzzz" "clearcut help scan"

# ---- values ----
run 2 i --threads
says "--threads needs a value"
run 2 i --threads= x
run 2 i --threads two x
says "not a number from 0 to 1024"
run 2 i --threads -1 x
run 2 i --threads 99999999999999999999 x
run 2 i --json=yes x
says "takes no value"
run 2 i -bgc 1 2 3 x
says "R G B A"
run 2 i -bgc 1 2 3 256 x
run 2 i --bgcolor=#12 x
run 2 i --format gif -m "$DATA/mask.onnx" "$DATA/photo.png" out.png
says "none of png, jpeg, webp, tiff"
run 2 i -m "$DATA/mask.onnx" "$DATA/photo.png" out.bmp
says "out.bmp" ".bmp" "--format"
run 2 i --compat other "$DATA/photo.png" out.png
run 2 i --precision fp8 "$DATA/photo.png" out.png
says "none of auto, fp32, fp16, bf16, int8"
run 2 i --device toaster "$DATA/photo.png" out.png
says "toaster" "auto, cpu"
run 2 i a b c
run 2 i -o x a b
run 2 i --json "$DATA/photo.png" -
says "standard output"
run 2 scan
says "no photo"
run 2 scan --corners "[[1,2]]" "$DATA/photo.png"
says "[[x,y],[x,y],[x,y],[x,y]]"
run 2 scan --corners "[[1,1],[2,1],[2,2],[1,2]]" "$DATA/photo.png" "$DATA/half.png"
run 2 scan --json -o - "$DATA/photo.png"
run 2 scan -o - "$DATA/photo.png" "$DATA/half.png"
run 2 scan --aspect nan "$DATA/photo.png"
run 2 infer
run 2 infer "$DATA/mask.onnx"
says "--in and --out"
run 2 infer "$DATA/mask.onnx" --in x
run 2 infer --shape 1,0 "$DATA/mask.onnx" --in x --out y
run 2 models something
check "nothing was written" test -z "$(ls -A | grep -vxE 'home|stdout|stderr')"

# ---- spellings that mean the same ----
for words in "-om" "--only-mask"; do
    run 0 i $words -m "$DATA/mask.onnx" "$DATA/photo.png" mask.png
    mv mask.png "mask$words.png"
done
check "-om is --only-mask" same mask-om.png mask--only-mask.png
run 0 i -bgc 10 20 30 255 -m "$DATA/mask.onnx" "$DATA/photo.png" a.png
run 0 i --bgcolor=10,20,30 --model="$DATA/mask.onnx" "$DATA/photo.png" b.png
run 0 i --bgcolor "#0a141e" -m "$DATA/mask.onnx" -- "$DATA/photo.png" c.png
run 0 i -m "$DATA/mask.onnx" -bgc "#0a141eff" -o d.png "$DATA/photo.png"
check "colours, comma" same a.png b.png
check "colours, hexadecimal" same a.png c.png
check "output by -o" same a.png d.png
finish
