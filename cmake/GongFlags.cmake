# Warnings, sanitizers and hardening, carried by one INTERFACE target so that
# nothing leaks into targets that did not ask for it.
option(GONG_WERROR "Treat warnings as errors" OFF)
option(GONG_FUZZ "Build the fuzz targets with libFuzzer (clang)" OFF)
option(GONG_COVERAGE "Instrument for gcov" OFF)
option(GONG_HARDEN "Release hardening flags" OFF)
set(GONG_SANITIZE "" CACHE STRING "Value for -fsanitize, e.g. address,undefined")

add_library(gong_flags INTERFACE)
target_compile_definitions(gong_flags INTERFACE _POSIX_C_SOURCE=200809L
    _FILE_OFFSET_BITS=64 GONG_VERSION="${PROJECT_VERSION}")
target_compile_options(gong_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wcast-qual
    -Wpointer-arith -Wvla -Wformat=2 -Wundef -Wswitch-enum)
if(GONG_WERROR)
    target_compile_options(gong_flags INTERFACE -Werror)
endif()
if(GONG_SANITIZE)
    target_compile_options(gong_flags INTERFACE
        -fsanitize=${GONG_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer -g)
    target_link_options(gong_flags INTERFACE -fsanitize=${GONG_SANITIZE})
endif()
if(GONG_FUZZ)
    # Coverage of the libraries steers the fuzzer; only targets link its main.
    target_compile_options(gong_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(GONG_COVERAGE)
    target_compile_options(gong_flags INTERFACE --coverage -O0)
    target_link_options(gong_flags INTERFACE --coverage)
endif()
if(GONG_HARDEN)
    target_compile_options(gong_flags INTERFACE
        -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
        -fPIE)
    target_link_options(gong_flags INTERFACE
        -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()
