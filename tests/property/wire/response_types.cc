#include "property/wire/message_type_of.h"
#include "wire/api_list.h"

namespace milena::wire {

std::vector<MessageType> response_types() {
    std::vector<MessageType> types;
    Apis::for_each(
        [&]<class Entry>() { types.push_back(message_type_of<typename Entry::Response>(MessageKind::response)); });
    return types;
}

}  // namespace milena::wire
