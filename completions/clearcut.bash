# Completion for bash; installed as bash-completion/completions/clearcut. The options
# come from the program's own help, so that they cannot fall behind it.

_clearcut_options() {
    clearcut help "$1" 2>/dev/null | grep -oE '^  (-[a-z]+, )?--[a-z-]+' | tr -d ',' | tr ' ' '\n' |
        grep '^-'
}

_clearcut_models() {
    clearcut models --json 2>/dev/null | grep -oE '"name":"[^"]*"' | cut -d'"' -f4
}

_clearcut() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} choices=""
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        choices="i remove p batch scan infer models d pull version help --help --version"
    else
        case $before in
        -m | --model) choices=$(_clearcut_models) ;;
        --device) choices="auto cpu" ;;
        --precision) choices="fp32 bf16 int8" ;;
        --format) choices="png jpeg webp tiff" ;;
        --compat) choices="rembg" ;;
        help) choices="i p scan infer models d version" ;;
        *)
            case $word,${COMP_WORDS[1]} in
            -*) choices=$(_clearcut_options "${COMP_WORDS[1]}") ;;
            *,d | *,pull) choices=$(_clearcut_models) ;;
            esac
            ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
    case $before in
    --device | --precision | --format | --compat | help) ;;
    *)
        if [ "$COMP_CWORD" -gt 1 ] && [ "${word#-}" = "$word" ]; then
            local files
            mapfile -t files < <(compgen -f -- "$word")
            COMPREPLY+=("${files[@]}")
        fi
        ;;
    esac
}

complete -o filenames -F _clearcut clearcut
