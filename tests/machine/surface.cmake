# surface_c.c and surface_cxx.cpp: a driver that refers to every name of docs/spec/ddi-surface.md. What is a macro there
# needs only be one.
set(spec ${CMAKE_SOURCE_DIR}/docs/spec/ddi-surface.md)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${spec})
file(STRINGS ${spec} lines REGEX "^(## |- \\*\\*[0-9]+:)")
set(in_c)
set(in_cxx)
set(chapter)
foreach(line ${lines})
  if(line MATCHES "^## (.*)")
    set(chapter "${CMAKE_MATCH_1}")
    continue()
  endif()
  string(REGEX REPLACE "^- \\*\\*[0-9]+:\\*\\* " "" names "${line}")
  string(REPLACE " " ";" names "${names}")
  list(FILTER names EXCLUDE REGEX "^Wdf")
  foreach(name ${names})
    set(use "#ifndef ${name}\nconst void* volatile surface_${name} = (const void*)&${name};\n#endif\n")
    if(chapter MATCHES "stdunk and portcls macros")
      string(APPEND in_cxx "#ifndef ${name}\n#error ${name} is no macro\n#endif\n")
    elseif(chapter MATCHES "Functions and macros")
      if(name MATCHES "^(Pc|Ks|STATICGUIDOF$|IsEqualGUIDAligned$|_DbgPrintF$)")
        string(APPEND in_cxx "${use}")
      else()
        string(APPEND in_c "${use}")
      endif()
    endif()
  endforeach()
endforeach()
if(NOT in_c MATCHES "KeSetEvent" OR NOT in_cxx MATCHES "PcNewPort" OR NOT in_cxx MATCHES "IMP_IMiniportMidi")
  message(FATAL_ERROR "${spec} is not read as it is written")
endif()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/surface_c.c @ONLY CONTENT [[
#include <ntddk.h>
#include <wdmsec.h>
#include <ntstrsafe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <ctype.h>
#include <math.h>
#include <conio.h>
@in_c@
]])
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/surface_cxx.cpp @ONLY CONTENT [[
#define PUT_GUIDS_HERE
#include <portcls.h>
#include <stdunk.h>
#include <ksdebug.h>
#include <dmusicks.h>
@in_cxx@
extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) { return STATUS_SUCCESS; }
]])
portico_add_driver(ddi_surface SOURCES ${CMAKE_CURRENT_BINARY_DIR}/surface_c.c ${CMAKE_CURRENT_BINARY_DIR}/surface_cxx.cpp)
