// portico-build-driver, the tool that build systems call.
#pragma once

namespace portico::build {

int tool_main(int argc, char** argv);

}  // namespace portico::build
