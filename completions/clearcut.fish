# Completion for fish. The options come from the program's own help, so that they
# cannot fall behind it.

function __clearcut_options
    set -l words (commandline -opc)
    clearcut help $words[2] 2>/dev/null | string match -rg '^  (?:-[a-z]+, )?(--[a-z-]+)'
end

function __clearcut_models
    clearcut models --json 2>/dev/null | string match -rg '"name":"([^"]*)"'
end

set -l commands i remove p batch scan infer models d pull version help

complete -c clearcut -n "not __fish_seen_subcommand_from $commands" -f -a "$commands"
complete -c clearcut -n "__fish_seen_subcommand_from $commands; and string match -q -- '-*' (commandline -ct)" -a "(__clearcut_options)"
complete -c clearcut -n "__fish_seen_subcommand_from i remove p batch" -l model -x -a "(__clearcut_models)"
complete -c clearcut -n "__fish_seen_subcommand_from i p scan infer" -l device -x -a "auto cpu"
complete -c clearcut -n "__fish_seen_subcommand_from i p scan infer" -l precision -x -a "fp32 bf16 int8"
complete -c clearcut -n "__fish_seen_subcommand_from i p scan" -l format -x -a "png jpeg webp tiff"
complete -c clearcut -n "__fish_seen_subcommand_from i p" -l compat -x -a rembg
complete -c clearcut -n "__fish_seen_subcommand_from d pull" -f -a "(__clearcut_models)"
complete -c clearcut -n "__fish_seen_subcommand_from help" -f -a "$commands"
