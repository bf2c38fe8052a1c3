# cmake -DCOPY=folder -DPATCH=file -DFOLDERS=folder;... -P apply.cmake: FOLDERS copied into COPY, with PATCH applied there.
find_program(PATCH_TOOL patch)
if(NOT PATCH_TOOL)
  message(FATAL_ERROR "the broken example drivers are made with patch; install the package patch")
endif()
file(REMOVE_RECURSE ${COPY})
foreach(folder ${FOLDERS})
  file(COPY ${folder} DESTINATION ${COPY} PATTERN README.md EXCLUDE)
endforeach()
execute_process(COMMAND ${PATCH_TOOL} --strip=1 --fuzz=0 --no-backup-if-mismatch --silent --input=${PATCH}
  WORKING_DIRECTORY ${COPY} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(failed)
  message(FATAL_ERROR "${PATCH} no longer fits the driver it breaks:\n${said}")
endif()
