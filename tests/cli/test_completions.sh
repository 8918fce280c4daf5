# Completions: bash's is run; the others are parsed where their shells are here.
. "$(dirname "$0")/common.sh"
FOLDER=$CLEARCUT_SOURCE_DIR/completions
mkdir bin
ln -s "$CLEARCUT" bin/clearcut
PATH=$WORK/bin:$PATH
. "$FOLDER/clearcut.bash"

# offers WORD... -- EXPECTED: what the last of the words may become.
offers() {
    local expected
    COMP_WORDS=()
    while [ "$1" != -- ]; do
        COMP_WORDS+=("$1")
        shift
    done
    expected=$2
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _clearcut
    check "${COMP_WORDS[*]} offers $expected" grep -qxF -- "$expected" <<<"$(printf '%s\n' "${COMPREPLY[@]}")"
}
offers clearcut sc -- scan
offers clearcut i --only -- --only-mask
offers clearcut i -b -- -bgc
offers clearcut ba -- batch
offers clearcut doc -- doctor
offers clearcut doctor --req -- --require
offers clearcut doctor --require cu -- cuda
offers clearcut p --sh -- --shard
offers clearcut str -- stream
offers clearcut b --in-f -- --in-format
offers clearcut b --in-format y -- y4m
offers clearcut b --outp -- --output_specifier
offers clearcut i --on wh -- white
offers clearcut d silu -- silueta
offers clearcut models imp -- import
offers clearcut models import --as sil -- silueta
offers clearcut scan --corn -- --corners-only
offers clearcut infer --rep -- --repeat
offers clearcut i -m u2netp -- u2netp
offers clearcut i --precision b -- bf16
touch picture.png
offers clearcut scan pict -- picture.png
if command -v zsh >/dev/null; then
    check "zsh reads it" zsh -n "$FOLDER/_clearcut"
else
    echo "not tested: zsh (not installed)"
fi
if command -v fish >/dev/null; then
    check "fish reads it" fish --no-execute "$FOLDER/clearcut.fish"
else
    echo "not tested: fish (not installed)"
fi
finish
