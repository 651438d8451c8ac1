# The Python package: the module lowfloat._core, and what is installed beside it.
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module ${SKBUILD_SABI_COMPONENT})

# lowfloat.h is public; vectors/*.h is declared to Python alone.
set(LF_HEADERS "${CMAKE_CURRENT_SOURCE_DIR}/include/lowfloat.h"
    "${CMAKE_CURRENT_SOURCE_DIR}/vectors/records.h" "${CMAKE_CURRENT_SOURCE_DIR}/vectors/cases.h")
add_custom_command(
  OUTPUT cdef.h
  COMMAND Python::Interpreter "${CMAKE_CURRENT_SOURCE_DIR}/make_cdef.py" ${LF_HEADERS} cdef.h
  DEPENDS make_cdef.py ${LF_HEADERS} VERBATIM)
add_custom_command(
  OUTPUT _core.c
  COMMAND Python::Interpreter -m cffi.gen_src read-sources lowfloat._core cdef.h
          "${CMAKE_CURRENT_SOURCE_DIR}/prelude.c" _core.c
  DEPENDS "${CMAKE_CURRENT_BINARY_DIR}/cdef.h" prelude.c VERBATIM)

if(NOT "${SKBUILD_SABI_VERSION}" STREQUAL "")
  python_add_library(_core MODULE USE_SABI ${SKBUILD_SABI_VERSION} WITH_SOABI _core.c)
else()
  python_add_library(_core MODULE WITH_SOABI _core.c)
  target_compile_definitions(_core PRIVATE _CFFI_NO_LIMITED_API)
endif()
target_link_libraries(_core PRIVATE lowfloat)
target_include_directories(_core PRIVATE vectors)
if(CMAKE_SYSTEM_NAME STREQUAL Linux)
  # A simulator may load this module and a liblowfloat.so of another version into one process.
  target_link_options(_core PRIVATE -Wl,--exclude-libs,ALL)
endif()

file(GLOB LF_SPEC CONFIGURE_DEPENDS ../spec/*.toml ../spec/*.md)
install(TARGETS _core DESTINATION lowfloat)
configure_file(lowfloat.pc.in lowfloat.pc @ONLY)
install(TARGETS lowfloat ARCHIVE DESTINATION lowfloat/lib)
install(TARGETS lowfloat_shared LIBRARY DESTINATION lowfloat/lib RUNTIME DESTINATION lowfloat/lib)
install(FILES include/lowfloat.h dpi/lowfloat_dpi.h DESTINATION lowfloat/include)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/lowfloat.pc" DESTINATION lowfloat/lib/pkgconfig)
install(FILES ${LF_SPEC} DESTINATION lowfloat/spec)
