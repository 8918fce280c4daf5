# Forwards to CMake and the scripts; nothing is decided here.
#
#   make try      install what is missing, build, flatten a bundled photo
#   make test     install what is missing, run every test
#   make          build build/clearcut and build/libclearcut.{a,so}
#   make install  PREFIX=/usr/local, DESTDIR respected
#   make bench    measure this machine against ONNX Runtime and rembg
#   make check-style  formatter, include rule, sizes, clang-tidy, cppcheck
#   make clean

BUILD ?= build
PREFIX ?= /usr/local
BUILD_TYPE ?= Release
CMAKE_FLAGS ?=

.PHONY: all try test install bench check-style clean setup
all: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) --parallel

$(BUILD)/CMakeCache.txt:
	@cmake -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) -DCMAKE_INSTALL_PREFIX=$(PREFIX) \
	    -DCLEARCUT_TESTS=OFF $(CMAKE_FLAGS)

setup:
	@scripts/setup.sh build

try: setup
	@$(MAKE) --no-print-directory all
	@scripts/try.sh $(BUILD)

test:
	@scripts/setup.sh test
	@scripts/test.sh $(BUILD)

install: all
	@cmake --install $(BUILD) --prefix $(PREFIX)

bench:
	@scripts/setup.sh bench
	@$(MAKE) --no-print-directory all
	@bench/run.sh $(BUILD)

check-style:
	@scripts/check-style.sh

clean:
	@rm -rf $(BUILD)
