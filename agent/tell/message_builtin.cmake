# Makes message_builtin.c, in the build folder, of the templates that are
# shipped: what is built in and what is in the files cannot differ.
set(lines "#include \"agent/tell/message_builtin.h\"\n")
foreach(language vi en)
    set(file ${CMAKE_SOURCE_DIR}/deploy/messages/${language}.tmpl)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND lines "\nconst unsigned char gong_message_${language}[] = {"
        "${bytes}};\nconst size_t gong_message_${language}_size ="
        " sizeof gong_message_${language};\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/message_builtin.c
    CONTENT "${lines}" @ONLY)
