# Completion for fish. The options come from the program's own help, so that they
# cannot fall behind it.

function __clearcut_options
    set -l words (commandline -opc)
    clearcut help $words[2] 2>/dev/null | string match -r '^  (?:-[a-z]+, )?--[a-z_-]+' | string replace -a , '' | string split -n ' '
end

function __clearcut_models
    clearcut models --json 2>/dev/null | string match -rg '"name":"([^"]*)"'
end

set -l commands i remove p batch b stream scan infer bench doctor models d pull version help

complete -c clearcut -n "not __fish_seen_subcommand_from $commands" -f -a "$commands"
complete -c clearcut -n "__fish_seen_subcommand_from $commands; and string match -q -- '-*' (commandline -ct)" -a "(__clearcut_options)"
complete -c clearcut -n "__fish_seen_subcommand_from i remove p batch b stream" -l model -x -a "(__clearcut_models)"
complete -c clearcut -n "__fish_seen_subcommand_from i remove p batch b stream scan infer" -l device -x -a "auto cpu cuda ort ort:cuda ort:tensorrt ort:openvino"
complete -c clearcut -n "__fish_seen_subcommand_from doctor" -l device -x -a "auto cpu cuda ort ort:cuda ort:tensorrt ort:openvino"
complete -c clearcut -n "__fish_seen_subcommand_from doctor" -l require -x -a "auto cpu cuda ort ort:cuda ort:tensorrt ort:openvino"
complete -c clearcut -n "__fish_seen_subcommand_from i remove p batch b stream scan infer" -l precision -x -a "auto fp32 fp16 bf16 int8"
complete -c clearcut -n "__fish_seen_subcommand_from i remove p batch scan" -l format -x -a "png jpeg webp tiff"
complete -c clearcut -n "__fish_seen_subcommand_from scan" -l format -x -a pdf
complete -c clearcut -n "__fish_seen_subcommand_from scan" -l finish -x -a "photo clean grey bilevel"
complete -c clearcut -n "__fish_seen_subcommand_from scan" -l rotate -x -a "auto 0 90 180 270"
complete -c clearcut -n "__fish_seen_subcommand_from scan" -l dewarp -x -a "auto off on"
complete -c clearcut -n "__fish_seen_subcommand_from scan" -l size -x -a "A3 A4 A5 A6 B5 letter legal executive tabloid ID-1"
complete -c clearcut -n "__fish_seen_subcommand_from scan" -l on -x -a "white transparent"
complete -c clearcut -n "__fish_seen_subcommand_from scan" -l model -x -a "(__clearcut_models)"
complete -c clearcut -n "__fish_seen_subcommand_from i remove p batch b stream" -l compat -x -a rembg
complete -c clearcut -n "__fish_seen_subcommand_from i remove p batch b stream" -l on -a "white black transparent"
complete -c clearcut -n "__fish_seen_subcommand_from b stream" -l in-format -x -a "rgb24 rgba nv12 y4m"
complete -c clearcut -n "__fish_seen_subcommand_from b stream" -l out-format -x -a "png webp rgba y4m alpha"
complete -c clearcut -n "__fish_seen_subcommand_from i remove p batch" -l bits -x -a "auto 8 16"
complete -c clearcut -n "__fish_seen_subcommand_from i remove p batch b stream" -l edges -x -a "auto guided plain"
complete -c clearcut -n "__fish_seen_subcommand_from i remove p batch b stream" -l layout -x -a "nchw nhwc"
complete -c clearcut -n "__fish_seen_subcommand_from models" -a import
complete -c clearcut -n "__fish_seen_subcommand_from models" -l as -x -a "(__clearcut_models)"
complete -c clearcut -n "__fish_seen_subcommand_from d pull" -f -a "(__clearcut_models)"
complete -c clearcut -n "__fish_seen_subcommand_from help" -f -a "$commands"
