# cmake -D PROGRAM=file -D OUTPUT=file -D PROPERTIES=list -P DiscoverSuites.cmake: writes OUTPUT for ctest, an entry for each
# suite of a GoogleTest program. A suite's tests share a process: with sanitizers, to start one takes longer than to run
# most tests.
execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" listed "${listed}")
set(entries)
foreach(line ${listed})
  if(line MATCHES "^([^ ]+)\\.( |$)")
    set(suite ${CMAKE_MATCH_1})
    string(APPEND entries "add_test([=[${suite}]=] [=[${PROGRAM}]=] --gtest_brief=1 [=[--gtest_filter=${suite}.*]=])\n"
      "set_tests_properties([=[${suite}]=] PROPERTIES ${PROPERTIES})\n")
  endif()
endforeach()
if(NOT entries)
  message(FATAL_ERROR "${PROGRAM} lists no tests")
endif()
file(WRITE ${OUTPUT} "${entries}")
