# One target a room (design, section 2). Sources are every .cpp of the room's folder; includes are
# written "room/file.h" from src/.

add_library(portico_flags INTERFACE)
target_include_directories(portico_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
target_compile_options(portico_flags INTERFACE
  -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Werror=return-type
  -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer -fno-strict-aliasing -fvisibility=hidden)
if(PORTICO_SANITIZE)
  # vptr checks need RTTI of objects that drivers made; function checks need Itanium prologues; enumerations come from
  # drivers, with flags or nonsense in them (POOL_TYPE).
  target_compile_options(portico_flags INTERFACE -fsanitize=address,undefined -fno-sanitize=vptr,function,enum
    -fno-sanitize-recover=undefined)
  target_link_options(portico_flags INTERFACE -fsanitize=address,undefined)
  target_compile_definitions(portico_flags INTERFACE PORTICO_ASAN=1)
endif()

# A build with sanitizers can be broken on purpose: copies of some sources, with switches, take their places.
set(portico_mutated)
if(PORTICO_SANITIZE AND PORTICO_TESTS)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/mutate sources ${CMAKE_BINARY_DIR}
    OUTPUT_VARIABLE portico_mutated OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB tables CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/mutations/*.mutations)
  foreach(source ${portico_mutated})
    list(APPEND tables ${CMAKE_SOURCE_DIR}/${source})
  endforeach()
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${tables} ${CMAKE_SOURCE_DIR}/tools/mutate)
  target_include_directories(portico_flags BEFORE INTERFACE ${CMAKE_BINARY_DIR}/mutated/src ${CMAKE_SOURCE_DIR}/tests)
endif()

# portico_mutated_sources(LIST): puts the copies that there are into a list of sources' names.
function(portico_mutated_sources LIST)
  set(chosen)
  foreach(source ${${LIST}})
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR} ${source})
    if(name IN_LIST portico_mutated)
      set(source ${CMAKE_BINARY_DIR}/mutated/${name})
    endif()
    list(APPEND chosen ${source})
  endforeach()
  set(${LIST} ${chosen} PARENT_SCOPE)
endfunction()

# What a room needs that includes the headers of include/ddk: their host mode.
add_library(portico_ddk_host INTERFACE)
target_include_directories(portico_ddk_host INTERFACE ${CMAKE_SOURCE_DIR}/include/ddk)
target_compile_definitions(portico_ddk_host INTERFACE PORTICO_HOST=1)
target_compile_options(portico_ddk_host INTERFACE -fms-extensions -Wno-microsoft -Wno-ignored-attributes
  -Wno-multichar -Wno-four-char-constants -Wno-pragma-pack -Wno-inconsistent-missing-override)

# What most sources of most rooms read first, read once: a third of what they take to compile. Whoever shares it is compiled
# with the same options, so there is one for rooms with the DDK's headers and one for those without, and with sanitizers of
# each a COLD one. Without its time stamp the same headers give the same bytes.
function(portico_shared_headers NAME)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${NAME}.cpp CONTENT "")
  add_library(${NAME} STATIC ${CMAKE_BINARY_DIR}/${NAME}.cpp)
  target_link_libraries(${NAME} PRIVATE portico_flags)
  set(headers <algorithm> <array> <cstdint> <cstring> <filesystem> <functional> <map> <memory> <optional> <set> <span>
    <string> <string_view> <utility> <vector> <fmt/format.h>)
  if("${NAME}" MATCHES ddk)
    target_link_libraries(${NAME} PRIVATE portico_ddk_host)
    list(APPEND headers <portcls.h>)
  endif()
  if("${NAME}" MATCHES cold)
    target_compile_options(${NAME} PRIVATE -O0)
  endif()
  target_precompile_headers(${NAME} PRIVATE ${headers})
  target_compile_options(${NAME} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()

portico_shared_headers(portico_headers)
portico_shared_headers(portico_headers_ddk)
if(PORTICO_SANITIZE)
  portico_shared_headers(portico_headers_cold)
  portico_shared_headers(portico_headers_ddk_cold)
endif()

# portico_share_headers(NAME [DDK] [COLD])
function(portico_share_headers NAME)
  cmake_parse_arguments(T "DDK;COLD" "" "" ${ARGN})
  set(headers portico_headers)
  if(T_DDK)
    string(APPEND headers _ddk)
  endif()
  if(T_COLD AND PORTICO_SANITIZE)
    target_compile_options(${NAME} PRIVATE -O0)
    string(APPEND headers _cold)
  endif()
  target_precompile_headers(${NAME} REUSE_FROM ${headers})
  target_compile_options(${NAME} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()

# portico_room(NAME [DDK] [EXPORTS] [COLD] [APART] [DEPS room...] [LINK library...])
# COLD: nothing of it runs for each message or byte; with sanitizers, optimising it costs more than it saves.
# APART: its sources have helpers of the same names, and are compiled each by itself.
# EXPORTS: the room has DDI rows (src/nt/ddi.h), which nothing refers to by name: it is linked whole.
function(portico_room NAME)
  cmake_parse_arguments(ROOM "DDK;EXPORTS;COLD;APART" "" "DEPS;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(sources)
    portico_mutated_sources(sources)
    add_library(portico_${NAME} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(portico_${NAME} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(portico_${NAME} ${scope} portico_flags ${ROOM_LINK})
  if(ROOM_DDK)
    target_link_libraries(portico_${NAME} ${scope} portico_ddk_host)
  endif()
  if(sources)
    set(options)
    foreach(option DDK COLD)
      if(ROOM_${option})
        list(APPEND options ${option})
      endif()
    endforeach()
    portico_share_headers(portico_${NAME} ${options})
  endif()
  if(ROOM_APART)
    set_target_properties(portico_${NAME} PROPERTIES UNITY_BUILD OFF)
  endif()
  if(ROOM_EXPORTS)
    target_link_options(portico_${NAME} INTERFACE
      "LINKER:--whole-archive,$<TARGET_FILE:portico_${NAME}>,--no-whole-archive")
  endif()
  foreach(dep ${ROOM_DEPS})
    target_link_libraries(portico_${NAME} ${scope} portico_${dep})
  endforeach()
endfunction()

# portico_tests(ROOM [DEPS target...] [DEFS def...]): tests/ROOM/*_test.cpp as one program, each of them a ctest entry.
function(portico_tests ROOM)
  cmake_parse_arguments(T "" "" "DEPS;DEFS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${ROOM} ${sources})
  target_link_libraries(test_${ROOM} PRIVATE ${T_DEPS} portico_test_support)
  target_precompile_headers(test_${ROOM} REUSE_FROM portico_test_support)
  target_compile_definitions(test_${ROOM} PRIVATE PORTICO_SOURCE_DIR="${CMAKE_SOURCE_DIR}" PORTICO_BINARY_DIR="${CMAKE_BINARY_DIR}" ${T_DEFS})
  set(entries ${CMAKE_CURRENT_BINARY_DIR}/test_${ROOM}_tests.cmake)
  set(properties TIMEOUT 300 ENVIRONMENT PORTICO_REQUIREMENTS_DIR=${CMAKE_BINARY_DIR}/requirements)
  add_custom_command(TARGET test_${ROOM} POST_BUILD BYPRODUCTS ${entries} VERBATIM
    COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:test_${ROOM}> -D OUTPUT=${entries} -D "PROPERTIES=${properties}"
      -P ${CMAKE_SOURCE_DIR}/cmake/DiscoverTests.cmake)
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${entries})
endfunction()
