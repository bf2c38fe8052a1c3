# portico_add_driver_test(NAME DRIVER driver SOURCES file... [LINK target...])
# A GoogleTest program against a driver: the name of one that portico_add_driver() makes ("mycard", or "mycard_sys" for its
# .sys), or the path of an image, "../release/mycard.sys". In it DRIVER_IMAGE is the image's path. Each TEST is a ctest entry
# and so a process of its own: one that hangs or is killed says nothing of the others.
include_guard(GLOBAL)
include(GoogleTest)

function(portico_add_driver_test NAME)
  cmake_parse_arguments(PARSE_ARGV 1 T "" "DRIVER" "SOURCES;LINK")
  if(T_UNPARSED_ARGUMENTS OR NOT T_SOURCES OR NOT T_DRIVER)
    message(FATAL_ERROR "portico_add_driver_test(${NAME} DRIVER driver SOURCES file... [LINK target...]): "
      "unexpected '${T_UNPARSED_ARGUMENTS}', or no driver or sources")
  endif()
  find_package(GTest REQUIRED)
  add_executable(${NAME} ${T_SOURCES})
  if(TARGET driver_${T_DRIVER})
    get_target_property(image driver_${T_DRIVER} PORTICO_IMAGE)
    add_dependencies(${NAME} driver_${T_DRIVER})
  else()
    get_filename_component(image "${T_DRIVER}" ABSOLUTE)
    if(NOT EXISTS "${image}" OR IS_DIRECTORY "${image}")
      message(FATAL_ERROR "portico_add_driver_test(${NAME} DRIVER ${T_DRIVER}): neither a driver of portico_add_driver() nor "
        "the file of an image")
    endif()
  endif()
  target_compile_definitions(${NAME} PRIVATE DRIVER_IMAGE="${image}")
  target_link_libraries(${NAME} PRIVATE Portico::portico GTest::gmock GTest::gtest GTest::gtest_main ${T_LINK})
  gtest_discover_tests(${NAME} DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT 120 ENVIRONMENT "PORTICO_REPORT_DIR=${CMAKE_CURRENT_BINARY_DIR}")
endfunction()
