# Completion for bash; installed as bash-completion/completions/clearcut. The options
# come from the program's own help, so that they cannot fall behind it.

_clearcut_options() {
    clearcut help "$1" 2>/dev/null | grep -oE '^  (-[a-z]+, )?--[a-z_-]+' | tr -d ',' | tr ' ' '\n' |
        grep '^-'
}

_clearcut_models() {
    clearcut models --json 2>/dev/null | grep -oE '"name":"[^"]*"' | cut -d'"' -f4
}

_clearcut() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} choices=""
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        choices="i remove p batch b stream scan infer bench doctor models d pull version help --help --version"
    else
        case $before in
        -m | --model) choices=$(_clearcut_models) ;;
        --device | --require) choices="auto cpu cuda ort ort:cuda ort:tensorrt ort:openvino" ;;
        --precision) choices="auto fp32 fp16 bf16 int8" ;;
        --format) choices="png jpeg webp tiff pdf" ;;
        --finish) choices="photo clean grey bilevel" ;;
        --rotate) choices="auto 0 90 180 270" ;;
        --dewarp) choices="auto off on" ;;
        --size) choices="A3 A4 A5 A6 B5 letter legal executive tabloid ID-1" ;;
        --compat) choices="rembg" ;;
        --on) choices="white black transparent" ;;
        --in-format) choices="rgb24 rgba nv12 y4m" ;;
        --out-format) choices="png webp rgba y4m alpha" ;;
        --layout) choices="nchw nhwc" ;;
        --bits) choices="auto 8 16" ;;
        --edges) choices="auto guided plain" ;;
        --as) choices=$(_clearcut_models) ;;
        --matrix) choices="auto 601 709" ;;
        --range) choices="limited full" ;;
        help) choices="i p b scan infer bench doctor models d version" ;;
        *)
            case $word,${COMP_WORDS[1]} in
            -*) choices=$(_clearcut_options "${COMP_WORDS[1]}") ;;
            *,models) choices="import" ;;
            *,d | *,pull) choices=$(_clearcut_models) ;;
            esac
            ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
    case $before in
    --device | --require | --precision | --format | --finish | --rotate | --dewarp | --compat | --in-format | --out-format | --matrix | --range | --bits | --edges | help) ;;
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
