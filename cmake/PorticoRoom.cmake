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

# portico_room(NAME [DDK] [EXPORTS] [COLD] [DEPS room...] [LINK library...])
# COLD: nothing of it runs for each message or byte; with sanitizers, optimising it costs more than it saves.
# EXPORTS: the room has DDI rows (src/nt/ddi.h), which nothing refers to by name: it is linked whole.
function(portico_room NAME)
  cmake_parse_arguments(ROOM "DDK;EXPORTS;COLD" "" "DEPS;LINK" ${ARGN})
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
  if(ROOM_COLD AND PORTICO_SANITIZE)
    target_compile_options(portico_${NAME} PRIVATE -O0)
  endif()
  if(ROOM_EXPORTS)
    target_link_options(portico_${NAME} INTERFACE
      "LINKER:--whole-archive,$<TARGET_FILE:portico_${NAME}>,--no-whole-archive")
  endif()
  foreach(dep ${ROOM_DEPS})
    target_link_libraries(portico_${NAME} ${scope} portico_${dep})
  endforeach()
endfunction()

# portico_tests(ROOM [DEPS target...] [DEFS def...]): tests/ROOM/*_test.cpp as one program, each TEST its own ctest entry
# and so its own process, but for those instantiated as "Seeds".
function(portico_tests ROOM)
  cmake_parse_arguments(T "" "" "DEPS;DEFS;PROPERTIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${ROOM} ${sources})
  target_link_libraries(test_${ROOM} PRIVATE ${T_DEPS} portico_test_support)
  # What is tested is compiled as configured; optimising the tests themselves takes three times as long to compile.
  target_compile_options(test_${ROOM} PRIVATE -O0)
  list(LENGTH sources count)
  if(count GREATER 3)
    # Reading these takes a third of the time that a test takes to compile. Without its time stamp the same header gives
    # the same bytes.
    target_precompile_headers(test_${ROOM} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
    target_compile_options(test_${ROOM} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
  target_compile_definitions(test_${ROOM} PRIVATE PORTICO_SOURCE_DIR="${CMAKE_SOURCE_DIR}" PORTICO_BINARY_DIR="${CMAKE_BINARY_DIR}" ${T_DEFS})
  set(properties TIMEOUT 300 ENVIRONMENT "PORTICO_REQUIREMENTS_DIR=${CMAKE_BINARY_DIR}/requirements" ${T_PROPERTIES})
  gtest_discover_tests(test_${ROOM} DISCOVERY_TIMEOUT 120 TEST_FILTER -Seeds/* PROPERTIES ${properties})
  # A suite's seeds share a process: starting one takes longer than running one.
  foreach(source ${sources})
    file(STRINGS ${source} seeded REGEX "^INSTANTIATE_TEST_SUITE_P\\(Seeds, ")
    foreach(line ${seeded})
      string(REGEX REPLACE "^.*\\(Seeds, ([A-Za-z0-9_]+),.*$" "\\1" suite "${line}")
      add_test(NAME Seeds/${suite} COMMAND test_${ROOM} --gtest_brief=1 --gtest_filter=Seeds/${suite}.*)
      set_tests_properties(Seeds/${suite} PROPERTIES ${properties})
    endforeach()
  endforeach()
endfunction()
