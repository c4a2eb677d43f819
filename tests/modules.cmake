# A module of common/ or rules/ without a unit test is a configure error. The
# parts of a split module (spool_cursor.c of spool.c) are covered by the test
# of the name that they begin with.
file(GLOB sources RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/common/*.c ${CMAKE_SOURCE_DIR}/rules/*.c
    ${CMAKE_SOURCE_DIR}/rules/engine/*.c ${CMAKE_SOURCE_DIR}/rules/model/*.c
    ${CMAKE_SOURCE_DIR}/rules/desk/*.c)
foreach(source IN LISTS sources)
    get_filename_component(module ${source} NAME_WE)
    set(candidate ${module})
    while(NOT TARGET test_${candidate} AND candidate MATCHES "_")
        string(REGEX REPLACE "_[^_]*$" "" candidate ${candidate})
    endwhile()
    if(NOT TARGET test_${candidate})
        list(APPEND untested ${source})
    endif()
endforeach()
if(untested)
    message(FATAL_ERROR "no unit test for: ${untested}")
endif()

# Nor may a test or fuzz target lie in the tree without being registered.
file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/test_*.c
    ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
foreach(test IN LISTS tests)
    get_filename_component(name ${test} NAME_WE)
    if(NOT TARGET ${name})
        message(FATAL_ERROR "not registered in tests/*.cmake: ${test}")
    endif()
endforeach()
file(GLOB scripts RELATIVE ${CMAKE_SOURCE_DIR}/tests/e2e CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/tests/e2e/test_*.py)
foreach(script IN LISTS scripts)
    if(NOT script IN_LIST gong_e2e_scripts)
        message(FATAL_ERROR "not registered in tests/e2e.cmake: ${script}")
    endif()
endforeach()
