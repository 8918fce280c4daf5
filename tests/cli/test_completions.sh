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
offers clearcut i --bits 1 -- 16
offers clearcut i --ed -- --edges

# ---- every option of every command is in the man page and offered ----
MAN=$(sed 's/\\-/-/g' "$CLEARCUT_SOURCE_DIR/docs/man/clearcut.1")
COMMANDS=$(clearcut help | grep -v '^  clearcut' | sed -nE 's/^  ([a-z]+)(, ([a-z]+))? .*/\1 \3/p')
check "commands are found" test "$(wc -w <<<"$COMMANDS")" -ge 15
for command in $COMMANDS; do
    if [ "$command" != help ]; then
        check "man names $command" grep -qE "^\.SS .*\b$command\b|^\.B.*clearcut --$command|clearcut $command" <<<"$MAN"
        COMP_WORDS=(clearcut "$command" --)
        COMP_CWORD=2
        _clearcut
    fi
    for option in $(clearcut help "$command" | sed -nE 's/^  (-[a-z]+, )?(--[a-z_-]+).*/\2/p' | grep -vx -e --help); do
        check "man has $option of $command" grep -qE -- "$option([^a-z_-]|\$)" <<<"$MAN"
        [ "$command" = help ] ||
            check "bash offers $option of $command" grep -qxF -- "$option" <<<"$(printf '%s\n' "${COMPREPLY[@]}")"
    done
done

# ---- zsh: the function, with the calls that zsh's own would take answered here ----
zsh_offers() {
    local expected=${*: -1} count=$(($# - 2)) found
    found=$(zsh -fc '
        _describe() { print -l -- ${${(P)${@[-1]}}%%:*} }
        compadd() { print -l -- $@ }
        _files() { print FILES }
        words=("$@"); CURRENT=$#words
        source "$0"' "$FOLDER/_clearcut" "${@:1:$count}" 2>"$WORK/stderr")
    check "zsh: ${*:1:$count} offers $expected" grep -qxF -- "$expected" <<<"$found"
    check "zsh says nothing else" test ! -s "$WORK/stderr"
}
if command -v zsh >/dev/null; then
    zsh_offers clearcut sc -- scan
    zsh_offers clearcut i - -- --only-mask
    zsh_offers clearcut i - -- -bgc
    zsh_offers clearcut i - -- --alpha-matting-foreground-threshold
    zsh_offers clearcut b - -- --in-format
    zsh_offers clearcut i --bits "" -- 16
    zsh_offers clearcut i -m "" -- silueta
    zsh_offers clearcut models "" -- import
    zsh_offers clearcut d "" -- u2net
    zsh_offers clearcut scan "" -- FILES
else
    echo "not tested: zsh (not installed)"
fi

# ---- fish: as it completes itself ----
fish_offers() {
    local line=$1 expected=$2
    checks=$((checks + 1))
    fish --no-config -c "source '$FOLDER/clearcut.fish'; complete -C '$line'" 2>"$WORK/stderr" | cut -f1 |
        grep -qxF -- "$expected" || fail "fish: $line offers $expected"
}
if command -v fish >/dev/null; then
    fish_offers "clearcut sc" scan
    fish_offers "clearcut i --only" --only-mask
    fish_offers "clearcut i -bg" -bgc
    fish_offers "clearcut i --bits " 16
    fish_offers "clearcut remove --bits " 16
    fish_offers "clearcut i --model sil" silueta
    fish_offers "clearcut b --in-format y" y4m
    fish_offers "clearcut doctor --require cu" cuda
    fish_offers "clearcut d silu" silueta
    fish_offers "clearcut help sc" scan
else
    echo "not tested: fish (not installed)"
fi
finish
