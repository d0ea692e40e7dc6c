// `milena await FILE`: waits until a file has content. The whole work of a pod's init container, which waits until the
// operator has said in which rack the pod's node is; for an image without a shell.
#pragma once

#include <string>
#include <vector>

namespace milena {

// Ends with 0 also when the time is over: a broker without a rack is better than none.
int await_content(const std::vector<std::string>& arguments);

}  // namespace milena
