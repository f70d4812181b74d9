# -DTRUNKLINE_SANITIZE=address (with UBSan) or thread. Measured: never above -O1, coroutine files take minutes there.
if(TRUNKLINE_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(TRUNKLINE_SANITIZE STREQUAL "thread")
  # Asio uses atomic_thread_fence, which g++ says it cannot follow under TSan.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  add_link_options(-fsanitize=thread)
elseif(TRUNKLINE_SANITIZE)
  message(FATAL_ERROR "TRUNKLINE_SANITIZE is '${TRUNKLINE_SANITIZE}'; it takes 'address' or 'thread'")
endif()
