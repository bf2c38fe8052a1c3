# Drivers from plain WDK-style sources, as images that Portico loads. Works in Portico's own build tree and, installed, in
# a driver author's project. How a source is compiled and linked, and with which flags, is written in one place:
# portico-build-driver (src/build).
include_guard(GLOBAL)

get_filename_component(_portico_root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
if(EXISTS "${_portico_root}/src/build/toolchain.h")
  # Portico's own tree makes the tools first.
  set(PORTICO_BUILD_DRIVER "${CMAKE_BINARY_DIR}/bin/portico-build-driver")
  set(_portico_build_driver portico_build_driver)
  set(PORTICO_PROGRAM "${CMAKE_BINARY_DIR}/bin/portico")
  set(_portico_program portico_program portico_import_definitions)
  set(_portico_driverlib "${_portico_root}/src/driverlib")
else()
  # Installed: PREFIX/lib/cmake/Portico (or PREFIX/lib/TRIPLE/cmake/Portico) beside PREFIX/bin.
  find_program(PORTICO_BUILD_DRIVER portico-build-driver REQUIRED NO_DEFAULT_PATH
    PATHS "${_portico_root}/../../bin" "${_portico_root}/../../../bin")
  set(_portico_build_driver "${PORTICO_BUILD_DRIVER}")
  find_program(PORTICO_PROGRAM portico REQUIRED NO_DEFAULT_PATH
    PATHS "${_portico_root}/../../bin" "${_portico_root}/../../../bin")
  get_filename_component(_portico_driverlib "${PORTICO_BUILD_DRIVER}/../../share/portico/driverlib" ABSOLUTE)
endif()

# Objects of `sources`, one custom command each with its own dependencies; their paths go to OUT.
function(_portico_compile OUT FOLDER FLAGS)
  set(objects)
  foreach(source ${ARGN})
    get_filename_component(source "${source}" ABSOLUTE)
    get_filename_component(name "${source}" NAME)
    file(RELATIVE_PATH relative "${CMAKE_CURRENT_SOURCE_DIR}" "${source}")
    string(REGEX REPLACE "[^A-Za-z0-9._-]+" "_" stem "${relative}")
    # "a/b.cpp" and "a_b.cpp" are two files.
    set(object "${FOLDER}/${stem}.o")
    set(number 2)
    while("${object}" IN_LIST objects)
      set(object "${FOLDER}/${stem}.${number}.o")
      math(EXPR number "${number} + 1")
    endwhile()
    add_custom_command(OUTPUT "${object}"
      COMMAND "${PORTICO_BUILD_DRIVER}" compile ${FLAGS} -MF "${object}.d" -o "${object}" "${source}"
      DEPENDS "${source}" ${_portico_build_driver}
      DEPFILE "${object}.d"
      COMMENT "Driver object ${name}" VERBATIM COMMAND_EXPAND_LISTS)
    list(APPEND objects "${object}")
  endforeach()
  set(${OUT} ${objects} PARENT_SCOPE)
endfunction()

# The library that every image is linked with (stdunk, GUIDs, __chkstk), once for each way of compiling: its path goes to
# OUT, the target that makes it to TARGET_OUT.
function(_portico_driverlib OUT TARGET_OUT VARIANT FLAGS)
  set(library "${CMAKE_BINARY_DIR}/libraries/${VARIANT}.a")
  set(target portico_driverlib_${VARIANT})
  set(${OUT} "${library}" PARENT_SCOPE)
  set(${TARGET_OUT} ${target} PARENT_SCOPE)
  if(TARGET ${target})
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${_portico_driverlib}/*.cpp" "${_portico_driverlib}/*.c" "${_portico_driverlib}/*.S")
  _portico_compile(objects "${CMAKE_BINARY_DIR}/libraries/${VARIANT}.objects" "${FLAGS}" ${sources})
  add_custom_command(OUTPUT "${library}"
    COMMAND "${PORTICO_BUILD_DRIVER}" archive -o "${library}" ${objects}
    DEPENDS ${objects} COMMENT "Driver library (${VARIANT})" VERBATIM)
  add_custom_target(${target} DEPENDS "${library}")
endfunction()

# portico_add_driver(NAME SOURCES file... [INCLUDES folder...] [DEFINES macro...] [OPTIONS flag...]
#                    [CONFIG checked|free] [ASAN] [COVERAGE] [NO_ENTRY] [SYS [SYS_OPTIONS flag...]])
# Builds ${CMAKE_BINARY_DIR}/drivers/NAME.so; the target is driver_NAME, its property PORTICO_IMAGE the path. CONFIG is
# WDK's: checked (DBG=1, not optimised, the default) or free. ASAN is implied where Portico itself is built with it.
# COVERAGE: the images count what runs, for llvm-cov. NO_ENTRY: the image need not export DriverEntry. SYS: also
# ${CMAKE_BINARY_DIR}/drivers/NAME.sys, as Windows would load it, by target driver_NAME_sys; SYS_OPTIONS are compiler flags
# for that one alone.
# portico_add_driver(NAME PROJECT path... [INCLUDES ...] [DEFINES ...] [CONFIG checked|free] [COVERAGE] [SYS]): the same by
# `portico build`, which reads a .vcxproj, a DDK `sources` file or a folder.
function(portico_add_driver NAME)
  cmake_parse_arguments(PARSE_ARGV 1 D "ASAN;COVERAGE;NO_ENTRY;SYS" "CONFIG" "SOURCES;PROJECT;INCLUDES;DEFINES;OPTIONS;SYS_OPTIONS")
  if(D_UNPARSED_ARGUMENTS OR NOT (D_SOURCES OR D_PROJECT))
    message(FATAL_ERROR "portico_add_driver(${NAME} SOURCES file...|PROJECT path... [INCLUDES ...] [DEFINES ...] "
      "[CONFIG checked|free]): unexpected '${D_UNPARSED_ARGUMENTS}', or neither sources nor a project")
  endif()
  if(NOT D_CONFIG)
    set(D_CONFIG checked)
  endif()
  set(common)
  if(D_COVERAGE)
    list(APPEND common --coverage)
  endif()
  foreach(folder ${D_INCLUDES})
    get_filename_component(folder "${folder}" ABSOLUTE)
    list(APPEND common -I "${folder}")
  endforeach()
  foreach(macro ${D_DEFINES})
    list(APPEND common -D "${macro}")
  endforeach()
  if(D_PROJECT)
    _portico_add_project(${NAME} "--config;${D_CONFIG};${common}")
    return()
  endif()
  set(variant ${D_CONFIG})
  set(flags --config ${D_CONFIG})
  if(D_ASAN OR PORTICO_SANITIZE)
    list(APPEND flags --asan)
    string(APPEND variant -asan)
  endif()
  _portico_driverlib(library library_target ${variant} "${flags}")
  set(link_flags ${flags})
  set(sys_flags --sys --config ${D_CONFIG})
  set(sys_link_flags ${sys_flags})
  if(D_NO_ENTRY)
    list(APPEND link_flags --no-entry)
    list(APPEND sys_link_flags --no-entry)
  endif()
  list(APPEND flags ${common})
  list(APPEND sys_flags ${common})
  foreach(option ${D_OPTIONS})
    list(APPEND flags --option "${option}")
    list(APPEND sys_flags --option "${option}")
  endforeach()
  foreach(option ${D_SYS_OPTIONS})
    list(APPEND sys_flags --option "${option}")
  endforeach()
  set(image "${CMAKE_BINARY_DIR}/drivers/${NAME}.so")
  _portico_compile(objects "${CMAKE_BINARY_DIR}/drivers/${NAME}.objects" "${flags}" ${D_SOURCES})
  add_custom_command(OUTPUT "${image}"
    COMMAND "${PORTICO_BUILD_DRIVER}" link ${link_flags} --name ${NAME} -o "${image}" ${objects} "${library}"
    DEPENDS ${objects} "${library}" ${library_target} ${_portico_build_driver}
    COMMENT "Driver ${NAME}" VERBATIM)
  add_custom_target(driver_${NAME} ALL DEPENDS "${image}")
  set_target_properties(driver_${NAME} PROPERTIES PORTICO_IMAGE "${image}")
  if(D_SYS)
    _portico_add_sys(${NAME} ${D_CONFIG} "${sys_flags}" "${sys_link_flags}" ${D_SOURCES})
  endif()
endfunction()

# Of a portico_add_driver() that has a PROJECT: `portico build` knows what there is to do, so it is asked each time.
function(_portico_add_project NAME FLAGS)
  set(given)
  foreach(kind SOURCES OPTIONS SYS_OPTIONS NO_ENTRY)
    if(D_${kind})
      list(APPEND given ${kind})
    endif()
  endforeach()
  if(given)
    message(FATAL_ERROR "portico_add_driver(${NAME} PROJECT ...): ${given}: say it in the project")
  endif()
  set(paths)
  foreach(path ${D_PROJECT})
    get_filename_component(path "${path}" ABSOLUTE)
    list(APPEND paths "${path}")
  endforeach()
  set(ways so)
  if(D_SYS)
    list(APPEND ways sys)
  endif()
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/drivers")
  foreach(way ${ways})
    set(image "${CMAKE_BINARY_DIR}/drivers/${NAME}.${way}")
    set(target driver_${NAME})
    set(asan)
    if(way STREQUAL "sys")
      string(APPEND target _sys)
    elseif(D_ASAN OR PORTICO_SANITIZE)
      set(asan --asan)
    endif()
    add_custom_target(${target} ALL COMMAND "${PORTICO_PROGRAM}" build ${paths} -o "${image}" ${FLAGS} ${asan}
      BYPRODUCTS "${image}" COMMENT "Driver ${NAME}.${way}" VERBATIM)
    if(_portico_program)
      add_dependencies(${target} ${_portico_program})
    endif()
    set_target_properties(${target} PROPERTIES PORTICO_IMAGE "${image}")
  endforeach()
endfunction()

function(_portico_add_sys NAME CONFIG FLAGS LINK_FLAGS)
  _portico_driverlib(library library_target ${CONFIG}-sys "--sys;--config;${CONFIG}")
  set(image "${CMAKE_BINARY_DIR}/drivers/${NAME}.sys")
  _portico_compile(objects "${CMAKE_BINARY_DIR}/drivers/${NAME}.sys.objects" "${FLAGS}" ${ARGN})
  # In Portico's own build the kernel's exports are its own; an installed package has their list.
  set(imports)
  set(import_definitions)
  if(TARGET portico_import_definitions)
    set(imports --imports "${CMAKE_BINARY_DIR}/imports")
    set(import_definitions portico_import_definitions "${CMAKE_BINARY_DIR}/imports/ntoskrnl.exe.def")
  endif()
  add_custom_command(OUTPUT "${image}"
    COMMAND "${PORTICO_BUILD_DRIVER}" link ${LINK_FLAGS} ${imports} --name ${NAME} -o "${image}" ${objects} "${library}"
    DEPENDS ${objects} "${library}" ${library_target} ${import_definitions} ${_portico_build_driver}
    COMMENT "Driver ${NAME}.sys" VERBATIM)
  add_custom_target(driver_${NAME}_sys ALL DEPENDS "${image}")
  set_target_properties(driver_${NAME}_sys PROPERTIES PORTICO_IMAGE "${image}")
endfunction()

# portico_embed_driver(TARGET NAME SYMBOL): makes the image of driver NAME a part of TARGET, from SYMBOL_begin to
# SYMBOL_end (extern "C" const unsigned char []).
function(portico_embed_driver TARGET NAME SYMBOL)
  get_target_property(image driver_${NAME} PORTICO_IMAGE)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${SYMBOL}.S")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
    .section .rodata
    .balign 16
    .globl @SYMBOL@_begin
    .hidden @SYMBOL@_begin
    .globl @SYMBOL@_end
    .hidden @SYMBOL@_end
@SYMBOL@_begin:
    .incbin "@image@"
@SYMBOL@_end:
    .byte 0
    .section .note.GNU-stack, "", @progbits
]])
  # Compiled as C, so that a project without the ASM language can do it.
  set_source_files_properties("${source}" PROPERTIES LANGUAGE C OBJECT_DEPENDS "${image}"
    COMPILE_OPTIONS "-x;assembler-with-cpp")
  target_sources(${TARGET} PRIVATE "${source}")
  add_dependencies(${TARGET} driver_${NAME})
endfunction()
