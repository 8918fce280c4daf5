#!/bin/sh
# The main job on the bundled photo: flatten a photographed page.
set -eu
build=${1:-build}
out=$build/try
mkdir -p "$out"
photo=assets/demo-page.jpg
"$build/clearcut" scan --json -o "$out/demo-page.flat.png" "$photo" >"$out/result.json"
cp "$photo" "$out/demo-page.jpg"

field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" "$out/result.json"; }
corners=$(sed -n 's/.*"corners": *\(\[\[.*\]\]\).*/\1/p' "$out/result.json")
echo
echo "clearcut scan $photo"
echo "  found:      $(field status), confidence $(field confidence)"
echo "  corners:    $corners"
echo "  time:       $(field total) ms on $(field name)"
echo "  before:     $out/demo-page.jpg"
echo "  after:      $out/demo-page.flat.png"
echo
echo "Next: $build/clearcut scan your-photo.jpg    ($build/clearcut --help lists the rest)"
