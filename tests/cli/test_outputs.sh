# Where results go, and that they appear whole or not at all.
. "$(dirname "$0")/common.sh"
MODEL=$DATA/mask.onnx
mkdir out
cp "$DATA/photo.png" "$DATA/photo.jpg" "$DATA/half.png" .
PHOTO_SUM=$(cksum <photo.png)

# ---- output equal to input, also through links ----
ln -s photo.png symbolic.png
ln photo.png hard.png
for name in photo.png ./photo.png symbolic.png hard.png; do
    run 2 i -m "$MODEL" photo.png "$name"
    says "same file" "--in-place"
    run 2 scan -o "$name" photo.png
    says "same file"
done
check "the input is as it was" test "$PHOTO_SUM" = "$(cksum <photo.png)"
rm hard.png symbolic.png
run 2 scan -o photo.jpg photo.png photo.jpg
run 1 scan -o photo.jpg/ photo.png
cp photo.png here.png
run 0 i -m "$MODEL" --in-place here.png here.png
check "replaced" test "$PHOTO_SUM" != "$(cksum <here.png)"
cp photo.png here.png
run 0 i -m "$MODEL" --in-place --json here.png
check "replaced without a name" test "$PHOTO_SUM" != "$(cksum <here.png)"

# ---- two inputs, one output ----
mkdir other
cp photo.png other/photo.png
run 2 scan --keep -o out photo.png other/photo.png
says "photo.png" "other/photo.png" "out/photo.flat.png"
only
run 2 scan --keep photo.png photo.jpg
says "photo.flat.png"
check "nothing written beside them" absent photo.flat.png

# ---- names ----
run 0 scan --keep photo.png
check "beside the photo" test -s photo.flat.png
rm photo.flat.png
run 0 scan --keep -o out/new/ photo.png other/../half.png
check "a folder is made" test -s out/new/photo.flat.png -a -s out/new/half.flat.png
rm -r out/new
run 0 scan --keep -o out --format jpeg photo.png
only photo.flat.jpg
check "JPEG by --format" test "$(head -c 3 out/photo.flat.jpg | od -An -tx1 | tr -d ' ')" = ffd8ff
rm out/*
run 0 i -m "$MODEL" --json photo.png
check "photo.out.png with --json" test -s photo.out.png
prints '"output":"photo.out.png"'
for ending in png jpg webp tif; do
    run 0 i -m "$MODEL" photo.png "out/x.$ending"
done
check "PNG" test "$(head -c 4 out/x.png | od -An -tx1 | tr -d ' ')" = 89504e47
check "JPEG" test "$(head -c 2 out/x.jpg | od -An -tx1 | tr -d ' ')" = ffd8
check "WebP" test "$(head -c 4 out/x.webp)" = RIFF
check "TIFF" test "$(head -c 2 out/x.tif | tr -d '\0')" = II
rm out/*

# ---- the answers ----
run 0 scan --json -o out/page.png "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg"
prints '"status":"corrected"' '"output":"out/page.png"'
check "a page" test -s out/page.png
rm out/*
unchanged=0
for name in "$DATA"/photo.png "$DATA"/half.png "$DATA"/one.png "$DATA"/photo.jpg; do
    run 0 scan --json --keep -o "out/kept.${name##*.}" "$name"
    if ! grep -q '"status":"corrected"' stdout; then
        unchanged=$((unchanged + 1))
        check "$name passes through byte for byte" same "$name" "out/kept.${name##*.}"
        rm -f out/*
        run 0 scan -o "out/none.${name##*.}" "$name"
        if grep -q no-page stdout; then
            says "no output was written" "--keep"
            only
        fi
    fi
    rm -f out/*
done
[ "$unchanged" -gt 0 ] || echo "not tested: passing through (a page was seen in everything)"

# ---- answers without a picture ----
run 0 scan --corners-only -o out photo.png
only
run 0 scan --corners-only --json photo.png half.png
check "a line for each" test "$(wc -l <stdout)" -eq 2
check "output is null" test "$(grep -c '"output":null' stdout)" -eq 2

# ---- places that cannot be written ----
run 1 i -m "$MODEL" photo.png nowhere/x.png
says "nowhere/x.png" "No such file or directory"
run 2 i -m "$MODEL" photo.png out
says "out" "folder"
if [ -d /proc/self ]; then
    run 1 i -m "$MODEL" photo.png /proc/x.png
    says "/proc/x.png" "cannot write"
    run 1 scan --keep -o /proc/x.png photo.png
    says "/proc/x.png"
fi
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked && chmod 555 locked
    run 1 i -m ./none.onnx photo.png locked/x.png # asked before the model is looked at
    says "locked/x.png" "Permission denied"
    chmod 755 locked
elif command -v setpriv >/dev/null && chmod 755 "$WORK" && setpriv --reuid=65534 --regid=65534 \
    --clear-groups test -x "$CLEARCUT" -a -r "$DATA/mask.onnx" -a -r photo.png 2>/dev/null; then
    mkdir locked && chmod 555 locked
    checks=$((checks + 1))
    setpriv --reuid=65534 --regid=65534 --clear-groups \
        "$CLEARCUT" i -m ./none.onnx photo.png locked/x.png >stdout 2>stderr
    [ $? -eq 1 ] || fail "a read-only folder"
    says "locked/x.png" "Permission denied"
else
    echo "not tested: a read-only folder (root may write anywhere, and no other user can read this)"
fi

# ---- disk full ----
if [ -w /dev/full ]; then
    run 1 i -m "$MODEL" photo.png /dev/full
    says "/dev/full" "No space left on device"
    checks=$((checks + 1))
    "$CLEARCUT" i -m "$MODEL" photo.png - >/dev/full 2>stderr && fail "full standard output"
    says "standard output" "No space left"
    checks=$((checks + 1))
    "$CLEARCUT" scan --corners-only --json photo.png >/dev/full 2>stderr && fail "full JSON"
fi
mkdir small
if mount -t tmpfs -o size=16k tmpfs small 2>/dev/null; then
    trap 'umount "$WORK/small"; rm -rf "$WORK"' EXIT
    cp photo.png small/kept.png
    run 1 scan --keep --corners '[[0,0],[96,0],[96,64],[0,64]]' --width 1200 -o small/kept.png \
        --png-level 0 photo.jpg
    says "small/kept.png" "No space left on device"
    check "the old file is as it was" same photo.png small/kept.png
    check "no partial file is left" test "$(ls -A small)" = kept.png
else
    echo "not tested: a full tmpfs (mount is not permitted here); /dev/full was"
fi

# ---- broken pipe: quiet, as for any other program ----
checks=$((checks + 1))
{
    "$CLEARCUT" i -m "$MODEL" --png-level 0 --bgcolor 1,2,3 "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg" - 2>stderr
    echo $? >status
} | head -c 10 >/dev/null
[ "$(cat status)" -eq 141 ] || fail "a broken pipe ended with $(cat status)"
check "quiet" test -z "$(grep -v 'note:' stderr)"
finish
