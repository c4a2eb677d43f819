# gong_library(NAME SOURCES a.c ... LINKS target ...)
#
# A static library of this folder. Headers stand beside their sources and are
# included as "folder/name.h" from the project's root.
function(gong_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
    add_library(${name} STATIC ${arg_SOURCES})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE gong_flags PUBLIC ${arg_LINKS})
    set(headers "")
    foreach(source IN LISTS arg_SOURCES)
        string(REGEX REPLACE "\\.c$" ".h" header ${source})
        if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${header})
            list(APPEND headers ${CMAKE_CURRENT_SOURCE_DIR}/${header})
        endif()
    endforeach()
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS
        ${CMAKE_SOURCE_DIR} FILES ${headers})
    # Every header must stand alone; target all_verify_interface_header_sets.
    set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

# gong_program(NAME SOURCES main.c ... LINKS target ...)
function(gong_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE gong_flags ${arg_LINKS})
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
    install(TARGETS ${name})
endfunction()
