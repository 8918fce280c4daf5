#!/bin/sh
# Install what building (or testing) clearcut needs and this machine lacks.
#
#   scripts/setup.sh build   compiler, CMake and the image libraries
#   scripts/setup.sh test    these, cmocka, and Python for the oracles
#   scripts/setup.sh bench   these, and Python for the peers
#
# On Debian and Ubuntu missing packages are installed, with sudo unless you are
# root. Elsewhere the packages to install are named and nothing is changed.
set -eu

purpose=${1:-build}

# package, what it is for
build_packages='
gcc|the C compiler
libc6-dev|the C library headers
make|the front of the build
cmake|the build itself
pkg-config|finds the libraries
libjpeg-dev|JPEG (libjpeg-turbo)
libpng-dev|PNG reading
zlib1g-dev|PNG compression everywhere
libisal-dev|PNG compression, fast
libdeflate-dev|PNG compression, small
libwebp-dev|WebP
libtiff-dev|TIFF
libheif-dev|HEIC and AVIF photos
liblcms2-dev|colour profiles
libcurl4-openssl-dev|fetching models'
test_packages="$build_packages
libcmocka-dev|the unit tests
g++|the GPU kernels, tested on this processor
libc6-dbg|readable sanitizer reports
gcc-aarch64-linux-gnu|the engine for ARM64, compiled here
libc6-dev-arm64-cross|the C library for it
qemu-user|runs its tests
python3-venv|the oracles: Pillow and ONNX Runtime in build/oracle"

packages=$build_packages
[ "$purpose" = build ] || packages=$test_packages

say() { printf '%s\n' "$*"; }

have_everything() {
    for tool in cmake make pkg-config; do
        command -v "$tool" >/dev/null 2>&1 || return 1
    done
    command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || return 1
    pkg-config --exists libjpeg libpng zlib || return 1
    [ "$purpose" = build ] || pkg-config --exists cmocka || return 1
}

elsewhere() {
    have_everything && return 0
    say 'clearcut needs a C compiler, CMake, pkg-config and image libraries. Install them with:'
    say '  Fedora, RHEL:  sudo dnf install gcc make cmake pkgconf-pkg-config libjpeg-turbo-devel \'
    say '                   libpng-devel zlib-devel isa-l-devel libdeflate-devel libwebp-devel \'
    say '                   libtiff-devel libheif-devel lcms2-devel libcurl-devel libcmocka-devel python3'
    say '  Arch:          sudo pacman -S gcc make cmake pkgconf libjpeg-turbo libpng zlib isa-l \'
    say '                   libdeflate libwebp libtiff libheif lcms2 curl cmocka python'
    say '  macOS:         brew install cmake pkg-config jpeg-turbo libpng isa-l libdeflate webp \'
    say '                   libtiff libheif little-cms2 cmocka python'
    say '(only jpeg, png and zlib are required; cmocka and python are for the tests)'
    return 1
}

# Names of the packages that dpkg does not know as installed. Virtual names
# (libjpeg-dev) count as installed if something provides them.
missing_packages() {
    installed=$(dpkg-query -W -f='${db:Status-Abbrev}|${Package}|${Provides}\n' 2>/dev/null |
        grep '^ii' || true)
    printf '%s\n' "$packages" | while IFS='|' read -r package _; do
        [ -n "$package" ] || continue
        # gcc may be present as another compiler
        if [ "$package" = gcc ] && command -v cc >/dev/null 2>&1; then continue; fi
        printf '%s\n' "$installed" | grep -Eq "[|, ]$package([ ,|(]|\$)" || printf '%s ' "$package"
    done
}

install_debian() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    say 'clearcut needs these packages and will install them now:'
    printf '%s\n' "$packages" | while IFS='|' read -r package reason; do
        case " $missing" in *" $package "*) say "  $package: $reason" ;; esac
    done
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            say "You are not root and there is no sudo. Ask an administrator to run:"
            say "  apt-get install $missing"
            exit 1
        fi
        sudo=sudo
        say '(sudo may ask for your password)'
    fi
    log=$(mktemp)
    # shellcheck disable=SC2086 # one word per package is meant
    if ! { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
        tail -n 20 "$log"
        say "apt-get failed; the lines above say why. The packages were: $missing"
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
}

if [ -r /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then
    install_debian
else
    elsewhere
fi
