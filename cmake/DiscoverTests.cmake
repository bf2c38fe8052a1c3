# cmake -D PROGRAM=file -D OUTPUT=file -D PROPERTIES=list -P DiscoverTests.cmake: writes OUTPUT for ctest, an entry for each
# source of a GoogleTest program, "nt.ke_mutex_test". Its tests share a process: with sanitizers, to start one takes longer
# than to run most tests. Those with most tests begin first, so that no long one is left at the end.
get_filename_component(program ${PROGRAM} NAME)
string(REGEX REPLACE "^test_" "" room ${program})
set(list ${OUTPUT}.json)
execute_process(COMMAND ${PROGRAM} --gtest_list_tests --gtest_output=json:${list} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(READ ${list} listed)
file(REMOVE ${list})

# The suites of each source; a suite that has tests in several belongs to the first.
string(JSON suites LENGTH ${listed} testsuites)
set(sources)
math(EXPR last "${suites} - 1")
foreach(i RANGE ${last})
  string(JSON suite GET ${listed} testsuites ${i} name)
  string(JSON count GET ${listed} testsuites ${i} tests)
  string(JSON file GET ${listed} testsuites ${i} testsuite 0 file)
  get_filename_component(source ${file} NAME_WE)
  list(APPEND sources ${source})
  list(APPEND filter_${source} "${suite}.*")
  math(EXPR cost_${source} "0${cost_${source}} + ${count}")
endforeach()
list(REMOVE_DUPLICATES sources)

set(entries)
foreach(source ${sources})
  set(name ${room}.${source})
  list(JOIN filter_${source} ":" filter)
  string(APPEND entries "add_test([=[${name}]=] [=[${PROGRAM}]=] --gtest_brief=1 [=[--gtest_filter=${filter}]=])\n"
    "set_tests_properties([=[${name}]=] PROPERTIES COST ${cost_${source}} ${PROPERTIES})\n")
endforeach()
file(WRITE ${OUTPUT} "${entries}")
