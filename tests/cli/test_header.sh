# clearcut.h compiles alone, as C and as C++; the examples build and run against
# an installed prefix.
. "$(dirname "$0")/common.sh"
BUILD=$(dirname "$CLEARCUT")
CC=${CC:-cc}
CXX=${CXX:-c++}
command -v "$CC" >/dev/null || skip "no C compiler"
WARNINGS="-Wall -Wextra -Wpedantic -Werror"

check "as C17" "$CC" -std=c17 $WARNINGS -fsyntax-only -x c "$CLEARCUT_SOURCE_DIR/include/clearcut.h"
check "as C99" "$CC" -std=c99 $WARNINGS -fsyntax-only -x c "$CLEARCUT_SOURCE_DIR/include/clearcut.h"
if command -v "$CXX" >/dev/null; then
    check "as C++17" "$CXX" -std=c++17 $WARNINGS -fsyntax-only -x c++ \
        "$CLEARCUT_SOURCE_DIR/include/clearcut.h"
else
    echo "not tested: C++ (no compiler)"
fi

# The names that the library gives away are those of the header, and no others.
if [ -e "$BUILD/libclearcut.so" ] && command -v nm >/dev/null; then
    nm -D --defined-only "$BUILD/libclearcut.so" | awk '$2 ~ /[TDBR]/ { print $3 }' | sort >exported
    cat "$CLEARCUT_SOURCE_DIR"/include/*.h | grep -oE "\bclearcut_[a-z0-9_]+\(" | tr -d '(' | sort -u >declared
    check "something is exported" test -s exported
    check "only clearcut_ names are exported" test -z "$(grep -v '^clearcut_' exported)"
    check "every exported name is declared" test -z "$(comm -23 exported declared)"
else
    echo "not tested: exported names (no shared library here)"
fi

# The examples, by the installed pkg-config file.
if grep -q 'CLEARCUT_SANITIZE:STRING=.' "$BUILD/CMakeCache.txt" 2>/dev/null; then
    echo "not tested: examples (a sanitizer build)"
elif command -v cmake >/dev/null && command -v pkg-config >/dev/null && [ -e "$BUILD/libclearcut.so" ]; then
    check "installing" cmake --install "$BUILD" --prefix "$WORK/prefix" >install.log
    PKG_CONFIG_PATH=$(dirname "$(find "$WORK/prefix" -name clearcut.pc)")
    export PKG_CONFIG_PATH
    cp -r "$CLEARCUT_SOURCE_DIR/examples" .
    check "building the examples" make -s -C examples CC="$CC"
    LD_LIBRARY_PATH=$(pkg-config --variable=libdir clearcut)
    export LD_LIBRARY_PATH
    checks=$((checks + 1))
    examples/cutout "$DATA/mask.onnx" "$DATA/photo.png" cutout.png >example.log 2>stderr ||
        fail "examples/cutout"
    check "a cut-out" test -s cutout.png
    checks=$((checks + 1))
    examples/scan "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg" page.png >example.log 2>stderr ||
        fail "examples/scan"
    check "a page" test -s page.png
    checks=$((checks + 1))
    examples/scan missing.jpg page2.png >example.log 2>stderr && fail "a missing photo"
    says "missing.jpg"
    checks=$((checks + 1))
    "$WORK/prefix/bin/clearcut" --version >stdout 2>stderr || fail "the installed program"
    check "man page" test -e "$WORK/prefix/share/man/man1/clearcut.1"
else
    echo "not tested: examples (cmake, pkg-config or the shared library is missing)"
fi
finish
