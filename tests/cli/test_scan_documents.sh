# scan: PDF documents, checked by other programs where they are here, and reading.
. "$(dirname "$0")/common.sh"
PAGE=$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg
cp "$DATA/photo.png" "$DATA/half.png" "$PAGE" .
mkdir out

# whole FILE PAGES: a document that others read.
whole() {
    check "$1 begins as a PDF" test "$(head -c 5 "$1")" = %PDF-
    check "$1 ends as a PDF" test "$(tail -n 1 "$1")" = %%EOF
    if command -v qpdf >/dev/null; then
        check "qpdf accepts $1" qpdf --check "$1" >qpdf.txt 2>&1
        check "qpdf counts the pages of $1" test "$(qpdf --show-npages "$1")" -eq "$2"
    fi
    if command -v pdfinfo >/dev/null; then
        check "pdfinfo reads $1" pdfinfo "$1" >pdfinfo.txt 2>&1
        check "without complaint" test -z "$(grep -i error pdfinfo.txt)"
    fi
}
command -v qpdf >/dev/null || echo "not tested: qpdf (not installed)"
command -v pdfinfo >/dev/null || echo "not tested: pdfinfo, pdftoppm (not installed)"

run 0 scan --json -o out/one.pdf demo-page.jpg
prints '"output":"out/one.pdf"' '"page":1'
whole out/one.pdf 1
if command -v pdfinfo >/dev/null; then
    check "A4" grep -q 'A4' pdfinfo.txt
fi
run 0 scan --json --finish bilevel -o out/many.pdf demo-page.jpg photo.png demo-page.jpg
check "a line for each" test "$(wc -l <stdout)" -eq 3
prints '"page":3'
whole out/many.pdf 3
if command -v pdftoppm >/dev/null && command -v pdfimages >/dev/null; then
    check "Group 4 inside" grep -q ccitt <<<"$(pdfimages -list out/many.pdf)"
    run 0 scan --finish bilevel -o out/page.png demo-page.jpg
    pdfimages -f 1 -l 1 -png out/many.pdf out/inside
    # The same pixels as the PNG of one bit: decoded and counted by our own reader.
    for name in out/page.png out/inside-000.png; do
        run 0 scan --json --corners '[[0,0],[100,0],[100,100],[0,100]]' --size 100x100px --png-level 0 \
            -o "$name.cut.png" "$name"
    done
    "$CLEARCUT" scan --corners '[[0,0],[800,0],[800,1200],[0,1200]]' --size 800x1200px -o a.jpg \
        out/page.png >/dev/null
    "$CLEARCUT" scan --corners '[[0,0],[800,0],[800,1200],[0,1200]]' --size 800x1200px -o b.jpg \
        out/inside-000.png >/dev/null
    check "the same picture in both" test "$(wc -c <a.jpg)" -gt 10000 -a "$(wc -c <b.jpg)" -gt 10000
fi
rm out/*

# ---- the same photos give the same bytes; nothing partial is left ----
run 0 scan -o out/a.pdf demo-page.jpg photo.png
run 0 scan -o out/b.pdf demo-page.jpg photo.png
check "the same bytes" same out/a.pdf out/b.pdf
echo broken >broken.jpg
run 1 scan -o out/c.pdf demo-page.jpg broken.jpg
says "out/c.pdf: not written" "1 of the photos failed"
check "no partial document" absent out/c.pdf
cp out/a.pdf out/c.pdf
run 1 scan -o out/c.pdf demo-page.jpg broken.jpg
check "the old document is as it was" same out/a.pdf out/c.pdf
run 2 scan -o demo-page.jpg demo-page.jpg
run 0 scan -o out/ --format pdf demo-page.jpg photo.png --keep
check "one each with --format pdf" test -s out/demo-page.flat.pdf -a -s out/photo.flat.pdf
whole out/photo.flat.pdf 1
run 0 scan --format pdf -o - demo-page.jpg
check "on standard output" test "$(head -c 5 stdout)" = %PDF-
if [ -w /dev/full ]; then
    run 1 scan --format pdf -o /dev/full demo-page.jpg
    says "No space left on device"
fi
rm -f out/*

# ---- reading ----
run 2 scan --ocr eng -o out/x.png demo-page.jpg
says "PDF"
EMPTY=$WORK/empty
mkdir "$EMPTY"
checks=$((checks + 1))
PATH=$EMPTY "$CLEARCUT" scan --ocr eng -o out/x.pdf demo-page.jpg >stdout 2>stderr
[ $? -eq 2 ] || fail "absent tesseract is wrong usage"
says "tesseract" "install it"
only
# A tesseract that answers as the real one does.
mkdir fake
cat >fake/tesseract <<'END'
#!/bin/sh
if [ "$1" = --list-langs ]; then
    printf 'List of available languages (2):\neng\nfra\n'
    exit 0
fi
cat >"${TESSERACT_SEES:-/dev/null}"
[ -z "${TESSERACT_FAILS:-}" ] || exit 1
printf 'level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n'
printf '1\t1\t0\t0\t0\t0\t0\t0\t900\t1200\t-1\t\n'
printf '5\t1\t1\t1\t1\t1\t100\t100\t120\t30\t96.5\tInvoice\n'
printf '5\t1\t1\t1\t1\t2\t240\t100\t60\t30\t91\tcaf\303\251\n'
printf '5\t1\t1\t1\t1\t3\t240\t100\t60\t30\t91\t \n'
END
chmod +x fake/tesseract
OLD_PATH=$PATH
PATH=$WORK/fake:$PATH
run 0 scan --json --ocr eng -o out/read.pdf demo-page.jpg
prints '"words":2'
whole out/read.pdf 1
if command -v pdftotext >/dev/null; then
    check "the text is found" test "$(pdftotext out/read.pdf - | tr -d '\f' | tr '\n' ' ' | sed 's/ *$//')" = "Invoice café"
fi
# Whatever the finish, a grey copy without shadows is read; the page itself keeps its colours.
export TESSERACT_SEES=$WORK/seen.png
run 0 scan --ocr eng -o out/colour.pdf demo-page.jpg
check "grey is read (PNG colour type 0)" test "$(od -An -tu1 -j25 -N1 seen.png | tr -d ' ')" = 0
check "the page stays in colour" grep -aq DeviceRGB out/colour.pdf
unset TESSERACT_SEES
run 2 scan --ocr deu -o out/y.pdf demo-page.jpg
says 'no language "deu"'
run 2 scan --ocr eng+deu -o out/y.pdf demo-page.jpg
run 0 scan --ocr eng+fra -o out/y.pdf demo-page.jpg
export TESSERACT_FAILS=1
run 1 scan --ocr eng -o out/z.pdf demo-page.jpg
says "tesseract"
check "no document" absent out/z.pdf
unset TESSERACT_FAILS
PATH=$OLD_PATH
if command -v tesseract >/dev/null && tesseract --list-langs 2>/dev/null | grep -qx eng; then
    run 0 scan --finish grey --ocr eng -o out/real.pdf demo-page.jpg
    whole out/real.pdf 1
    if command -v pdftotext >/dev/null; then
        check "read by tesseract" grep -q INVOICE <<<"$(pdftotext out/real.pdf -)"
    fi
else
    echo "not tested: the real tesseract (not installed)"
fi
finish
